#pragma once
// Tokens that anybody may have, because their key is public: offered in the playground as long as
// the running configuration accepts them.

#include <string>
#include <vector>

#include "auth/key_store.h"
#include "base/clock.h"
#include "config/file.h"

namespace admin {

struct DemoToken {
  std::string name;  // "example1"
  std::string token;
  std::string about;
};

// Those of `tokens` that some route's policy accepts now.
std::vector<DemoToken> accepted_tokens(const std::vector<DemoToken>& tokens,
                                       const config::File& file, auth::KeyStore& keys,
                                       WallTime now);

}  // namespace admin
