#include "policy/cors.h"

#include <algorithm>

#include "base/text.h"
#include "base/uri.h"

namespace policy {

void describe(schema::Object<CorsSettings>& o) {
  o.field("allowOrigins", &CorsSettings::allow_origins,
          "Origins that may call: `https://host[:port]`, `https://*.domain`, or `*` for any.");
  o.field("allowMethods", &CorsSettings::allow_methods,
          "Methods a page may use; `*` allows what it asks for.");
  o.field("allowHeaders", &CorsSettings::allow_headers,
          "Request headers a page may send; `*` allows what it asks for.");
  o.field("exposeHeaders", &CorsSettings::expose_headers,
          "Response headers a page may read, such as `Mcp-Session-Id`.");
  o.field("allowCredentials", &CorsSettings::allow_credentials,
          "Lets pages send cookies. Ignored for origins that only `*` allows.");
  o.field("maxAge", &CorsSettings::max_age,
          "How long a browser may keep the answer to a preflight.");
}

namespace {

bool origin_fits(std::string_view pattern, std::string_view origin) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return base::equal_ignoring_case(pattern, origin);
  const std::string_view before = pattern.substr(0, star);
  const std::string_view after = pattern.substr(star + 1);
  if (origin.size() <= before.size() + after.size()) return false;
  const std::string_view middle =
      origin.substr(before.size(), origin.size() - before.size() - after.size());
  // The star stands for host labels or a port; anything else would let it cross into another part
  // of the origin.
  const auto is_of_name = [](char c) {
    return base::is_alnum(c) || c == '-' || c == '.' || c == '_';
  };
  return base::starts_with_ignoring_case(origin, before) &&
         base::equal_ignoring_case(origin.substr(origin.size() - after.size()), after) &&
         std::ranges::all_of(middle, is_of_name) && Uri::parse(origin);
}

class Cors final : public Policy {
 public:
  explicit Cors(CorsSettings settings)
      : settings_(std::move(settings)),
        methods_(base::join(settings_.allow_methods, ", ")),
        headers_(base::join(settings_.allow_headers, ", ")),
        exposed_(base::join(settings_.expose_headers, ", ")) {}

  Verdict decide(Exchange& exchange) const override {
    const http::Request& request = exchange.request();
    const std::optional<std::string_view> origin = request.headers.find("origin");
    if (!origin) return pass;
    exchange.origin = std::string(*origin);
    exchange.is_origin_permitted = permits_origin(settings_, *origin);
    if (request.method != "OPTIONS") return pass;
    http::Response response(200);
    if (exchange.is_origin_permitted) answer_preflight(request, response);
    exchange.record.reason = Reason::direct_response;
    return response;
  }

  void on_response(Exchange& exchange, http::Response& response) const override {
    // What an upstream says about origins is about its own; the browser talks to us.
    for (const std::string_view name :
         {"access-control-allow-origin", "access-control-allow-credentials",
          "access-control-expose-headers"}) {
      response.headers.remove(name);
    }
    response.headers.add("vary", "Origin");
    if (exchange.origin.empty() || !exchange.is_origin_permitted) return;
    response.headers.set("access-control-allow-origin", exchange.origin);
    if (may_send_credentials(exchange.origin)) {
      response.headers.set("access-control-allow-credentials", "true");
    }
    if (!exposed_.empty()) response.headers.set("access-control-expose-headers", exposed_);
  }

 private:
  // `*` and credentials together would let every page on the web act as the user.
  bool may_send_credentials(std::string_view origin) const {
    if (!settings_.allow_credentials) return false;
    return std::any_of(settings_.allow_origins.begin(), settings_.allow_origins.end(),
                       [&](const std::string& o) { return o != "*" && origin_fits(o, origin); });
  }

  void answer_preflight(const http::Request& request, http::Response& response) const {
    echo(request, response, "access-control-request-method", "access-control-allow-methods",
         methods_);
    echo(request, response, "access-control-request-headers", "access-control-allow-headers",
         headers_);
    if (settings_.max_age) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*settings_.max_age);
      response.headers.set("access-control-max-age", std::to_string(seconds.count()));
    }
  }

  // With `*` the answer repeats what was asked for: the literal `*` does not cover Authorization.
  static void echo(const http::Request& request, http::Response& response, std::string_view asked,
                   std::string_view allowed, const std::string& list) {
    if (list.empty()) return;
    if (list != "*") {
      response.headers.set(allowed, list);
      return;
    }
    if (const auto wanted = request.headers.find(asked)) response.headers.set(allowed, *wanted);
  }

  CorsSettings settings_;
  std::string methods_;
  std::string headers_;
  std::string exposed_;
};

}  // namespace

bool permits_origin(const CorsSettings& settings, std::string_view origin) {
  return std::any_of(settings.allow_origins.begin(), settings.allow_origins.end(),
                     [&](const std::string& o) { return o == "*" || origin_fits(o, origin); });
}

std::unique_ptr<const Policy> make_cors(const CorsSettings& settings, BuildContext& context) {
  for (const auto* list : {&settings.allow_origins, &settings.allow_methods,
                           &settings.allow_headers, &settings.expose_headers}) {
    for (const std::string& value : *list) context.check_header_value("cors", value);
  }
  const auto& origins = settings.allow_origins;
  if (settings.allow_credentials &&
      std::find(origins.begin(), origins.end(), "*") != origins.end()) {
    context.warn(
        "allowOrigins `*` together with allowCredentials: no credentials header is sent to "
        "origins that only `*` allows");
  }
  return std::make_unique<Cors>(settings);
}

}  // namespace policy
