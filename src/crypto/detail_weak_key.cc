#include "crypto/detail_weak_key.h"

#include <algorithm>
#include <array>
#include <string>

#include "crypto/detail_openssl.h"

namespace crypto {
namespace {

// Small primes modulo which the powers of 65537 are not all remainders.
constexpr std::array<unsigned, 17> telling_primes{11, 13, 17,  19,  37,  53,  61,  71, 73,
                                                  79, 97, 103, 107, 109, 127, 151, 157};

bool is_power_of_65537(unsigned remainder, unsigned prime) {
  const unsigned base = 65537 % prime;
  unsigned power = 1;
  do {
    if (power == remainder) return true;
    power = power * base % prime;
  } while (power != 1);
  return false;
}

tl::unexpected<Error> bad_point(std::string why) {
  return failed(Fault::bad_request, std::move(why));
}

OwnedNumber from_hex(const char* digits) {
  BIGNUM* number = nullptr;
  BN_hex2bn(&number, digits);
  return OwnedNumber(number);
}

// 2^255 - 19, and d of RFC 8032, 5.1.
constexpr const char* field = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED";
constexpr const char* curve_d = "52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3";

// The y coordinates of the eight points whose order divides 8 (each but 1 and -1 has two of them).
constexpr std::array<const char*, 5> small_order_y{
    "0",
    "1",
    "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEC",
    "05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826",
    "7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7",
};

// RFC 8032, 5.1.3: x^2 = (y^2 - 1) / (d y^2 + 1) must be a square. The quotient of two numbers is
// one exactly if their product is.
bool has_x(const BIGNUM* y, const BIGNUM* p) {
  const OwnedNumber d = from_hex(curve_d);
  const OwnedNumber numerator(BN_new());
  const OwnedNumber denominator(BN_new());
  const Owned<BN_CTX, BN_CTX_free> scratch(BN_CTX_new());
  return d && numerator && denominator && scratch &&
         BN_mod_sqr(numerator.get(), y, p, scratch.get()) == 1 &&
         BN_mod_mul(denominator.get(), d.get(), numerator.get(), p, scratch.get()) == 1 &&
         BN_add_word(denominator.get(), 1) == 1 && BN_sub_word(numerator.get(), 1) == 1 &&
         BN_mod_mul(numerator.get(), numerator.get(), denominator.get(), p, scratch.get()) == 1 &&
         BN_kronecker(numerator.get(), p, scratch.get()) == 1;
}

}  // namespace

bool has_roca_fingerprint(const BIGNUM* modulus) {
  return std::ranges::all_of(telling_primes, [modulus](unsigned prime) {
    return is_power_of_65537(static_cast<unsigned>(BN_mod_word(modulus, prime)), prime);
  });
}

Result<> check_ed25519_point(std::string_view encoded) {
  const ErrorQueueGuard guard;
  std::string bytes(encoded);
  bytes.back() = static_cast<char>(static_cast<unsigned char>(bytes.back()) & 0x7fU);  // x's sign
  const OwnedNumber y(BN_lebin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr));
  const OwnedNumber p = from_hex(field);
  if (!y || !p) return failed(Fault::internal, "no memory for a number");
  if (BN_cmp(y.get(), p.get()) >= 0) return bad_point("not the shortest encoding of a point");
  for (const char* digits : small_order_y) {
    const OwnedNumber small = from_hex(digits);
    if (!small || BN_cmp(y.get(), small.get()) == 0) {
      return bad_point("a point of small order, for which anybody can sign");
    }
  }
  if (!has_x(y.get(), p.get())) return bad_point("the point is not on Ed25519");
  return {};
}

}  // namespace crypto
