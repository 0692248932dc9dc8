// Digests in lower-case hexadecimal, and what is random.

#include <array>
#include <random>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "cel/detail_library.h"

namespace cel {
namespace {

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4U];
    text += digits[bytes[i] & 15U];
  }
  return text;
}

Value digest(Evaluation& evaluation, Arguments arguments, const EVP_MD* kind) {
  const std::string_view text = arguments[0].text();
  if (!evaluation.spend(text.size() / 8)) return evaluation.out_of_fuel();
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, kind, nullptr) != 1) {
    return bad_argument(evaluation, "the digest is not available");
  }
  return evaluation.string(hexadecimal(bytes.data(), size));
}

Value sha1(Evaluation& evaluation, Arguments arguments) {
  return digest(evaluation, arguments, EVP_sha1());
}
Value sha256(Evaluation& evaluation, Arguments arguments) {
  return digest(evaluation, arguments, EVP_sha256());
}
Value md5(Evaluation& evaluation, Arguments arguments) {
  return digest(evaluation, arguments, EVP_md5());
}

// From 0 to 1; for sampling, not for secrets.
Value random_number(Evaluation&, Arguments) {
  static thread_local std::mt19937_64 generator{std::random_device{}()};
  return Value::of_double(std::uniform_real_distribution<double>(0, 1)(generator));
}

// RFC 9562, version 4.
Value uuid(Evaluation& evaluation, Arguments) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return bad_argument(evaluation, "no random numbers are available");
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string text = hexadecimal(bytes.data(), bytes.size());
  for (const std::size_t place : {8U, 13U, 18U, 23U}) text.insert(place, "-");
  return evaluation.string(text);
}

constexpr std::array table{
    Overload{"sha1.encode", "(string) -> string", sha1},
    Overload{"sha1.encode", "(bytes) -> string", sha1},
    Overload{"sha256.encode", "(string) -> string", sha256},
    Overload{"sha256.encode", "(bytes) -> string", sha256},
    Overload{"md5.encode", "(string) -> string", md5},
    Overload{"md5.encode", "(bytes) -> string", md5},
    Overload{"random", "() -> double", random_number, Purity::volatile_},
    Overload{"uuid", "() -> string", uuid, Purity::volatile_},
};

}  // namespace

std::span<const Overload> digest_functions() {
  return table;
}

}  // namespace cel
