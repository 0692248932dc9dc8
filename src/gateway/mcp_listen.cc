#include "gateway/mcp_listen.h"

#include "base/before.h"
#include "base/unless.h"
#include "gateway/refuse.h"

namespace gateway {
namespace {

Task<Result<>> until_draining(Core& core) {
  co_await core.until_draining();
  co_return Result<>();
}

Deadline expiry_of(Core& core, const policy::Exchange& exchange) {
  const auto& claims = exchange.principal().claims();
  if (!claims || claims->good_until() == WallTime::max()) return Deadline::never();
  const Duration left = claims->good_until() - core.shared().clock.wall();
  return Deadline::in(core.loop().now(), left);
}

}  // namespace

Task<> until_stream_ends(Core& core, const policy::Exchange& exchange) {
  Task<Result<>> draining = until_draining(core);
  const Deadline expiry = expiry_of(core, exchange);
  [[maybe_unused]] auto drained = co_await before(expiry, std::move(draining));
}

Task<std::optional<std::string>> ListenSource::next() {
  for (;;) {
    const StreamId listener = listener_;
    Task<> ending = until_stream_ends(core_, exchange_);
    auto asking = ask(listener);
    auto event = co_await unless(std::move(ending), std::move(asking));
    if (!event || !*event) co_return std::nullopt;
    const std::shared_ptr<const runtime::Snapshot> snapshot = core_.snapshot();
    const runtime::Route* route = current_route(*snapshot);
    // The route is gone: nothing of its server is for anybody any more.
    if (route == nullptr) co_return std::nullopt;
    if (is_permitted(*route, **event)) co_return (*event)->text();
  }
}

Task<Result<upstream::Event>> ListenSource::ask(StreamId listener) {
  co_return co_await session_->home.ask(&McpSession::next_unsolicited, listener);
}

const runtime::Route* ListenSource::current_route(const runtime::Snapshot& snapshot) const {
  const runtime::Route* route = snapshot.find_route(route_key_);
  const bool is_mcp =
      route != nullptr && std::holds_alternative<runtime::McpBackend>(route->backend);
  return is_mcp ? route : nullptr;
}

// By the rules that are in force now, not by those of when the stream was opened. What rules of
// one snapshot saw is of no use to another's, and must not outlive it.
bool ListenSource::is_permitted(const runtime::Route& route, const upstream::Event& event) {
  exchange_.forget_rules();
  McpView view(exchange_, std::get<runtime::McpBackend>(route.backend), session_->number);
  view.know_tasks(core_.shared().session_ids, route);
  const bool permits = view.allows_notification(event);
  exchange_.forget_rules();
  return permits;
}

Task<http::Response> serve_listener(McpPlace at, SessionHome session) {
  if (at.exchange.connection != nullptr) at.exchange.connection->take_end_for_leaving();
  auto listener = co_await session->home.ask(&McpSession::listen);
  if (!listener) co_return refuse(at.exchange, listener.error());
  auto source = std::make_unique<ListenSource>(at.core, at.exchange, at.route.key,
                                               std::move(session), *listener);
  co_return stream_response(at.core.loop(), std::move(source), std::nullopt);
}

}  // namespace gateway
