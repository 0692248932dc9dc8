#include "gateway/core.h"

#include "base/before.h"
#include "gateway/serve.h"
#include "http/dialler.h"

namespace gateway {
namespace {

// A door that is closed takes what is queued, which is quick; the rest of a drain is for requests.
constexpr auto closing_within = std::chrono::seconds(1);
// A client that does not know yet may send on a kept connection, and a request that meets its end
// is lost. A busy one sends within this time, is answered, and told that it was the last answer.
constexpr auto last_requests_within = std::chrono::milliseconds(200);
// A flood of connections is no flood of log lines.
constexpr auto refusals_logged_every = std::chrono::seconds(1);

}  // namespace

struct Core::Door {
  Door(std::uint16_t port, net::Loop& loop, net::ListenSocket socket)
      : configured_port(port), listener(loop, std::move(socket)) {}
  std::uint16_t configured_port;
  net::Listener listener;
};

Core::Core(net::Loop& loop, Shared& shared, std::uint16_t number)
    : loop_(loop),
      shared_(shared),
      number_(number),
      site_(std::make_shared<upstream::Site>(
          loop, std::make_unique<http::Dialler>(loop, shared.tls), shared.load.limits().client)),
      documents_(loop, site_->pool()),
      introspections_(loop, site_->pool(), shared.clock),
      token_exchanges_(loop, site_->pool(), shared.clock),
      background_(loop),
      connections_(loop),
      accepting_(loop) {}

Core::~Core() = default;

DrainWatch::~DrainWatch() {
  if (place_ == nullptr) return;
  *place_ = next_;
  if (next_ != nullptr) next_->place_ = place_;
}

void Core::tell_of_draining(DrainWatch& watch) {
  watch.next_ = drain_watches_;
  if (watch.next_ != nullptr) watch.next_->place_ = &watch.next_;
  watch.place_ = &drain_watches_;
  drain_watches_ = &watch;
  if (is_draining_) watch.on_draining();
  if (has_waited_) watch.on_waited();
}

Task<> Core::adopt(std::shared_ptr<const runtime::Snapshot> snapshot) {
  snapshot_ = std::move(snapshot);
  co_return;
}

Task<> Core::open(std::uint16_t configured_port, std::shared_ptr<net::ListenSocket> socket) {
  auto door = std::make_shared<Door>(configured_port, loop_, std::move(*socket));
  doors_.insert_or_assign(configured_port, door);
  accepting_.spawn(accept_all(std::move(door)));
  co_return;
}

Task<> Core::close(std::uint16_t configured_port) {
  const auto found = doors_.find(configured_port);
  if (found == doors_.end()) co_return;
  found->second->listener.drain();
  doors_.erase(found);
}

Task<> Core::accept_all(std::shared_ptr<Door> door) {
  for (;;) {
    auto accepted = co_await door->listener.accept();
    if (!accepted) {
      if (accepted.error().fault() == Fault::cancelled) co_return;
      log().warn("accept failed", {{"error", accepted.error().why()}});
      continue;
    }
    // The newest is refused: those who are served are not made to suffer for a flood.
    const std::string_view refused = load().take_connection(accepted->peer().unmapped().host());
    if (!refused.empty()) {
      accepted->abort_on_close();
      say_refused(refused);
      continue;
    }
    const auto& probes = snapshot_->frontend.tcp.keep_alives;
    if (probes != std::remove_cvref_t<decltype(probes)>()) {
      accepted->keep_alive({probes.is_enabled, probes.time, probes.interval, probes.retries});
    }
    auto stream = std::make_shared<net::TcpStream>(std::move(*accepted));
    connections_.spawn(serve_one(door->configured_port, std::move(stream)));
  }
}

void Core::say_refused(std::string_view why) {
  ++refused_;
  const Instant now = loop_.now();
  if (refusal_logged_ && now - *refusal_logged_ < refusals_logged_every) return;
  log().warn("connections refused", {{"reason", why}, {"count", refused_}});
  refused_ = 0;
  refusal_logged_ = now;
}

void Core::tell_watcher(const telemetry::Record& record, Instant began,
                        const auth::Principal& caller) {
  const Clock& clock = shared_.clock;
  shared_.traffic->tell(Sighting(record, clock.wall(), clock.now() - began, caller));
}

Task<> Core::serve_one(std::uint16_t configured_port, std::shared_ptr<net::TcpStream> stream) {
  const HeldConnection held(load(), stream->peer().unmapped().host());
  co_await serve(*this, configured_port, *stream);
}

Task<> Core::until_draining() {
  while (!is_draining_) {
    co_await draining_.wait();
  }
}

Task<Result<>> Core::all_served() {
  co_await accepting_.join();
  co_await connections_.join();
  co_return Result<>();
}

Task<Result<>> Core::all_said() {
  co_await site_->farewells().join();
  co_return Result<>();
}

Task<> Core::say_farewells(Deadline deadline) {
  Task<Result<>> said = all_said();
  [[maybe_unused]] auto in_time = co_await before(deadline, std::move(said));
}

Task<> Core::drain(Deadline deadline) {
  is_draining_ = true;
  for (const auto& [port, door] : doors_) door->listener.drain();
  doors_.clear();
  draining_.notify_all();
  for (DrainWatch* watch = drain_watches_; watch != nullptr; watch = watch->next_) {
    watch->on_draining();
  }
  const Deadline waited = Deadline::in(loop_.now(), last_requests_within).or_sooner(deadline);
  Task<Result<>> last_requests = all_served();
  [[maybe_unused]] auto all_gone = co_await before(waited, std::move(last_requests));
  has_waited_ = true;
  for (DrainWatch* watch = drain_watches_; watch != nullptr; watch = watch->next_) {
    watch->on_waited();
  }
  Task<Result<>> served = all_served();
  auto in_time = co_await before(deadline, std::move(served));
  if (!in_time) {
    log().warn("drain deadline passed", {{"connections", connections_.size()}});
    connections_.cancel();
    accepting_.cancel();
    const Deadline closing = Deadline::in(loop_.now(), closing_within);
    Task<Result<>> closed = all_served();
    [[maybe_unused]] auto ended = co_await before(closing, std::move(closed));
  }
}

}  // namespace gateway
