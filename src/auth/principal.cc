#include "auth/principal.h"

#include "base/base64.h"
#include "crypto/digest.h"

namespace auth {
namespace {

// With its length in front, so that no two lists of texts look alike.
void append(std::string& text, std::string_view part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

std::string digest_of(const std::string& text) {
  return base::base64url_encode(crypto::view_of(crypto::sha256(text)));
}

std::string identity_of(std::string_view name, std::string_view realm) {
  std::string text;
  append(text, realm);
  append(text, name);
  return "user:" + digest_of(text);
}

}  // namespace

User::User(std::string name, std::string_view realm)
    : name_(std::move(name)), identity_(identity_of(name_, realm)) {}

Principal::Kind Principal::kind() const {
  if (together_) return Kind::several;
  if (claims_) return Kind::jwt;
  if (key_) return Kind::api_key;
  return user_ ? Kind::user : Kind::anonymous;
}

namespace {

template <class T>
bool is_known(const std::shared_ptr<const T>& ours, const std::shared_ptr<const T>& other) {
  return !other || (ours && ours->identity() == other->identity());
}

}  // namespace

void Principal::add(const Principal& other) {
  if (is_anonymous()) {
    *this = other;
    return;
  }
  const bool is_news = !is_known(claims_, other.claims_) || !is_known(key_, other.key_) ||
                       !is_known(user_, other.user_);
  if (is_news) {
    std::string text;
    append(text, identity());
    append(text, other.identity());
    together_ = std::make_shared<const std::string>("several:" + digest_of(text));
  }
  if (other.claims_) claims_ = other.claims_;
  if (other.key_) key_ = other.key_;
  if (other.user_) user_ = other.user_;
}

}  // namespace auth
