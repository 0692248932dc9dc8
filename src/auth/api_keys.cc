#include "auth/api_keys.h"

#include <cstring>

#include "base/base64.h"
#include "base/text.h"

namespace auth {
namespace {

// -1 if it is none.
int digit_of(char c) {
  if (base::is_digit(c)) return c - '0';
  const char small = base::lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

}  // namespace

std::size_t ApiKeys::Spread::operator()(const crypto::Sha256& digest) const {
  std::size_t spread = 0;
  std::memcpy(&spread, digest.data(), sizeof(spread));
  return spread;
}

crypto::Sha256 ApiKeys::masked(const crypto::Sha256& digest) const {
  return crypto::sha256(secret_, crypto::view_of(digest));
}

bool ApiKeys::add(const crypto::Sha256& digest, std::shared_ptr<const ApiKey> key) {
  return keys_.emplace(masked(digest), std::move(key)).second;
}

const std::shared_ptr<const ApiKey>* ApiKeys::find(std::string_view text) const {
  const auto found = keys_.find(masked(crypto::sha256(text)));
  return found == keys_.end() ? nullptr : &found->second;
}

std::optional<crypto::Sha256> read_key_hash(std::string_view text) {
  constexpr std::string_view scheme = "sha256:";
  crypto::Sha256 digest{};
  if (!text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  if (text.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = digit_of(text[2 * i]);
    const int low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest.at(i) = static_cast<std::uint8_t>(16 * high + low);
  }
  return digest;
}

std::string identity_of_key(const crypto::Sha256& digest) {
  return "key:" + base::base64url_encode(
                      crypto::view_of(crypto::sha256("identity of key ", crypto::view_of(digest))));
}

}  // namespace auth
