#include <algorithm>

#include "base/sleep.h"
#include "upstream/detail_sse_session.h"

namespace upstream {
namespace {

// While it cannot be opened again and nobody asks for it.
constexpr Duration reconnect_pause = std::chrono::seconds(30);
constexpr int events_before_endpoint_max = 16;

}  // namespace

SseSession::SseSession(SseWire wire, Random& random, InitializeParams params)
    : wire_(std::move(wire)),
      params_(std::move(params)),
      dialog_(random, wire_.place().settings.queue),
      over_(&SseSession::on_over, this),
      tasks_(wire_.scheduler()) {}

SseSession::~SseSession() {
  dialog_.close(Error(Fault::cancelled, "the session was closed"));
}

// Runs by itself, so the tasks of the ended run may be destroyed.
void SseSession::on_over(void* session) {
  auto& self = *static_cast<SseSession*>(session);
  self.is_up_ = false;
  self.run_.reset();
  self.restarts_.ended(self.started_, self.wire_.scheduler().now());
  const bool reconnects = self.handshake_ && self.is_listening_ && !self.is_over_;
  if (!reconnects || std::exchange(self.is_reconnecting_, true)) return;
  self.tasks_.spawn(reconnect(self));
}

// Who was told that a call failed may ask again before on_over() runs.
void SseSession::notice_end() {
  if (run_ == nullptr || run_->reason().empty()) return;
  wire_.scheduler().disarm(over_);
  on_over(this);
}

Task<Result<>> SseSession::bring_up(Deadline deadline) {
  const Deadline by = deadline.or_sooner(wire_.in(wire_.place().settings.handshake));
  CO_TRY(co_await connect(by));
  auto handshake = co_await shake_hands(dialog_, params_, by);
  if (!handshake) {
    run_.reset();
    wire_.scheduler().disarm(over_);
    dialog_.fail(handshake.error());
    if (handshake.error().fault() != Fault::timed_out) co_return tl::unexpected(handshake.error());
    co_return failed(Fault::timed_out, "the server did not answer initialize in time");
  }
  if (handshake_ && handshake->revision() != handshake_->revision()) {
    const Error other(Fault::not_found, "the server speaks another revision than before");
    is_over_ = true;
    dialog_.close(other);
    co_return tl::unexpected<Error>(other);
  }
  wire_.speak(handshake->revision());
  if (!handshake_) handshake_.emplace(std::move(*handshake));
  is_up_ = run_ != nullptr && run_->reason().empty();
  if (!is_up_) co_return failed(Fault::upstream_failed, "the stream ended after initialize");
  run_->prove();
  co_return Result<>();
}

Task<Result<>> SseSession::connect(Deadline deadline) {
  HttpPlace& place = wire_.place();
  // What was given up midway leaves its stream behind.
  run_.reset();
  wire_.scheduler().disarm(over_);
  dialog_.fail(Error(Fault::upstream_failed, "the stream is opened again"));
  auto slot = Slot::take(place.streams, place.settings.streams_max);
  if (!slot) co_return failed(Fault::unavailable, "too many streams to this target");
  started_ = wire_.scheduler().now();
  http::Request request("GET", place.settings.path, place.authority);
  request.headers.add("accept", "text/event-stream");
  CO_TRY(http::Response response, co_await wire_.send(std::move(request), deadline));
  if (form_of(response) != AnswerForm::events) {
    CO_TRY(const Refusal refusal, co_await read_refusal(std::move(response), deadline));
    co_return tl::unexpected<Error>(refusal.error());
  }
  SseStream stream(std::move(response.body), place.settings.event_bytes_max);
  CO_TRY(const std::string said, co_await first_event(stream, deadline));
  CO_TRY(std::string path, post_path_of(said, place.settings));
  run_ = std::make_unique<SseRun>(wire_, dialog_, std::move(stream), std::move(path),
                                  std::move(*slot), over_);
  co_return Result<>();
}

// The data of the event `endpoint`, before which nothing else should come.
Task<Result<std::string>> SseSession::first_event(SseStream& stream, Deadline deadline) {
  for (int events = 0; events < events_before_endpoint_max; ++events) {
    auto event = co_await stream.next(deadline);
    if (!event && event.error().fault() == Fault::timed_out) {
      co_return failed(Fault::timed_out, "the server did not say where messages go in time");
    }
    if (!event) co_return failed(Fault::upstream_failed, event.error().why());
    if (!*event) break;
    if ((*event)->name == "endpoint") co_return std::move((*event)->data);
  }
  co_return failed(Fault::upstream_failed, "the server's stream does not say where messages go");
}

// One opens the stream again, the others wait for what comes of it.
Task<Result<>> SseSession::revive(Deadline deadline) {
  while (!is_up_ && reviving_.is_on()) {
    CO_TRY(co_await reviving_.until_over(deadline));
  }
  if (is_up_) co_return Result<>();
  if (is_over_) co_return failed(Fault::not_found, "the session is over");
  const SharedWork::Turn turn(reviving_);
  co_return co_await reopen(deadline);
}

Task<Result<>> SseSession::reopen(Deadline deadline) {
  CO_TRY(co_await restarts_.wait(deadline, "the stream is opened again later"));
  const Log& log = wire_.place().log;
  const std::string& target = wire_.place().name.text();
  Result<> up = co_await bring_up(deadline);
  if (!up) {
    restarts_.failed_at(wire_.scheduler().now());
    log.warn("session not opened again", {{"target", target}, {"reason", up.error().why()}});
    if (is_over_) co_return up;
    co_return failed(Fault::unavailable, "the session was lost: " + up.error().why());
  }
  memory_.each(
      [this](std::string_view method, const std::string& params) { repeat(method, params); });
  log.info("session opened again", {{"target", target}});
  co_return Result<>();
}

// For a client that listens: until the stream is there again.
Task<> SseSession::reconnect(SseSession& session) {
  for (;;) {
    const Deadline deadline =
        session.wire_.in(session.wire_.place().settings.handshake + Restarts::delay_max);
    Result<> up = co_await session.revive(deadline);
    if (up || session.is_over_) break;
    co_await sleep_until(session.wire_.in(reconnect_pause));
  }
  session.is_reconnecting_ = false;
}

// Nobody waits for the answer.
void SseSession::repeat(std::string_view method, const std::string& params) {
  const auto document = json::Document::parse(params);
  if (document) (void)dialog_.start_own(mcp::Call(method, document->root(), Deadline::never()));
}

Task<Result<std::unique_ptr<Conversation>>> SseSession::start(mcp::Call call) {
  notice_end();
  if (!is_up_) CO_TRY(co_await revive(call.deadline()));
  co_return begin(call);
}

std::optional<Result<std::unique_ptr<Conversation>>> SseSession::start_now(const mcp::Call& call) {
  notice_end();
  if (!is_up_) return std::nullopt;
  return begin(call);
}

Result<std::unique_ptr<Conversation>> SseSession::begin(const mcp::Call& call) {
  notice_end();
  if (!is_up_) return failed(Fault::upstream_failed, "the server's stream ended");
  HttpPlace& place = wire_.place();
  auto slot = Slot::take(place.calls, place.settings.calls_max);
  if (!slot) return failed(Fault::too_many, "too many calls in flight to this target");
  TRY(auto begun, dialog_.start_apart(call));
  memory_.note(call);
  return std::make_unique<SseCall>(*this, std::move(begun), std::move(*slot), call.deadline());
}

Task<Result<>> SseSession::notify(std::string_view method, json::Value params) {
  const bool is_ours = method == "notifications/initialized" || method == "notifications/cancelled";
  if (is_ours || !is_up_) co_return Result<>();
  const Deadline deadline = wire_.in(wire_.place().settings.telling);
  CO_TRY(co_await dialog_.until_sendable(deadline, "the server does not take notifications"));
  dialog_.notify(method, params);
  co_return Result<>();
}

Task<Result<>> SseSession::answer(QuestionId question, const mcp::Message& response) {
  co_return dialog_.answer(question, response);
}

Task<Result<>> SseSession::refuse(QuestionId question, mcp::Code code, std::string_view why) {
  co_return dialog_.refuse(question, code, why);
}

Task<Result<Event>> SseSession::next_unsolicited() {
  is_listening_ = true;
  return dialog_.next_unsolicited();
}

SseCall::SseCall(SseSession& session, Dialog::Apart call, Slot slot, Deadline deadline)
    : session_(session),
      id_(call.call),
      request_(std::move(call.request)),
      deadline_(deadline),
      slot_(std::move(slot)),
      conversation_(std::move(call.conversation)),
      run_(run(*this)) {
  run_.start(session_.wire_.scheduler(), std::noop_coroutine());
}

void SseCall::cancel() {
  conversation_->cancel();
  run_ = Task<>();
}

// At its deadline the conversation ends by itself, and the server is told.
Task<> SseCall::run(SseCall& call) {
  SseSession& session = call.session_;
  const std::string path = session.run_->post_path();
  auto posted = co_await session.wire_.post(path, std::move(call.request_), call.deadline_);
  if (posted) co_return;
  const bool is_late = call.deadline_.has_passed(session.wire_.scheduler().now());
  if (is_late && posted.error().fault() == Fault::timed_out) co_return;
  session.dialog_.fail(call.id_, posted.error());
}

Task<Result<std::unique_ptr<Session>>> open_sse_session(SseWire wire, InitializeParams params,
                                                        Deadline deadline) {
  SystemRandom random;
  auto session = std::make_unique<SseSession>(std::move(wire), random, std::move(params));
  CO_TRY(co_await session->bring_up(deadline));
  co_return std::unique_ptr<Session>(std::move(session));
}

}  // namespace upstream
