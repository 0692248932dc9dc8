#include "admin/relay.h"

#include "admin/model.h"
#include "admin/words.h"
#include "base/uri.h"
#include "http/dialler.h"

namespace admin {
namespace {

// As the gateway's own bound of an answer that takes its time.
constexpr auto answer_begins_within = std::chrono::minutes(10);

// What a client of MCP says of itself. The rest is the browser's, of no concern to a listener.
bool passes_in(std::string_view name) {
  return name == "authorization" || name == "accept" || name == "content-type" ||
         name == "last-event-id" || name.starts_with("mcp-");
}

bool passes_out(std::string_view name) {
  return name == "content-type" || name == "www-authenticate" || name == "retry-after" ||
         name.starts_with("mcp-");
}

// The request as it would be sent to the route's own address.
http::Request relayed(http::Request& from, const Uri& endpoint) {
  http::Request request(from.method, endpoint.target(), endpoint.authority().text());
  for (const http::Field field : from.headers) {
    if (passes_in(field.name)) request.headers.add(field.name, field.value);
  }
  request.body = std::move(from.body);
  return request;
}

}  // namespace

Relay::Relay(net::Loop& loop, const Running& running)
    : loop_(loop),
      running_(running),
      connector_(std::make_unique<http::Dialler>(loop, std::make_shared<const net::TlsClient>())),
      pool_(loop, *connector_, http::ClientLimits()) {}

Relay::~Relay() = default;

Task<http::Response> Relay::pass(http::Request& request, std::string route_id) {
  const FoundRoute found = find_route(*running_.snapshot(), route_id);
  if (found.route == nullptr) {
    co_return error_response(404, "not_found", "there is no such route");
  }
  const std::uint16_t port = running_.actual_port(found.bind->port);
  const WrittenRoute written = written_route(running_.file(), found);
  const auto uri = Uri::parse(endpoint_of(written.listener, written.route, true, port));
  if (!uri) co_return error_response(502, "unavailable", "the route has no address");
  http::Request asked = relayed(request, *uri);
  const http::Endpoint endpoint("127.0.0.1", port);
  const Deadline deadline = Deadline::in(loop_.now(), answer_begins_within);
  auto answer = co_await pool_.exchange(std::move(asked), endpoint, deadline);
  if (!answer) co_return error_response(502, "unavailable", answer.error().why());
  http::Response response(answer->status);
  for (const http::Field field : answer->headers) {
    if (passes_out(field.name)) response.headers.add(field.name, field.value);
  }
  response.headers.add("x-agentgateway-relay", "1");
  response.headers.add("cache-control", "no-store");
  response.body = std::move(answer->body);
  co_return response;
}

}  // namespace admin
