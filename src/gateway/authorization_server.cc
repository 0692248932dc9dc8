#include "gateway/authorization_server.h"

#include "gateway/refuse.h"
#include "http/fetch.h"
#include "http/media_type.h"

namespace gateway {
namespace {

using Part = ServerPlace::Part;

constexpr std::size_t form_bytes_max = std::size_t{64} * 1024;
constexpr auto form_within = std::chrono::seconds(10);

struct Ending {
  std::string_view text;
  Part part;
};
constexpr Ending endings[] = {{"/client-registration", Part::registration},
                              {"/authorize", Part::authorize},
                              {"/token", Part::token}};

// One of the few requests that are passed on at once; nobody who makes them is known.
class Passage {
 public:
  explicit Passage(Core& core) : core_(core), is_open_(core.passages() < passages_max) {
    if (is_open_) ++core_.passages();
  }
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;
  ~Passage() {
    if (is_open_) --core_.passages();
  }
  bool is_open() const { return is_open_; }

 private:
  static constexpr std::size_t passages_max = 16;
  Core& core_;
  bool is_open_;
};

class Service {
 public:
  Service(Core& core, const policy::ProtectedResource& resource, policy::Exchange& exchange,
          Uri identifier)
      : core_(core),
        provider_(*resource.provider()),
        exchange_(exchange),
        identifier_(std::move(identifier)) {}

  Task<http::Response> metadata() {
    auto text = co_await core_.documents().get(provider_.metadata_address());
    if (!text) co_return refuse_upstream(text.error());
    const auto document = json::Document::parse(**text);
    if (!document) co_return refuse_upstream(document.error());
    const std::string base = policy::well_known(identifier_, policy::authorization_server_name);
    auto adapted = provider_.adapt(document->root(), policy::name_of(identifier_), base);
    if (!adapted) co_return refuse_upstream(adapted.error());
    co_return open_to_all(http::Response(200, "application/json", std::move(*adapted)));
  }

  Task<http::Response> registration() {
    if (!has_type("application/json")) co_return refuse_openly(exchange_, 415, "send JSON");
    auto text = co_await body();
    if (!text) co_return open_to_all(refuse(exchange_, text.error()));
    const auto request = json::Document::parse(*text);
    if (!request || !request->root().is_object()) {
      co_return refuse_openly(exchange_, 400, "the registration is no JSON object");
    }
    if (provider_.client_id()) {
      std::string registered = provider_.registered(request->root());
      co_return open_to_all(http::Response(201, "application/json", std::move(registered)));
    }
    if (!provider_.registration_address()) co_return refuse_openly(exchange_, 404, "not found");
    http::FetchRequest passed(*provider_.registration_address(),
                              http::AddressOrigin::configuration);
    passed.form = std::move(*text);
    passed.content_type = "application/json";
    co_return co_await pass_on(std::move(passed));
  }

  http::Response authorize() {
    http::Response response(302);
    response.headers.set("location", provider_.authorize_address(exchange_.request().query()));
    return response;
  }

  Task<http::Response> token() {
    if (!has_type("application/x-www-form-urlencoded")) {
      co_return refuse_openly(exchange_, 415, "send a form");
    }
    const std::string credentials(
        exchange_.request().headers.find("authorization").value_or(std::string_view()));
    auto form = co_await body();
    if (!form) co_return open_to_all(refuse(exchange_, form.error()));
    http::FetchRequest passed(provider_.token_address(), http::AddressOrigin::configuration);
    passed.form = provider_.token_form(*form, !credentials.empty());
    passed.authorization = credentials;
    co_return co_await pass_on(std::move(passed));
  }

 private:
  bool has_type(std::string_view wanted) const {
    const auto value = exchange_.request().headers.find("content-type");
    if (!value) return false;
    const auto type = http::MediaType::parse(*value);
    return type && type->essence() == wanted;
  }

  Task<Result<std::string>> body() {
    const Deadline deadline = Deadline::in(core_.loop().now(), form_within);
    http::Body& body = exchange_.change_request().body;
    co_return co_await body.read_all(form_bytes_max, deadline);
  }

