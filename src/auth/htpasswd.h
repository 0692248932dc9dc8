#pragma once
// Users and their password hashes, as htpasswd writes them: `name:hash` a line, `#` begins a
// comment.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/password.h"

namespace auth {

inline constexpr std::size_t htpasswd_size_max = std::size_t{1} << 20;
inline constexpr std::size_t htpasswd_users_max = 10'000;

class Htpasswd {
 public:
  // Fault::bad_request names the line and what is wrong with it, never a hash.
  static Result<Htpasswd> parse(std::string_view text);

  // Null if there is no such user.
  const crypto::PasswordHash* find(std::string_view name) const;
  // The hash of some user, always the same one for a name: comparing an unknown user's password
  // with it takes as long as a known one's might. Null only if there are no users.
  const crypto::PasswordHash* decoy(std::string_view name) const;
  std::size_t size() const { return hashes_.size(); }
  // Of the whole text: what was found right under another one is no longer.
  const crypto::Sha256& digest() const { return digest_; }

 private:
  Htpasswd() = default;
  Result<> add(std::string_view line);

  std::vector<crypto::PasswordHash> hashes_;
  std::unordered_map<std::string, std::size_t> index_;
  crypto::Sha256 digest_{};
};

}  // namespace auth
