// Where a stateless request gets its upstream session from.

#include "gateway/caller.h"
#include "gateway/modern_call.h"
#include "json/write.h"

namespace gateway {
namespace {

constexpr auto open_within = std::chrono::seconds(30);

using Credentials = std::shared_ptr<const auth::Credentials>;
using Opened = Result<std::unique_ptr<upstream::Session>>;

// What the server's initialize is told: the client as it describes itself, and exactly what it can
// be asked.
Result<json::Document> initialize_params(const mcp::ModernRequest& request) {
  json::Writer out;
  out.begin_object().name("protocolVersion").string("2026-07-28");
  out.name("capabilities").raw(request.asks.text());
  const json::Value client = request.client_info;
  const bool is_named = client.find_string("name") && client.find_string("version");
  out.name("clientInfo");
  if (is_named) {
    out.value(client);
  } else {
    out.begin_object().name("name").string("agentgateway").name("version").string("1").end_object();
  }
  return json::Document::parse(out.end_object().take());
}

Task<Opened> open_upstream(std::shared_ptr<const runtime::TargetEntry> entry,
                           std::shared_ptr<upstream::Site> site, json::Document params,
                           Deadline deadline,
                           std::shared_ptr<const auth::CurrentCredentials> credentials) {
  const json::Value initialize = params.root();
  co_return co_await entry->target->open(std::move(site), initialize, deadline,
                                         std::move(credentials));
}

// Callers without a token are one principal, whatever else is known of them; what their requests
// carry to the server tells them apart.
std::string scope_of(const McpPlace& at, const Credentials& given) {
  std::string scope = std::to_string(at.backend.target->number) + "\n" + at.route.key + "\n" +
                      owner_of(at.exchange) + "\n";
  const bool is_of_credentials = given && (at.exchange.principal().is_anonymous() ||
                                           at.route.backend_auth->differs_by_token());
  if (is_of_credentials) scope += given->fingerprint();
  return scope + "\n";
}

// A place for one more session of the caller: its own that are not needed any more make room, the
// call that waits longest for its client at last.
Task<Result<>> make_room(McpPlace at, std::string owner) {
  ModernPool& pool = *at.core.shared().modern;
  const std::size_t children = at.backend.target->children;
  Result<> reserved = pool.counts().reserve(owner, children);
  while (!reserved && pool.drop_idle_of(owner)) reserved = pool.counts().reserve(owner, children);
  if (reserved) co_return reserved;
  auto oldest = pool.take_oldest_of(owner);
  if (!oldest) co_return reserved;
  const StreamId stream = oldest->stream;
  [[maybe_unused]] auto told =
      co_await oldest->lease->session().home.ask(&ModernSession::abandon, stream);
  oldest.reset();
  // It may have been kept for the sake of its tasks.
  reserved = pool.counts().reserve(owner, children);
  while (!reserved && pool.drop_idle_of(owner)) reserved = pool.counts().reserve(owner, children);
  co_return reserved;
}

ModernHome make_session(const McpPlace& at, const std::string& scope, const std::string& owner,
                        json::Document params, bool reads_on) {
  Core& core = at.core;
  ModernPool& pool = *core.shared().modern;
  // Also where there are none now: a reload may say that there are.
  auto credentials = std::make_shared<auth::CurrentCredentials>();
  const Deadline deadline = Deadline::in(core.loop().now(), open_within);
  auto session = std::make_unique<ModernSession>(
      core.loop(),
      open_upstream(at.backend.target, core.site(), std::move(params), deadline, credentials),
      reads_on, pool.board(scope));
  auto made = std::make_shared<ModernHandle>(
      net::Home<ModernSession>(core.loop(), std::move(session)), pool.counts(), owner,
      at.backend.target->number, std::move(credentials));
  made->children = at.backend.target->children;
  return made;
}

// Sessions with one server over HTTP are all alike.
bool is_local(const McpPlace& at) {
  return at.backend.target->target->endpoint().empty();
}

std::string task_key(const McpPlace& at, const std::string& task) {
  return std::to_string(at.backend.target->number) + "\n" + at.route.key + "\n" +
         owner_of(at.exchange) + "\n" + task;
}

}  // namespace

Task<Result<std::shared_ptr<Board>>> board_of(McpPlace at) {
  CO_TRY(const Credentials given, co_await backend_credentials(at.route, at.exchange));
  co_return at.core.shared().modern->board(scope_of(at, given));
}

void keep_task(const McpPlace& at, const std::string& task, const Lease& lease, Duration time) {
  if (!is_local(at)) return;
  const Shared& shared = at.core.shared();
  shared.modern->keep_task(task_key(at, task), lease, shared.clock.now() + time);
}

Task<Result<std::unique_ptr<Lease>>> lease_session_of(McpPlace at, mcp::ModernRequest request,
                                                      std::string task) {
  if (!is_local(at)) co_return co_await lease_session(at, request, false);
  CO_TRY(const Credentials given, co_await backend_credentials(at.route, at.exchange));
  // A caller that is known may come with another token; nobody knows whether those who are not are
  // the same.
  std::string scope;
  if (at.exchange.principal().is_anonymous()) scope = scope_of(at, given);
  std::unique_ptr<Lease> lease = at.core.shared().modern->take_task(task_key(at, task), scope);
  if (!lease) co_return co_await lease_session(at, request, false);
  lease->session().credentials->set(given);
  co_return lease;
}

Task<Result<std::unique_ptr<Lease>>> lease_session(McpPlace at, mcp::ModernRequest request,
                                                   bool alone) {
  CO_TRY(const Credentials given, co_await backend_credentials(at.route, at.exchange));
  ModernPool& pool = *at.core.shared().modern;
  const std::string scope = scope_of(at, given);
  const std::string key = scope + request.asks.text();
  std::unique_ptr<Lease> lease = pool.take(key, alone);
  if (!lease) {
    std::string owner = owner_of(at.exchange);
    CO_TRY(co_await make_room(at, owner));
    // Others may have made one while room was made; then this one is one more.
    const bool reads_on = is_local(at) || !request.asks.is_empty();
    Result<json::Document> params = initialize_params(request);
    if (!params) {
      pool.counts().release(owner, at.backend.target->children);
      co_return tl::unexpected<Error>(params.error());
    }
    ModernHome made = make_session(at, scope, owner, std::move(*params), reads_on);
    made->credentials->set(given);
    co_return pool.add(key, std::move(made), alone);
  }
  lease->session().credentials->set(given);
  co_return lease;
}

}  // namespace gateway
