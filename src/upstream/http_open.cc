// Opening a session over Streamable HTTP: which era the server is of, and the session that fits it.

#include <algorithm>

#include "base/random.h"
#include "upstream/detail_modern_http.h"
#include "upstream/detail_modern_session.h"
#include "upstream/detail_sse_session.h"

namespace upstream {
namespace {

// What opening needs, for all its steps. The place outlives it.
class HttpOpening {
 public:
  HttpOpening(std::shared_ptr<HttpPlace> place, std::shared_ptr<Site> site, json::Document params,
              InitializeParams checked, std::shared_ptr<const auth::CurrentCredentials> credentials)
      : place_(std::move(place)),
        site_(std::move(site)),
        params_(std::move(params)),
        checked_(std::move(checked)),
        credentials_(std::move(credentials)) {}

  Task<Result<std::unique_ptr<Session>>> open(Deadline deadline) {
    const Deadline by = deadline.or_sooner(in(place_->settings.handshake));
    const auto pinned = place_->settings.era;
    const auto era = pinned ? pinned : place_->era.known();
    if (era == mcp::Era::legacy) co_return co_await open_legacy(by);
    const Deadline found_by = era == mcp::Era::modern ? by : by.or_sooner(probe_end());
    auto discovered = co_await find(found_by);
    if (discovered && discovered->kind == mcp::Discovered::modern) {
      co_return open_modern(discovered->answer);
    }
    if (pinned) co_return tl::unexpected<Error>(no_modern(discovered));
    // Known to be modern and not to be reached now: nothing has changed.
    if (era && is_away(discovered)) co_return tl::unexpected<Error>(discovered.error());
    place_->era.forget();
    co_return co_await open_legacy(by);
  }

  // One that was shared is with a server over Streamable HTTP, of the era that it says.
  Task<Result<std::unique_ptr<Session>>> resume(json::Value state, Deadline deadline) {
    const Deadline by = deadline.or_sooner(in(place_->settings.handshake));
    const auto era = state.find_string("era") == "modern" ? mcp::Era::modern : mcp::Era::legacy;
    if (place_->settings.era.value_or(era) != era) co_return tl::unexpected<Error>(changed());
    if (era == mcp::Era::legacy) {
      SystemRandom random;
      auto session =
          std::make_unique<HttpSession>(site_, place_, random, std::move(checked_), credentials_);
      CO_TRY(session->go_on(state));
      co_return std::unique_ptr<Session>(std::move(session));
    }
    CO_TRY(const Discovery discovered, co_await find(by));
    if (discovered.kind != mcp::Discovered::modern) co_return tl::unexpected<Error>(changed());
    co_return open_modern(discovered.answer);
  }

 private:
  static Error changed() {
    return Error(Fault::not_found, "the server is of another era than its session");
  }

  Deadline in(Duration wait) const { return Deadline::in(site_->scheduler().now(), wait); }
  // An unknown server may be one that never answers what it does not know.
  Deadline probe_end() const {
    const Duration quarter = place_->settings.handshake / 4;
    return in(std::min<Duration>(place_->settings.probe, quarter));
  }

  Task<Result<Discovery>> find(Deadline deadline) {
    if (auto kept = place_->era.kept(site_->scheduler().now())) {
      CO_TRY(mcp::Message answer, read_answer(std::move(*kept)));
      co_return Discovery(mcp::Discovered::modern, std::move(answer));
    }
    SystemRandom random;
    const mcp::ModernClient client(params_.root());
    ModernHttp channel(site_, place_, credentials_);
    auto found = co_await discover(channel, random_start(random), client, deadline);
    const bool is_modern = found && found->kind == mcp::Discovered::modern;
    if (is_modern) {
      place_->era.keep(found->answer, credentials_ == nullptr, site_->scheduler().now());
    }
    co_return found;
  }

  static bool is_away(const Result<Discovery>& discovered) {
    if (discovered) return false;
    const Fault fault = discovered.error().fault();
    return fault == Fault::unavailable || fault == Fault::timed_out || fault == Fault::too_many;
  }

