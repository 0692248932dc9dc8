#pragma once
// Who is calling. A value: copied into the exchange, compared by identity(), to which sessions are
// bound. A caller may have shown several credentials, a token and an API key say; then all of them
// together are who it is.

#include <memory>
#include <optional>
#include <string>

#include "auth/token.h"
#include "json/value.h"

namespace auth {

// An API key as the configuration has it. Its text is nowhere.
class ApiKey {
 public:
  // `name` is what logs call it, `identity` tells it from all others. `metadata` is what rules see.
  ApiKey(std::string name, std::string identity, json::Document metadata)
      : name_(std::move(name)), identity_(std::move(identity)), metadata_(std::move(metadata)) {}

  const std::string& name() const { return name_; }
  const std::string& identity() const { return identity_; }
  // The values live as long as this.
  json::Value metadata() const { return metadata_.root(); }

 private:
  std::string name_;
  std::string identity_;
  json::Document metadata_;
};

// A user whose password was right.
class User {
 public:
  // `realm` is where that name means this user.
  User(std::string name, std::string_view realm);

  const std::string& name() const { return name_; }
  const std::string& identity() const { return identity_; }

 private:
  std::string name_;
  std::string identity_;
};

class Principal {
 public:
  enum class Kind { anonymous, jwt, api_key, user, several };

  // Nobody in particular.
  Principal() = default;
  // The caller whose credential this is. Never null.
  explicit Principal(std::shared_ptr<const Claims> claims) : claims_(std::move(claims)) {}
  explicit Principal(std::shared_ptr<const ApiKey> key) : key_(std::move(key)) {}
  explicit Principal(std::shared_ptr<const User> user) : user_(std::move(user)) {}

  // The caller has shown the other's credentials as well. Of two of a kind rules see the other's,
  // but both are part of who the caller is.
  void add(const Principal& other);

  Kind kind() const;
  bool is_anonymous() const { return !claims_ && !key_ && !user_; }

  // Empty without a token.
  std::string_view issuer() const {
    return claims_ ? std::string_view(claims_->issuer()) : std::string_view();
  }
  // Nothing without a token or if it names no subject.
  std::optional<std::string_view> subject() const {
    if (!claims_ || !claims_->subject()) return std::nullopt;
    return std::string_view(*claims_->subject());
  }
  // Each is null if the caller has shown none.
  const std::shared_ptr<const Claims>& claims() const { return claims_; }
  const std::shared_ptr<const ApiKey>& api_key() const { return key_; }
  const std::shared_ptr<const User>& user() const { return user_; }

  // The same for every request of one caller and different for any two callers; all anonymous
  // callers share one, which no credential can yield.
  std::string_view identity() const {
    if (together_) return *together_;
    if (claims_) return claims_->identity();
    if (key_) return key_->identity();
    if (user_) return user_->identity();
    return "anonymous";
  }

  bool operator==(const Principal& other) const { return identity() == other.identity(); }

 private:
  std::shared_ptr<const Claims> claims_;
  std::shared_ptr<const ApiKey> key_;
  std::shared_ptr<const User> user_;
  std::shared_ptr<const std::string> together_;  // the identity, if of several credentials
};

}  // namespace auth
