#pragma once
// Who is calling. A value: copied into the exchange, compared by identity(), to which sessions are
// bound.

#include <memory>
#include <string>

#include "auth/token.h"

namespace auth {

class Principal {
 public:
  enum class Kind { anonymous, jwt };

  // Nobody in particular.
  Principal() = default;
  // The caller whose token these claims are. Never null.
  explicit Principal(std::shared_ptr<const Claims> claims) : claims_(std::move(claims)) {}

  Kind kind() const { return claims_ ? Kind::jwt : Kind::anonymous; }
  bool is_anonymous() const { return !claims_; }

  // Empty if anonymous.
  std::string_view issuer() const {
    return claims_ ? std::string_view(claims_->issuer()) : std::string_view();
  }
  // Nothing if anonymous or if the token names no subject.
  std::optional<std::string_view> subject() const {
    if (!claims_ || !claims_->subject()) return std::nullopt;
    return std::string_view(*claims_->subject());
  }
  // Null if anonymous.
  const std::shared_ptr<const Claims>& claims() const { return claims_; }

  // The same for every request of one caller and different for any two callers; all anonymous
  // callers share one, which no token can yield.
  std::string_view identity() const {
    return claims_ ? std::string_view(claims_->identity()) : std::string_view("anonymous");
  }

  bool operator==(const Principal& other) const { return identity() == other.identity(); }

 private:
  std::shared_ptr<const Claims> claims_;
};

}  // namespace auth
