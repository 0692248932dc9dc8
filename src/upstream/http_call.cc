#include <algorithm>

#include "base/sleep.h"
#include "base/text.h"
#include "upstream/detail_http_call.h"

namespace upstream {
namespace {

constexpr int resumed_without_news_max = 5;
constexpr Duration resumed_after = std::chrono::seconds(1);
constexpr Duration resumed_after_min = std::chrono::milliseconds(100);
constexpr Duration resumed_after_max = std::chrono::minutes(5);

bool is_response_to(const mcp::Message& message, std::uint64_t id) {
  return message.is_response() && message.id() == mcp::Id(id);
}

// Where to go on with an answer whose streams end before the result, and when.
class Interruptions {
 public:
  // One more. `is_ended`: by the server and not by what stands between. An error if there is no
  // going on.
  Result<> note(const EventMessages& events, bool is_ended) {
    if (!events.last_id().empty() && events.last_id() != last_id) {
      last_id = events.last_id();
      without_news_ = 0;
    }
    if (last_id.empty()) {
      return failed(Fault::upstream_failed, "the server ended its answer without a result");
    }
    // A server that says when to come back may be polled for as long as the call may take.
    says_when_ = says_when_ || events.retry();
    const bool is_polled = is_ended && says_when_;
    const bool has_news = ++without_news_ <= resumed_without_news_max;
    if (!has_news && !is_polled) {
      return failed(Fault::upstream_failed, "the server ends its answer again and again");
    }
    const Duration least = has_news ? resumed_after_min : resumed_after;
    wait = std::clamp(events.retry().value_or(wait), least, resumed_after_max);
    return {};
  }

  std::string last_id;
  Duration wait = resumed_after;