  Task<http::Response> pass_on(http::FetchRequest request) {
    const Passage passage(core_);
    if (!passage.is_open()) {
      co_return refuse_openly(exchange_, 503, "too many of these at once");
    }
    const Deadline deadline = Deadline::in(core_.loop().now(), http::fetch_within);
    auto answer = co_await http::fetch(core_.pool(), std::move(request), deadline);
    if (!answer) co_return refuse_upstream(answer.error());
    // Nothing of its head but the type: cookies and the like would be set in our name.
    const std::string type(answer->headers.find("content-type").value_or("application/json"));
    http::Response response(answer->status, type, answer->body.text());
    response.headers.set("cache-control", "no-store");
    co_return open_to_all(std::move(response));
  }

  http::Response refuse_upstream(const Error& error) {
    exchange_.record.reason = policy::Reason::upstream_failure;
    exchange_.record.error = "authorization server: " + error.why();
    return open_to_all(http::Response(502, "text/plain; charset=utf-8",
                                      "the authorization server cannot be asked"));
  }

  Core& core_;
  const policy::IdentityProvider& provider_;
  policy::Exchange& exchange_;
  const Uri identifier_;
};

// What may be done at that place; empty if there is no such place.
std::string_view methods_of(const ServerPlace& place, const policy::IdentityProvider& provider) {
  switch (place.part()) {
    case Part::metadata:
      return "GET, HEAD, OPTIONS";
    case Part::registration:
      return provider.is_adapted() ? "POST, OPTIONS" : "";
    case Part::authorize:
      return provider.is_entra() ? "GET, HEAD, OPTIONS" : "";
    case Part::token:
      return provider.is_entra() ? "POST, OPTIONS" : "";
  }
  return "";
}

}  // namespace

ServerPlace::ServerPlace(std::string_view path) {
  for (const Ending& ending : endings) {
    if (!path.ends_with(ending.text)) continue;
    part_ = ending.part;
    path.remove_suffix(ending.text.size());
    break;
  }
  path_ = std::string(path);
}

Task<http::Response> serve_authorization_server(Core& core,
                                                const policy::ProtectedResource& resource,
                                                const ServerPlace& place,
                                                policy::Exchange& exchange) {
  const std::string_view allowed = methods_of(place, *resource.provider());
  if (allowed.empty()) co_return refuse_openly(exchange, 404, "route not found");
  const std::string method = exchange.request().method;
  if (allowed.find(method) == std::string_view::npos) co_return refuse_method(exchange, allowed);
  if (method == "OPTIONS") co_return open_to_all(http::Response(204));
  const std::string path(place.path().empty() ? "/" : place.path());
  auto identifier = resource.identifier(exchange, path);
  if (!identifier) {
    exchange.record.error = "the host of the request is none that the resource may be called by";
    co_return refuse_openly(exchange, 404, "route not found");
  }
  Service service(core, resource, exchange, std::move(*identifier));
  switch (place.part()) {
    case Part::metadata:
      co_return co_await service.metadata();
    case Part::registration:
      co_return co_await service.registration();
    case Part::authorize:
      co_return service.authorize();
    case Part::token:
      co_return co_await service.token();
  }
  co_return refuse_openly(exchange, 404, "route not found");
}

http::Response open_to_all(http::Response response) {
  response.headers.set("access-control-allow-origin", "*");
  response.headers.set("access-control-allow-methods", "GET, POST, OPTIONS");
  response.headers.set("access-control-allow-headers",
                       "authorization, content-type, mcp-protocol-version");
  return response;
}

http::Response refuse_openly(policy::Exchange& exchange, int status, std::string_view text) {
  exchange.record.reason =
      status == 404 ? policy::Reason::not_found : policy::Reason::invalid_request;
  return open_to_all(http::Response(status, "text/plain; charset=utf-8", std::string(text)));
}

http::Response refuse_method(policy::Exchange& exchange, std::string_view allowed) {
  http::Response refusal = refuse_openly(exchange, 405, "method not allowed");
  refusal.headers.set("allow", allowed);
  return refusal;
}

}  // namespace gateway
