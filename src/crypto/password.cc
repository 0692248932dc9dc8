#include "crypto/password.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <crypt.h>

#include "base/base64.h"
#include "base/text.h"
#include "crypto/detail_openssl.h"
#include "crypto/digest.h"

namespace crypto {
namespace {

constexpr std::string_view crypt_alphabet =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool is_of_crypt_alphabet(std::string_view text) {
  return text.find_first_not_of(crypt_alphabet) == std::string_view::npos;
}

// "$2y$10$" and 53 characters.
bool is_bcrypt(std::string_view text) {
  constexpr std::size_t prefix = 7;
  constexpr std::size_t size = 60;
  return text.size() == size && text[0] == '$' && text[1] == '2' && text[3] == '$' &&
         (text[2] == 'a' || text[2] == 'b' || text[2] == 'y') && base::is_digit(text[4]) &&
         base::is_digit(text[5]) && text[6] == '$' && is_of_crypt_alphabet(text.substr(prefix));
}

constexpr std::string_view sha1_prefix = "{SHA}";
constexpr std::string_view apr1_prefix = "$apr1$";
constexpr std::size_t sha1_size = 20;
constexpr std::size_t apr1_salt_max = 8;
constexpr std::size_t apr1_digest_size = 22;

bool is_apr1(std::string_view text) {
  if (!text.starts_with(apr1_prefix)) return false;
  const std::string_view rest = text.substr(apr1_prefix.size());
  const std::size_t end = rest.find('$');
  return end <= apr1_salt_max && rest.size() - end - 1 == apr1_digest_size &&
         is_of_crypt_alphabet(rest.substr(end + 1));
}

std::string digest(const EVP_MD* kind, std::string_view text) {
  const ErrorQueueGuard errors;
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, kind, nullptr) != 1) return {};
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string md5(std::string_view text) {
  return digest(EVP_md5(), text);
}

// The first text of Apache's variant of the md5 crypt, from which its rounds start.
std::string apr1_seed(const std::string& password, std::string_view salt) {
  const std::string inner = md5(password + std::string(salt) + password);
  if (inner.empty()) return {};
  std::string text = password + std::string(apr1_prefix) + std::string(salt);
  for (std::size_t left = password.size(); left > 0; left -= std::min(left, inner.size())) {
    text += inner.substr(0, left);
  }
  for (std::size_t bits = password.size(); bits > 0; bits >>= 1) {
    text += (bits & 1) != 0 ? '\0' : password[0];
  }
  return md5(text);
}

// 16 bytes in groups of three that Apache chose, six bits a character.
std::string apr1_text(const std::string& bytes) {
  constexpr std::array<std::array<std::size_t, 3>, 5> groups{
      {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}}};
  const auto octet = [&](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes.at(index)));
  };
  std::string text;
  const auto append = [&](std::uint32_t value, int characters) {
    for (; characters > 0; --characters, value >>= 6) text += crypt_alphabet[value & 63];
  };
  for (const auto& [a, b, c] : groups) append(octet(a) << 16 | octet(b) << 8 | octet(c), 4);
  append(octet(11), 2);
  return text;
}

// Empty if the digest is not to be had, which is nobody's.
std::string apr1(const std::string& password, std::string_view salt) {
  constexpr int rounds = 1000;
  std::string state = apr1_seed(password, salt);
  for (int i = 0; i < rounds && !state.empty(); ++i) {
    std::string text = i % 2 != 0 ? password : state;
    if (i % 3 != 0) text += salt;
    if (i % 7 != 0) text += password;
    text += i % 2 != 0 ? state : password;
    state = md5(text);
  }
  return state.empty() ? std::string() : apr1_text(state);
}

std::string bcrypt(const std::string& password, const std::string& setting) {
  const auto memory = std::make_unique<crypt_data>();
  const char* made = crypt_r(password.c_str(), setting.c_str(), memory.get());
  std::string text = made != nullptr ? made : "";
  OPENSSL_cleanse(memory.get(), sizeof(crypt_data));
  return text;
}

// Empty if there is none.
std::string fault_of_bcrypt(std::string_view text) {
  if (!is_bcrypt(text)) return "malformed bcrypt hash";
  const int cost = (text[4] - '0') * 10 + (text[5] - '0');
  if (cost < 4) return "malformed bcrypt hash";
  if (cost <= bcrypt_cost_max) return "";
  return "bcrypt of cost " + std::to_string(cost) + " takes too long; at most " +
         std::to_string(bcrypt_cost_max);
}

}  // namespace

Result<PasswordHash> PasswordHash::parse(std::string_view text) {
  if (text.starts_with("$2")) {
    const std::string wrong = fault_of_bcrypt(text);
    if (!wrong.empty()) return failed(Fault::bad_request, wrong);
    return PasswordHash(Scheme::bcrypt, std::string(text));
  }
  if (text.starts_with(sha1_prefix)) {
    const auto bytes = base::base64_decode(text.substr(sha1_prefix.size()));
    if (!bytes || bytes->size() != sha1_size) {
      return failed(Fault::bad_request, "malformed {SHA} hash");
    }
    return PasswordHash(Scheme::sha1, *bytes);
  }
  if (text.starts_with(apr1_prefix)) {
    if (!is_apr1(text)) return failed(Fault::bad_request, "malformed $apr1$ hash");
    return PasswordHash(Scheme::apr1, std::string(text));
  }
  return failed(Fault::bad_request,
                text.starts_with("$") || text.starts_with("{")
                    ? "unknown scheme; use bcrypt (htpasswd -B)"
                    : "passwords in plain text or by DES are not accepted; use bcrypt "
                      "(htpasswd -B)");
}

bool PasswordHash::matches(const std::string& password) const {
  if (password.size() > password_size_max || password.find('\0') != std::string::npos) return false;
  switch (scheme_) {
    case Scheme::bcrypt:
      return equal_in_constant_time(bcrypt(password, text_), text_);
    case Scheme::sha1:
      return equal_in_constant_time(digest(EVP_sha1(), password), text_);
    case Scheme::apr1: {
      const std::string_view rest = std::string_view(text_).substr(apr1_prefix.size());
      const std::size_t end = rest.find('$');
      return equal_in_constant_time(apr1(password, rest.substr(0, end)), rest.substr(end + 1));
    }
  }
  return false;
}

}  // namespace crypto
