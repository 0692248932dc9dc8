#pragma once
// What one core owns: its loop, the snapshot it serves, its listeners and connections, its pool of
// upstream connections and its cache of verified tokens. Nothing of it is shared; Shared is what
// all cores use. Other threads talk to a Core through net::Home<Core>.

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/failed_logins.h"
#include "auth/introspection.h"
#include "auth/login_cache.h"
#include "auth/password_judge.h"
#include "auth/token_cache.h"
#include "auth/token_exchange.h"
#include "base/log.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "gateway/arrivals.h"
#include "gateway/documents.h"
#include "gateway/load.h"
#include "gateway/modern_pool.h"
#include "gateway/session_id.h"
#include "gateway/session_table.h"
#include "gateway/sse_link.h"
#include "gateway/traffic.h"
#include "http/client.h"
#include "json/value.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/tls.h"
#include "runtime/snapshot.h"
#include "upstream/site.h"

namespace gateway {

// Of the whole process; outlives every core.
struct Shared {
  Log log;
  const Clock& clock;
  const SessionIds& session_ids;
  SessionTable& sessions;
  Load& load;
  std::shared_ptr<const net::TlsClient> tls = std::make_shared<net::TlsClient>();
  auth::FailedLogins* failed_logins = nullptr;  // null: nobody is locked out
  auth::PasswordJudge* passwords = nullptr;     // null: no password is right
  json::Limits message_limits{};                // of a client's message
  ModernPool* modern = nullptr;                 // never null while MCP is served
  SseDoors sse{};                               // streams of clients of 2024-11-05
  Arrivals arrivals{};                          // sessions that are being brought here
  Traffic* traffic = nullptr;                   // null: nobody counts
};

class Core;

// Is told when its core begins to drain, and when it has waited long enough for what idle clients
// may have sent meanwhile; at once if that is past. It may go at any time.
class DrainWatch {
 public:
  DrainWatch() = default;
  DrainWatch(const DrainWatch&) = delete;
  DrainWatch& operator=(const DrainWatch&) = delete;
  virtual ~DrainWatch();
  virtual void on_draining() = 0;
  virtual void on_waited() = 0;

 private:
  friend class Core;
  DrainWatch* next_ = nullptr;
  DrainWatch** place_ = nullptr;  // what points at this
};

class Core {
 public:
  // `number` is the core's own.
  Core(net::Loop& loop, Shared& shared, std::uint16_t number);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  // For the main thread, through Home.
  Task<> adopt(std::shared_ptr<const runtime::Snapshot> snapshot);
  // Serves connections of that socket as the bind of the configured port.
  Task<> open(std::uint16_t configured_port, std::shared_ptr<net::ListenSocket> socket);
  // Takes no more connections on that port; those there are go on.
  Task<> close(std::uint16_t configured_port);
  // Stops accepting, ends idle connections and streams, waits for what is in flight, at the latest
  // until the deadline.
  Task<> drain(Deadline deadline);
  // Waits for what ended sessions have to say to their servers, at the latest until the deadline.
  Task<> say_farewells(Deadline deadline);

  net::Loop& loop() { return loop_; }
  Shared& shared() { return shared_; }
  const Log& log() const { return shared_.log; }
  const std::shared_ptr<const runtime::Snapshot>& snapshot() const { return snapshot_; }
  // Whether a route leads there; a request may be of a configuration of before.
  bool serves(std::uint64_t target) const { return !snapshot_ || snapshot_->has_target(target); }
  // Of a request that is read as a whole.
  std::size_t body_bytes_max() const {
    return snapshot_ ? snapshot_->frontend.http.buffer.count : http::request_body_bytes_max;
  }
  auth::TokenCache& tokens() { return tokens_; }
  auth::LoginCache& logins() { return logins_; }
  auth::Introspections& introspections() { return introspections_; }
  auth::TokenExchanges& token_exchanges() { return token_exchanges_; }
  http::Pool& pool() { return site_->pool(); }
  // For the sessions of this core, which may outlive it for a moment.
  const std::shared_ptr<upstream::Site>& site() const { return site_; }
  OpenedIds& opened_ids() { return opened_ids_; }
  Documents& documents() { return documents_; }
  // How many requests of unknown clients are being passed on to authorization servers.
  std::size_t& passages() { return passages_; }
  Load& load() { return shared_.load; }
  // For farewells that outlive the exchange that says them.
  TaskGroup& background() { return background_; }

  // This was served, from then on: for whoever watches.
  void tell_of(const telemetry::Record& record, Instant began, const auth::Principal& caller) {
    if (shared_.traffic == nullptr) return;
    shared_.traffic->count(number_, record);
    if (shared_.traffic->is_watched()) tell_watcher(record, began, caller);
  }
  // Whether whoever watches wants the arguments of tool calls.
  bool takes_arguments() const {
    return shared_.traffic != nullptr && shared_.traffic->takes_arguments();
  }

  // A name for a request in flight that no other core gives, nor any other process that has or had
  // its session: clients that come back name it (Last-Event-ID).
  StreamId next_stream() { return (StreamId{number_} << 48) | ++last_stream_; }

  bool is_draining() const { return is_draining_; }
  // It drains, and no more requests of idle connections are waited for.
  bool has_waited() const { return has_waited_; }
  // Returns when draining begins.
  Task<> until_draining();
  void tell_of_draining(DrainWatch& watch);

 private:
  struct Door;
  Task<> accept_all(std::shared_ptr<Door> door);
  Task<> serve_one(std::uint16_t configured_port, std::shared_ptr<net::TcpStream> stream);
  void say_refused(std::string_view why);
  void tell_watcher(const telemetry::Record& record, Instant began, const auth::Principal& caller);
  Task<Result<>> all_served();
  Task<Result<>> all_said();

  net::Loop& loop_;
  Shared& shared_;
  const std::uint16_t number_;
  StreamId last_stream_ = shared_.session_ids.random_start();
  std::shared_ptr<const runtime::Snapshot> snapshot_;
  auth::TokenCache tokens_;
  auth::LoginCache logins_;
  OpenedIds opened_ids_;
  std::shared_ptr<upstream::Site> site_;
  Documents documents_;
  std::size_t passages_ = 0;
  auth::Introspections introspections_;
  auth::TokenExchanges token_exchanges_;
  std::map<std::uint16_t, std::shared_ptr<Door>> doors_;
  std::size_t refused_ = 0;  // connections of which the log does not know yet
  std::optional<Instant> refusal_logged_;
  bool is_draining_ = false;
  bool has_waited_ = false;
  Signal draining_;
  DrainWatch* drain_watches_ = nullptr;
  TaskGroup background_;
  TaskGroup connections_;
  TaskGroup accepting_;
};

}  // namespace gateway
