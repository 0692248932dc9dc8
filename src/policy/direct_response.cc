#include "policy/direct_response.h"

namespace policy {

void describe(schema::Object<DirectResponseSettings>& o) {
  o.field("status", &DirectResponseSettings::status, "HTTP status, 200 to 599.").required();
  o.field("body", &DirectResponseSettings::body, "Text of the answer.");
  o.not_supported("bodyExpression", "A CEL expression that makes the body.");
  o.not_supported("headers", "Header fields made by CEL expressions.");
  o.not_supported("conditional", "Several answers with conditions.");
  o.check([](const DirectResponseSettings& s) -> std::string {
    return s.status >= 200 && s.status <= 599 ? "" : "status must be between 200 and 599";
  });
}

namespace {

class DirectResponse final : public Policy {
 public:
  explicit DirectResponse(DirectResponseSettings settings) : settings_(std::move(settings)) {}
  Verdict decide(Exchange& exchange) const override {
    exchange.record.reason = Reason::direct_response;
    http::Response response(settings_.status);
    if (!settings_.body.empty()) {
      response.headers.set("content-type", "text/plain; charset=utf-8");
      response.body = http::Body(settings_.body);
    }
    return response;
  }

 private:
  DirectResponseSettings settings_;
};

}  // namespace

std::unique_ptr<const Policy> make_direct_response(const DirectResponseSettings& settings,
                                                   BuildContext&) {
  return std::make_unique<DirectResponse>(settings);
}

}  // namespace policy
