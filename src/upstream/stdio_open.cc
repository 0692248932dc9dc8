#include <algorithm>

#include "base/random.h"
#include "upstream/detail_http_answer.h"
#include "upstream/detail_modern_session.h"
#include "upstream/detail_stdio_opening.h"

namespace upstream {

StdioOpening::StdioOpening(Scheduler& scheduler, std::shared_ptr<const StdioPlace> place,
                           std::shared_ptr<EraMemory> era, json::Document params,
                           InitializeParams checked)
    : scheduler_(scheduler),
      place_(std::move(place)),
      era_(std::move(era)),
      params_(std::move(params)),
      checked_(std::move(checked)) {}

Task<Result<std::unique_ptr<Session>>> StdioOpening::open(Deadline deadline) {
  // One limit for all of it: what the question for the era took is not there for the handshake.
  const Deadline by =
      deadline.or_sooner(Deadline::in(scheduler_.now(), place_->settings.handshake));
  const auto pinned = place_->settings.era;
  const auto era = pinned ? pinned : era_->known();
  std::optional<ChildParts> parts = std::exchange(spare_, std::nullopt);
  has_started_child_ = parts.has_value();
  if (era == mcp::Era::legacy) co_return co_await open_legacy(std::move(parts), by);
  SystemRandom random;
  auto channel = std::make_unique<ModernStdio>(scheduler_, place_, era_, random);
  if (parts) channel->adopt(std::move(*parts));
  Result<> up = co_await channel->until_up(by);
  has_started_child_ = channel->has_been_started();
  if (!up) co_return tl::unexpected(std::move(up).error());
  ModernStdio& asked = *channel;
  auto discovered = co_await find(asked, era.has_value(), by);
  if (discovered && discovered->kind == mcp::Discovered::modern) {
    co_return open_modern(std::move(channel), discovered->answer);
  }
  if (pinned && !discovered) co_return tl::unexpected<Error>(discovered.error());
  if (pinned) co_return failed(Fault::upstream_failed, "the server does not speak 2026-07-28");
  era_->forget();
  // It may have died of something else than the question: who opens the next session finds out.
  if (!discovered && era == mcp::Era::modern) co_return tl::unexpected<Error>(discovered.error());
  parts = channel->give_up_child();
  channel.reset();
  co_return co_await open_legacy(std::move(parts), by);
}

// A server of unknown era may be one that never answers what it does not know.
Task<Result<Discovery>> StdioOpening::find(ModernStdio& channel, bool is_known, Deadline deadline) {
  if (auto kept = era_->kept(scheduler_.now())) {
    CO_TRY(mcp::Message answer, read_answer(std::move(*kept)));
    co_return Discovery(mcp::Discovered::modern, std::move(answer));
  }
  const StdioSettings& settings = place_->settings;
  const Duration probe = std::min<Duration>(settings.probe, settings.handshake / 4);
  if (!is_known) deadline = deadline.or_sooner(Deadline::in(scheduler_.now(), probe));
  const mcp::ModernClient client(params_.root());
  auto found = co_await discover(channel, 0, client, deadline);
  const bool is_modern = found && found->kind == mcp::Discovered::modern;
  if (is_modern) era_->keep(found->answer, true, scheduler_.now());
  co_return found;
}

Result<std::unique_ptr<Session>> StdioOpening::open_modern(std::unique_ptr<ModernStdio> channel,
                                                           const mcp::Message& answer) {
  SystemRandom random;
  TRY(auto session, ModernSession::make(std::move(channel), random, params_.root(), answer));
  note(mcp::Era::modern);
  return session;
}

Task<Result<std::unique_ptr<Session>>> StdioOpening::open_legacy(std::optional<ChildParts> parts,
                                                                 Deadline deadline) {
  SystemRandom random;
  const bool is_second_hand = parts.has_value();
  auto session = std::make_unique<StdioSession>(scheduler_, place_, random, checked_.copy());
  if (parts) session->adopt(std::move(*parts));
  Result<> up = co_await session->bring_up(deadline);
  // It may be the question before that spoilt it.
  const bool is_spoilt = !up && is_second_hand && up.error().fault() != Fault::timed_out;
  if (is_spoilt) {
    session = std::make_unique<StdioSession>(scheduler_, place_, random, checked_.copy());
    up = co_await session->bring_up(deadline);
  }
  has_started_child_ = has_started_child_ || session->has_been_started();
  if (!up) {
    era_->forget();
    co_return tl::unexpected(std::move(up).error());
  }
  note(mcp::Era::legacy);
  co_return std::unique_ptr<Session>(std::move(session));
}

void StdioOpening::note(mcp::Era era) {
  if (!era_->know(era)) return;
  place_->log.info("era found", {{"target", place_->name.text()},
                                 {"era", era == mcp::Era::modern ? "modern" : "legacy"}});
}

}  // namespace upstream
