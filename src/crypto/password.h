#pragma once
// Passwords as htpasswd files hold them: bcrypt, {SHA} and $apr1$. Comparing is slow on purpose,
// bcrypt above all, and belongs on a thread of its own.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace crypto {

// Rounds of bcrypt are 2^cost; one of 15 takes about two seconds.
inline constexpr int bcrypt_cost_max = 15;
// More of a password is nobody's password.
inline constexpr std::size_t password_size_max = 256;

class PasswordHash {
 public:
  // Fault::bad_request, without the text, for one that is malformed, too slow to be checked
  // ("$2y$31$..."), in plain text or of another scheme.
  static Result<PasswordHash> parse(std::string_view text);

  // The same time for every wrong password. bcrypt looks at the first 72 bytes only.
  bool matches(const std::string& password) const;

 private:
  enum class Scheme { bcrypt, sha1, apr1 };
  PasswordHash(Scheme scheme, std::string text) : scheme_(scheme), text_(std::move(text)) {}

  Scheme scheme_;
  std::string text_;
};

}  // namespace crypto
