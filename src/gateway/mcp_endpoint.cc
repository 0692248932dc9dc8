#include "gateway/mcp_endpoint.h"

#include "gateway/detail_mcp_endpoint.h"
#include "gateway/mcp_listen.h"
#include "gateway/modern_endpoint.h"
#include "gateway/origin_check.h"
#include "gateway/sse_face.h"
#include "http/limits.h"

namespace gateway {
namespace {

constexpr auto body_within = std::chrono::seconds(60);

// The rest of a body, piece by piece against what the process has room for; Fault::too_many if it
// has none. Bodies that came whole with their heads are not counted: the number of connections
// bounds them.
Task<Result<std::string>> read_held(http::Body& body, HeldBytes& held, std::size_t bytes_max,
                                    Deadline deadline) {
  const std::uint64_t length = body.length().value_or(0);
  if (length > bytes_max) co_return failed(Fault::too_large, "the body is too large");
  std::string all;
  all.reserve(length);  // memory that is not written to is not there yet
  for (;;) {
    CO_TRY(const std::optional<std::string> piece, co_await body.read(deadline));
    if (!piece) co_return all;
    if (piece->size() > bytes_max - all.size()) {
      co_return failed(Fault::too_large, "the body is too large");
    }
    if (!held.grow(piece->size())) co_return failed(Fault::too_many, "no room for another body");
    all += *piece;
  }
}

Task<http::Response> at_once(http::Response response) {
  co_return response;
}

// What a POST is refused for before its body is read.
std::optional<http::Response> refuse_unread(Endpoint& endpoint, const McpPlace& place,
                                            bool is_sse) {
  if (place.core.load().is_short_of_memory()) return endpoint.refuse_for_memory();
  return is_sse ? endpoint.wrong_content_type() : endpoint.wrong_media_type();
}

// The steps of a POST in their order. Each part that is a task of its own would cost every request
// a frame. NOLINTNEXTLINE(readability-function-cognitive-complexity)
Task<http::Response> post(McpPlace place) {
  Endpoint endpoint(place);
  policy::Exchange& exchange = place.exchange;
  HeldBytes held(place.core.load());
  const bool is_sse = is_sse_message(exchange.request());
  auto unread = refuse_unread(endpoint, place, is_sse);
  if (unread) co_return std::move(*unread);
  http::Body& body = exchange.change_request().body;
  const std::size_t bytes_max = place.core.body_bytes_max();
  Result<std::string> text = body.take_whole(bytes_max);
  if (!body.is_whole()) {
    const Deadline deadline = Deadline::in(place.core.loop().now(), body_within);
    text = co_await read_held(body, held, bytes_max, deadline);
  }
  if (!text) co_return endpoint.refuse_body(text.error());
  auto message =
      mcp::read(std::move(*text), mcp::Sender::client, place.core.shared().message_limits);
  if (!message) co_return refuse_message(exchange, message.error());
  if (!message->is_response()) exchange.record.mcp_method = std::string(message->method());
  if (is_sse) co_return co_await serve_sse_message(place, std::move(*message));
  if (endpoint.is_modern(*message)) co_return co_await serve_modern(place, std::move(*message));
  const auto method = Endpoint::admit(*message);
  if (!method) co_return refuse_message(exchange, method.error());
  if (message->is_request() && message->method() == "initialize") {
    co_return co_await endpoint.open_session(std::move(*message));
  }
  const std::optional<mcp::Id> id = Endpoint::id_of(*message);
  auto session = endpoint.find_session(id);
  if (!session) {
    session = co_await endpoint.resume(std::move(session), id);
  }
  if (!session) co_return std::move(session).error();
  if (auto wrong = endpoint.wrong_version(id, **session)) co_return std::move(*wrong);
  if (endpoint.lacks_credentials()) {
    auto refused = co_await endpoint.fetch_credentials(id);
    if (refused) co_return std::move(*refused);
  }
  if (message->is_request()) {
    auto answer = co_await serve_call(place, std::move(*session), **method, std::move(*message));
    if (answer.status == 404) endpoint.take_out();
    co_return answer;
  }
  if (message->is_notification() && *method == nullptr) co_return http::Response(202);
  co_return co_await pass_on(place, std::move(*session), std::move(*message));
}

http::Response refuse_method(policy::Exchange& exchange, std::string_view allowed) {
  http::Response response =
      refuse(exchange, 405, "mcp: method not allowed; must be " + std::string(allowed));
  response.headers.set("allow", allowed);
  return response;
}

Task<http::Response> get(McpPlace place) {
  Endpoint endpoint(place);
  if (endpoint.names_modern_only()) co_return refuse_method(place.exchange, "POST");
  if (!endpoint.accepts_stream())
    co_return refuse(place.exchange, 406, "mcp: client must accept text/event-stream");
  if (opens_sse(place.exchange.request())) co_return serve_sse(place);
  auto session = endpoint.find_session(std::nullopt);
  if (!session) {
    session = co_await endpoint.resume(std::move(session), std::nullopt);
  }
  if (!session) co_return std::move(session).error();
  if (auto wrong = endpoint.wrong_version(std::nullopt, **session)) co_return std::move(*wrong);
  if (endpoint.lacks_credentials()) {
    auto refused = co_await endpoint.fetch_credentials(std::nullopt);
    if (refused) co_return std::move(*refused);
  }
  const auto last = place.exchange.request().headers.find("last-event-id");
  if (last) {
    const std::string id(*last);
    auto rest = co_await serve_rest(place, *session, id);
    if (rest) co_return std::move(*rest);
  }
  co_return co_await serve_listener(place, std::move(*session));
}

Task<http::Response> end_session(McpPlace place) {
  Endpoint endpoint(place);
  if (endpoint.names_modern_only()) co_return refuse_method(place.exchange, "POST");
  auto session = endpoint.locate(std::nullopt);
  if (!session) {
    session = co_await endpoint.resume(std::move(session), std::nullopt);
  }
  if (!session) co_return std::move(session).error();
  if (auto wrong = endpoint.wrong_version(std::nullopt, **session)) co_return std::move(*wrong);
  endpoint.take_out();
  co_await endpoint.renew_for_the_end((*session)->credentials.get());
  [[maybe_unused]] auto ended = co_await (*session)->home.ask(&McpSession::end_for_all);
  co_return http::Response(202);
}

}  // namespace

Task<http::Response> serve_mcp(Core& core, const runtime::Route& route,
                               const runtime::McpBackend& backend, policy::Exchange& exchange) {
  exchange.record.protocol = "mcp";
  exchange.record.backend = backend.name;
  exchange.record.mcp_target = backend.target->target->name().text();
  exchange.record.endpoint = backend.target->target->endpoint();
  exchange.forget_rules();  // to rules that ran before, there was no backend
  if (const auto refused = refused_origin(exchange, backend.dns_rebinding_protection)) {
    return at_once(refuse(exchange, 403, *refused));
  }
  const McpPlace place{core, route, backend, exchange};
  if (exchange.request().method == "POST") return post(place);
  if (exchange.request().method == "GET") return get(place);
  if (exchange.request().method == "DELETE") return end_session(place);
  http::Response response =
      refuse(exchange, 405, "mcp: method not allowed; must be GET, POST, or DELETE");
  response.headers.set("allow", "GET, POST, DELETE");
  return at_once(std::move(response));
}

}  // namespace gateway