  static Error no_modern(const Result<Discovery>& discovered) {
    if (!discovered) return discovered.error();
    return Error(Fault::upstream_failed, "the server does not speak 2026-07-28");
  }

  Result<std::unique_ptr<Session>> open_modern(const mcp::Message& answer) {
    SystemRandom random;
    auto channel = std::make_unique<ModernHttp>(site_, place_, credentials_);
    TRY(auto session, ModernSession::make(std::move(channel), random, params_.root(), answer));
    note(mcp::Era::modern);
    return session;
  }

  // A server that is not what it was is asked anew next time.
  Task<Result<std::unique_ptr<Session>>> open_legacy(Deadline deadline) {
    if (place_->is_older) {
      auto older = co_await open_older(deadline);
      if (!older) place_->is_older = false;
      co_return older;
    }
    SystemRandom random;
    auto session =
        std::make_unique<HttpSession>(site_, place_, random, std::move(checked_), credentials_);
    Result<> up = co_await session->bring_up(deadline);
    if (!up && session->may_be_older()) {
      auto older = co_await open_older(deadline);
      if (older) {
        note(mcp::Era::legacy);
        if (!place_->is_older.exchange(true)) {
          place_->log.info("server speaks HTTP+SSE", {{"target", place_->name.text()}});
        }
        co_return older;
      }
    }
    if (!up) {
      place_->era.forget();
      co_return tl::unexpected(std::move(up).error());
    }
    note(mcp::Era::legacy);
    co_return std::unique_ptr<Session>(std::move(session));
  }

  // Over the transport of 2024-11-05, at the same address.
  Task<Result<std::unique_ptr<Session>>> open_older(Deadline deadline) {
    CO_TRY(auto params, InitializeParams::from(params_.root()));
    SseWire wire(site_, place_, credentials_);
    co_return co_await open_sse_session(std::move(wire), std::move(params), deadline);
  }

  void note(mcp::Era era) {
    if (!place_->era.know(era)) return;
    place_->log.info("era found", {{"target", place_->name.text()},
                                   {"era", era == mcp::Era::modern ? "modern" : "legacy"}});
  }

  std::shared_ptr<HttpPlace> place_;
  std::shared_ptr<Site> site_;
  json::Document params_;
  InitializeParams checked_;
  std::shared_ptr<const auth::CurrentCredentials> credentials_;  // may be null
};

void report(const HttpPlace& place, const Result<std::unique_ptr<Session>>& session) {
  if (session) return;
  place.log.warn("session not opened",
                 {{"target", place.name.text()}, {"reason", session.error().why()}});
}

}  // namespace

Task<Result<std::unique_ptr<Session>>> open_http_session(
    std::shared_ptr<HttpPlace> place, std::shared_ptr<Site> site, json::Value initialize_params,
    Deadline deadline, std::shared_ptr<const auth::CurrentCredentials> credentials) {
  CO_TRY(auto checked, InitializeParams::from(initialize_params));
  CO_TRY(auto params, json::Document::parse(std::string(initialize_params.raw())));
  const std::shared_ptr<HttpPlace> kept = place;
  HttpOpening opening(std::move(place), std::move(site), std::move(params), std::move(checked),
                      std::move(credentials));
  auto session = co_await opening.open(deadline);
  report(*kept, session);
  co_return session;
}

Task<Result<std::unique_ptr<Session>>> resume_http_session(
    std::shared_ptr<HttpPlace> place, std::shared_ptr<Site> site, Portable portable,
    Deadline deadline, std::shared_ptr<const auth::CurrentCredentials> credentials) {
  CO_TRY(auto checked, InitializeParams::from(portable.params));
  CO_TRY(auto params, json::Document::parse(std::string(portable.params.raw())));
  const std::shared_ptr<HttpPlace> kept = place;
  HttpOpening opening(std::move(place), std::move(site), std::move(params), std::move(checked),
                      std::move(credentials));
  auto session = co_await opening.resume(portable.state, deadline);
  report(*kept, session);
  co_return session;
}

}  // namespace upstream
