#include "policy/credential.h"

namespace policy {

void describe(schema::Object<HeaderLocation>& o) {
  o.field("name", &HeaderLocation::name, "Name of the header field.").required();
  o.field("prefix", &HeaderLocation::prefix,
          "What stands before the credential, such as `Bearer `; compared without case.");
}

void describe(schema::Object<NamedLocation>& o) {
  o.field("name", &NamedLocation::name, "Its name.").required();
}

namespace {

template <class Settings>
void describe_places(schema::Object<Settings>& o) {
  o.field("header", &Settings::header, "A header field.");
  o.field("queryParameter", &Settings::query_parameter, "A parameter of the query.");
  o.field("cookie", &Settings::cookie, "A cookie.");
}

auth::Location location_of(const std::optional<HeaderLocation>& header,
                           const std::optional<NamedLocation>& query_parameter,
                           const std::optional<NamedLocation>& cookie) {
  if (header) return auth::Location::header(header->name, header->prefix.value_or(""));
  if (query_parameter) return auth::Location::query_parameter(query_parameter->name);
  return auth::Location::cookie(cookie ? cookie->name : "");
}

}  // namespace

auth::Location PlaceSettings::location() const {
  return location_of(header, query_parameter, cookie);
}

void describe(schema::Object<PlaceSettings>& o) {
  describe_places(o);
  o.exactly_one_of({"header", "queryParameter", "cookie"});
  o.check([](const PlaceSettings& s) { return auth::fault_of(s.location()); });
}

void describe(schema::Object<LocationSettings>& o) {
  o.doc(
      "Where the caller's credential is. A request that has it twice is refused. No upstream gets "
      "it.");
  describe_places(o);
  o.field("expression", &LocationSettings::expression,
          "A CEL expression of the request that gives the credential. Every header field, "
          "parameter and cookie that holds its text is kept from the upstream.")
      .format("CEL");
  o.exactly_one_of({"header", "queryParameter", "cookie", "expression"});
  o.check([](const LocationSettings& s) -> std::string {
    if (s.expression) return "";
    return auth::fault_of(location_of(s.header, s.query_parameter, s.cookie));
  });
}

auth::Credential CredentialPlace::read(Exchange& exchange) const {
  if (!expression_) return auth::read(exchange.request(), location_);
  cel::Context& context = exchange.rules(*environment_);
  context.set_phase(cel::Phase::request_head);
  const cel::Value value = expression_->evaluate(context);
  if (value.is_error() || value.is_null()) return auth::Credential();
  if (!value.is(cel::Kind::string)) return auth::Credential(auth::Credential::Kind::malformed);
  if (value.as_string().empty()) return auth::Credential();
  return auth::Credential(std::string(value.as_string()));
}

void CredentialPlace::remove(Exchange& exchange, const auth::Credential& found) const {
  if (expression_) {
    auth::remove_text(exchange.change_request(), found.value);
  } else {
    auth::remove(exchange.change_request(), location_);
  }
}

void CredentialPlace::withhold(Exchange& exchange, const auth::Credential& found) const {
  exchange.withhold(expression_ ? nullptr : &location_, found.value);
}

CredentialPlace make_place(const std::optional<LocationSettings>& settings,
                           const auth::Location& by_default, BuildContext& context) {
  if (!settings) return CredentialPlace(by_default);
  if (!settings->expression) {
    return CredentialPlace(
        location_of(settings->header, settings->query_parameter, settings->cookie));
  }
  cel::CompileOptions options;
  options.phase = cel::Phase::request_head;
  options.is_rule = false;
  cel::Compiled compiled = cel::compile(**settings->expression, context.environment(), options);
  for (const cel::Problem& problem : compiled.problems) {
    context.say(problem, *settings->expression, "location.expression");
  }
  if (!compiled.ok()) return CredentialPlace(by_default);
  if (compiled.type != "string" && compiled.type != "dyn") {
    context.fail("the expression of `location` must give a string, not " + compiled.type);
  }
  return CredentialPlace(std::make_shared<const cel::Program>(std::move(*compiled.program)),
                         context.environment());
}

}  // namespace policy
