#pragma once
// Where a policy finds a caller's credential: `location` as settings, and reading and withholding
// what is there. Shared by all policies that authenticate.

#include <memory>
#include <optional>
#include <string>

#include "auth/location.h"
#include "cel/program.h"
#include "policy/build.h"
#include "policy/exchange.h"
#include "schema/schema.h"

namespace policy {

struct HeaderLocation {
  std::string name;
  std::optional<std::string> prefix;
  bool operator==(const HeaderLocation&) const = default;
};
void describe(schema::Object<HeaderLocation>& o);

struct NamedLocation {
  std::string name;
  bool operator==(const NamedLocation&) const = default;
};
void describe(schema::Object<NamedLocation>& o);

// Where a credential is put: exactly one of the three.
struct PlaceSettings {
  std::optional<HeaderLocation> header;
  std::optional<NamedLocation> query_parameter;
  std::optional<NamedLocation> cookie;
  bool operator==(const PlaceSettings&) const = default;

  auth::Location location() const;
};
void describe(schema::Object<PlaceSettings>& o);

// Where a credential is found: exactly one of the four.
struct LocationSettings {
  std::optional<HeaderLocation> header;
  std::optional<NamedLocation> query_parameter;
  std::optional<NamedLocation> cookie;
  std::optional<schema::Located<std::string>> expression;
  bool operator==(const LocationSettings&) const = default;
};
void describe(schema::Object<LocationSettings>& o);

class CredentialPlace {
 public:
  explicit CredentialPlace(auth::Location location)
      : location_(std::move(location)), is_bearer_(location_ == auth::Location::bearer()) {}
  CredentialPlace(std::shared_ptr<const cel::Program> expression,
                  const cel::Environment& environment)
      : expression_(std::move(expression)), environment_(&environment) {}

  // What the request has there. An expression that fails has found nothing; one that gives
  // something else than a text has found something malformed.
  auth::Credential read(Exchange& exchange) const;
  // Takes it off the request at once: it was judged.
  void remove(Exchange& exchange, const auth::Credential& found) const;
  // Lets other policies see it, but no upstream.
  void withhold(Exchange& exchange, const auth::Credential& found) const;

  bool is_expression() const { return expression_ != nullptr; }
  // In Authorization, as nearly always.
  bool is_bearer() const { return is_bearer_; }
  // Of no expression.
  const auth::Location& location() const { return location_; }

 private:
  auth::Location location_ = auth::Location::bearer();
  std::shared_ptr<const cel::Program> expression_;
  const cel::Environment* environment_ = nullptr;
  bool is_bearer_ = false;
};

// The place that is configured, or the default. Says what is wrong with it.
CredentialPlace make_place(const std::optional<LocationSettings>& settings,
                           const auth::Location& by_default, BuildContext& context);

}  // namespace policy
