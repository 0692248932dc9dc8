#include "policy/header_modifier.h"

#include <algorithm>

#include "base/text.h"

namespace policy {

void describe(schema::Object<HeaderModifierSettings>& o) {
  o.field("add", &HeaderModifierSettings::add, "Fields to add beside those that are there.");
  o.field("set", &HeaderModifierSettings::set, "Fields to replace or add.");
  o.field("remove", &HeaderModifierSettings::remove, "Names of fields to remove.");
}

namespace {

// The message's own framing, which only the writer of the message may say.
constexpr std::string_view framing[] = {
    "content-length", "transfer-encoding", "connection", "host", "upgrade", "te", "trailer"};

void check_name(const std::string& name, BuildContext& context) {
  const bool is_token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return base::is_alnum(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
  if (!is_token) context.fail("`" + name + "` is no valid header name");
  if (std::find(std::begin(framing), std::end(framing), base::to_lower(name)) !=
      std::end(framing)) {
    context.fail("`" + name + "` belongs to the message's framing and cannot be changed");
  }
}

void check(const HeaderModifierSettings& settings, BuildContext& context) {
  for (const auto* fields : {&settings.add, &settings.set}) {
    for (const auto& [name, value] : *fields) {
      check_name(name, context);
      context.check_header_value(name, value);
    }
  }
  for (const std::string& name : settings.remove) check_name(name, context);
}

void modify(const HeaderModifierSettings& settings, http::Headers& headers) {
  for (const std::string& name : settings.remove) headers.remove(name);
  for (const auto& [name, value] : settings.set) headers.set(name, value);
  for (const auto& [name, value] : settings.add) headers.add(name, value);
}

class RequestHeaderModifier final : public Policy {
 public:
  explicit RequestHeaderModifier(HeaderModifierSettings settings)
      : settings_(std::move(settings)) {}
  Verdict decide(Exchange& exchange) const override {
    exchange.drop_withheld();  // not what is set here
    modify(settings_, exchange.change_request().headers);
    return pass;
  }

 private:
  HeaderModifierSettings settings_;
};

class ResponseHeaderModifier final : public Policy {
 public:
  explicit ResponseHeaderModifier(HeaderModifierSettings settings)
      : settings_(std::move(settings)) {}
  void on_response(Exchange&, http::Response& response) const override {
    modify(settings_, response.headers);
  }

 private:
  HeaderModifierSettings settings_;
};

}  // namespace

std::unique_ptr<const Policy> make_request_header_modifier(const HeaderModifierSettings& settings,
                                                           BuildContext& context) {
  check(settings, context);
  return std::make_unique<RequestHeaderModifier>(settings);
}

std::unique_ptr<const Policy> make_response_header_modifier(const HeaderModifierSettings& settings,
                                                            BuildContext& context) {
  check(settings, context);
  return std::make_unique<ResponseHeaderModifier>(settings);
}

}  // namespace policy