 private:
  int without_news_ = 0;
  bool says_when_ = false;
};

}  // namespace

HttpCall::HttpCall(HttpSession& session, Dialog::Apart call, Slot slot, Deadline deadline,
                   bool is_repeatable)
    : session_(session),
      id_(call.call),
      request_(std::move(call.request)),
      deadline_(deadline),
      is_repeatable_(is_repeatable),
      slot_(std::move(slot)),
      conversation_(std::move(call.conversation)),
      run_(run(*this)) {
  run_.start(scheduler(), std::noop_coroutine());
}

void HttpCall::cancel() {
  conversation_->cancel();
  run_ = Task<>();
}

Task<> HttpCall::run(HttpCall& call) {
  Result<> done = co_await call.talk();
  if (!done) call.fail(done.error());
}

// At its deadline the conversation ends by itself, and the server is told.
void HttpCall::fail(const Error& why) {
  const bool is_late = deadline_.has_passed(scheduler().now());
  if (is_late && why.fault() == Fault::timed_out) return;
  session_.dialog_.fail(id_, why);
}

// A session that the server has forgotten is opened again, once.
Task<Result<>> HttpCall::talk() {
  for (bool is_first = true;; is_first = false) {
    const std::uint64_t link = session_.link_.number;
    http::Request request = session_.post_of(request_);
    request.is_repeatable = is_repeatable_;
    CO_TRY(http::Response response, co_await session_.send(std::move(request), deadline_));
    switch (form_of(response)) {
      case AnswerForm::json:
        co_return co_await take_whole(std::move(response));
      case AnswerForm::events:
        co_return co_await follow(std::move(response));
      case AnswerForm::accepted:
        co_return failed(Fault::upstream_failed, "the server took the request without an answer");
      case AnswerForm::refused:
        break;
    }
    CO_TRY(Refusal refusal, co_await read_refusal(std::move(response), deadline_));
    if (!is_first || !session_.is_lost(refusal)) co_return take_refusal(std::move(refusal));
    CO_TRY(co_await session_.reopen(link, deadline_));
  }
}

// A JSON-RPC error is the answer, whatever its status.
Result<> HttpCall::take_refusal(Refusal refusal) {
  if (!refusal.message || !is_response_to(*refusal.message, id_)) {
    if (refusal.status == 200) distrust();
    return tl::unexpected<Error>(refusal.error());
  }
  session_.dialog_.receive(id_, std::move(*refusal.message));
  return {};
}

Task<Result<>> HttpCall::take_whole(http::Response response) {
  const std::size_t most = session_.place_->settings.answer_bytes_max;
  Result<std::string> text = response.body.take_whole(most);
  if (!response.body.is_whole()) text = co_await response.body.read_all(most, deadline_);
  if (!text && text.error().fault() == Fault::too_large) {
    co_return failed(Fault::upstream_failed,
                     "the server's answer is longer than " + std::to_string(most) + " bytes");
  }
  if (!text) co_return tl::unexpected<Error>(text.error());
  const Result<bool> is_result = take(std::move(*text));
  if (is_result && *is_result) co_return Result<>();
  distrust();
  if (!is_result) co_return tl::unexpected<Error>(is_result.error());
  co_return failed(Fault::upstream_failed, "the server's answer is none to this request");
}

// Whoever mistakes one answer for another may do so with the next on that connection.
void HttpCall::distrust() {
  session_.site_->pool().drop_idle(session_.place_->settings.endpoint);
}

// Gives the dialog what the server said; true if it was the result.
Result<bool> HttpCall::take(std::string text) {
  TRY(mcp::Message message, read_answer(std::move(text)));
  const bool is_result = is_response_to(message, id_);
  session_.dialog_.receive(id_, std::move(message));
  return is_result;
}

// An event stream, over as many connections as the server likes (2025-11-25, transports: it may
// close one before the result if it gave an event id to go on from).
Task<Result<>> HttpCall::follow(http::Response response) {
  EventMessages events(std::move(response.body), session_.place_->settings.event_bytes_max);
  Interruptions interruptions;
  for (;;) {
    CO_TRY(const StreamEnd end, co_await read_to_end(events));
    if (end == StreamEnd::result) {
      session_.site_->drain(std::move(events).take_rest());
      co_return Result<>();
    }
    CO_TRY(interruptions.note(events, end == StreamEnd::ended));
    // Only then the server means the client to come back (2025-11-25, transports: polling).
    const bool is_pause =
        end == StreamEnd::ended && session_.revision() >= mcp::Revision::v2025_11_25;
    if (is_pause) session_.dialog_.pause(id_, interruptions.wait);
    CO_TRY(events, co_await resume(interruptions.last_id, interruptions.wait));
  }
}

// What an error while a stream was read makes of it.
Result<HttpCall::StreamEnd> HttpCall::end_by(const Error& error) {
  const Fault fault = error.fault();
  if (fault == Fault::upstream_failed || fault == Fault::unavailable) return StreamEnd::broken;
  if (fault == Fault::too_large) return failed(Fault::upstream_failed, error.why());
  return tl::unexpected<Error>(error);
}

Task<Result<HttpCall::StreamEnd>> HttpCall::read_to_end(EventMessages& events) {
  for (;;) {
    auto text = co_await events.next(deadline_);
    if (!text) co_return end_by(text.error());
    if (!*text) co_return StreamEnd::ended;
    CO_TRY(const bool is_result, take(std::move(**text)));
    if (is_result) co_return StreamEnd::result;
    co_await session_.dialog_.wait_for_room(id_);
  }
}

Task<Result<EventMessages>> HttpCall::resume(std::string last_id, Duration wait) {
  co_await sleep_until(Deadline::in(scheduler().now(), wait).or_sooner(deadline_));
  if (deadline_.has_passed(scheduler().now())) {
    co_return failed(Fault::timed_out, "no answer in time");
  }
  http::Request request = session_.get_of(last_id);
  CO_TRY(http::Response response, co_await session_.send(std::move(request), deadline_));
  if (form_of(response) != AnswerForm::events) {
    co_return failed(Fault::upstream_failed, "the server does not go on with its answer: HTTP " +
                                                 std::to_string(response.status));
  }
  co_return EventMessages(std::move(response.body), session_.place_->settings.event_bytes_max);
}

}  // namespace upstream
