#include "gateway/mcp_session.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/sleep.h"
#include "base/unless.h"
#include "gateway/detail_mcp_session.h"
#include "upstream/driven.h"

namespace gateway {
namespace {

// More than a client has reason for; bounds what one session makes the server and us remember.
constexpr std::size_t in_flight_max = 256;
// A question to a client that listens may wait for a person; one that was lost on the way must not
// count for ever.
constexpr auto answered_within = std::chrono::minutes(10);
// Listeners are numbered apart from the requests of any core.
constexpr StreamId first_listener = StreamId{0xffff} << 48;

using Kind = policy::McpSubject::Kind;

tl::unexpected<Error> cancelled_by_client() {
  return failed(Fault::cancelled, "the client cancelled the request");
}

std::optional<upstream::QuestionId> question_of(const mcp::Id& id) {
  const std::string& text = id.raw();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return upstream::QuestionId{number};
}

}  // namespace

McpSession::McpSession(Scheduler& scheduler, std::unique_ptr<upstream::Session> upstream,
                       std::unique_ptr<SessionTasks> tasks)
    : scheduler_(scheduler),
      upstream_(std::move(upstream)),
      offer_(mcp::task_offer(*upstream_->initialized().result())),
      tasks_(offer_.calls ? std::move(tasks) : nullptr),
      tools_(scheduler, *upstream_, "tools"),
      prompts_(scheduler, *upstream_, "prompts"),
      background_(scheduler) {}

// Calls that are given up by it have tasks of the group below to be told to the server.
McpSession::~McpSession() {
  in_flight_.clear();
}

// The client's id until its request is in flight; given up unless it gets there.
class McpSession::Claim {
 public:
  Claim(McpSession& session, const mcp::Id& id, StreamId stream)
      : session_(session), entry_(&*session.by_client_id_.emplace(id, Begun{stream, this}).first) {}
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() {
    if (entry_ != nullptr) session_.drop_client_id(entry_->first);
  }
  // The key in the table, whose entry is the flight's from now on.
  const mcp::Id& keep() {
    entry_->second.claim = nullptr;
    return std::exchange(entry_, nullptr)->first;
  }
  StreamId stream() const { return entry_->second.stream; }
  // The client takes its request back.
  void cancel() {
    is_cancelled_ = true;
    session_.claim_cancelled_.notify_all();
  }
  bool is_cancelled() const { return is_cancelled_; }

  std::unique_ptr<TaskPart> task;  // null for nearly all

 private:
  McpSession& session_;
  std::pair<const mcp::Id, Begun>* entry_;  // null once it is kept
  bool is_cancelled_ = false;
};

Task<> McpSession::until_cancelled(const Claim& claim) {
  while (!claim.is_cancelled()) {
    co_await claim_cancelled_.wait();
  }
}

Result<> McpSession::admit(const mcp::Id& id) const {
  if (is_ended_) return failed(Fault::not_found, "the session has ended");
  if (by_client_id_.contains(id)) {
    return failed(Fault::conflict, "a request of this id is in flight");
  }
  if (by_client_id_.size() >= in_flight_max) {
    return failed(Fault::too_many, "too many requests in flight");
  }
  return {};
}

Task<Result<>> McpSession::start(StreamId stream, mcp::Message request, Deadline deadline) {
  CO_TRY(admit(request.id()));
  Claim claim(*this, request.id(), stream);
  const mcp::Call call(request.method(), request.params(), deadline);
  std::optional<Result<>> begun = begin_now(claim, call);
  if (!begun) begun = co_await begin(claim, call);
  co_return std::move(*begun);
}

void McpSession::enter(Claim& claim, const mcp::Call& call,
                       std::unique_ptr<upstream::Conversation> conversation) {
  const StreamId stream = claim.stream();
  auto flight = std::make_shared<InFlight>(stream, claim.keep(), list_of(call.method()),
                                           std::move(conversation));
  if (claim.task && claim.task->kind == TaskPart::Kind::drives) {
    flight->conversation = upstream::drive(*upstream_, std::move(flight->conversation),
                                           claim.task->deadline, background_);
  }
  flight->task = std::move(claim.task);
  in_flight_.emplace(stream, std::move(flight));
}

std::optional<Result<>> McpSession::begin_now(Claim& claim, const mcp::Call& call) {
  auto begun = upstream_->start_now(call);
  if (!begun) return std::nullopt;
  if (!*begun) return tl::unexpected(std::move(*begun).error());
  enter(claim, call, std::move(**begun));
  return Result<>();
}

Task<Result<>> McpSession::begin(Claim& claim, const mcp::Call& call) {
  Task<> cancelled = until_cancelled(claim);
  auto starting = upstream_->start(call);
  auto begun = co_await unless(std::move(cancelled), std::move(starting));
  if (!begun || claim.is_cancelled()) co_return cancelled_by_client();
  if (!*begun) co_return tl::unexpected(std::move(*begun).error());
  enter(claim, call, std::move(**begun));
  co_return Result<>();
}

Task<Result<std::optional<upstream::Event>>> McpSession::call(StreamId stream, CallOrder order) {
  CO_TRY(admit(order.request.id()));
  Claim claim(*this, order.request.id(), stream);
  if (!order.is_allowed || !is_surely_known(order)) {
    CO_TRY(const bool is_there, co_await look_up(claim, order));
    if (!is_there) co_return std::nullopt;
  }
  mcp::Call call(order.request.method(), order.request.params(), order.deadline);
  if (order.can_come_back) call.tell_pauses();
  if (offer_.calls) claim.task = task_part(order, call);
  if (claim.task && claim.task->is_lost) {
    CO_TRY(upstream::Event refused,
           upstream::Event::result(
               mcp::error_text(order.request.id(), mcp::Code::invalid_params, "Invalid cursor")));
    co_return std::optional<upstream::Event>(std::move(refused));
  }
  std::optional<Result<>> begun = begin_now(claim, call);
  if (!begun) begun = co_await begin(claim, call);
  if (!*begun) co_return tl::unexpected(std::move(*begun).error());
  co_return co_await next(stream);
}

Task<Result<bool>> McpSession::look_up(const Claim& claim, const CallOrder& order) {
  Task<> cancelled = until_cancelled(claim);
  Task<Result<bool>> looking_up = look_up(order);
  auto is_there = co_await unless(std::move(cancelled), std::move(looking_up));
  if (!is_there || claim.is_cancelled()) co_return cancelled_by_client();
  co_return std::move(*is_there);
}

Task<Result<bool>> McpSession::look_up(const CallOrder& order) {
  if (order.is_allowed) co_return co_await knows(order.kind, order.name);
  CO_TRY(co_await pretend(order.kind));
  co_return false;
}

bool McpSession::is_surely_known(const CallOrder& order) const {
  if (order.kind == Kind::tool) return tools_.surely_knows(order.name);
  if (order.kind == Kind::prompt) return prompts_.surely_knows(order.name);
  return true;
}

void McpSession::forget(StreamId stream) {
  const auto found = in_flight_.find(stream);
  if (found == in_flight_.end()) return;
  drop_client_id(*found->second->client_id);
  in_flight_.erase(found);
  // A call that is over waits for no answers, whatever it asked before.
  bool has_asked = false;
  for (auto& [question, asked] : asked_) {
    if (asked.stream == stream && !is_anothers(asked)) has_asked = true;
  }
  if (has_asked) background_.spawn(refuse_asked(stream));
}

// Whether another call may wait for the answer, to which it belongs from now on.
bool McpSession::is_anothers(Asked& asked) const {
  while (!asked.others.empty()) {
    const StreamId other = asked.others.back();
    asked.others.pop_back();
    if (!in_flight_.contains(other)) continue;
    asked.stream = other;
    return true;
  }
  return false;
}

Task<Result<upstream::Event>> McpSession::next(StreamId stream) {
  const auto found = in_flight_.find(stream);
  if (found == in_flight_.end()) co_return cancelled_by_client();
  const std::shared_ptr<InFlight> flight = found->second;
  for (;;) {
    auto event = co_await flight->conversation->next();
    while (event && event->kind() == upstream::Event::Kind::pause && !may_pause()) {
      event = co_await flight->conversation->next();
    }
    if (event) {
      observe(*event);
      note_question(stream, *event);
      learn(flight->list, *event);
    }
    if (!event || event->kind() == upstream::Event::Kind::result) forget(stream);
    if (!event || !offer_.calls) co_return event;
    auto seen = exposed(flight.get(), std::move(*event));
    if (!seen) co_return tl::unexpected<Error>(seen.error());
    if (*seen) co_return std::move(**seen);
  }
}

Task<> McpSession::leave(StreamId stream) {
  const auto found = in_flight_.find(stream);
  if (found != in_flight_.end()) background_.spawn(finish(found->second));
  co_await refuse_asked(stream);
}

// What was asked on a stream that nobody reads may never have arrived; the server must not wait for
// it, nor run out of questions.
Task<> McpSession::refuse_asked(StreamId stream) {
  std::vector<upstream::QuestionId> lost;
  for (const auto& [question, asked] : asked_) {
    if (asked.stream == stream) lost.push_back(question);
  }
  for (const upstream::QuestionId question : lost) {
    asked_.erase(question);
    co_await refuse(question);
  }
}

// Question numbers grow, so the first is the oldest.
Task<> McpSession::refuse_old_questions() {
  while (!asked_.empty()) {
    const Deadline expiry = Deadline::in(asked_.begin()->second.at, answered_within);
    if (!expiry.has_passed(scheduler_.now())) {
      co_await sleep_until(expiry);
      continue;  // it may have been answered meanwhile
    }
    const upstream::QuestionId question = asked_.begin()->first;
    asked_.erase(asked_.begin());
    co_await refuse(question);
  }
  is_expiring_ = false;
}

void McpSession::note_question(StreamId stream, const upstream::Event& event) {
  if (event.kind() != upstream::Event::Kind::question) return;
  std::vector<StreamId> others;
  if (event.is_guess()) {
    for (const auto& [other, flight] : in_flight_) {
      if (other != stream) others.push_back(other);
    }
  }
  asked_.insert_or_assign(event.question(), Asked{stream, scheduler_.now(), std::move(others)});
  if (std::exchange(is_expiring_, true)) return;
  background_.spawn(refuse_old_questions());
}

Catalogue* McpSession::list_of(std::string_view method) {
  if (method == "tools/list") return &tools_;
  return method == "prompts/list" ? &prompts_ : nullptr;
}

void McpSession::learn(Catalogue* list, const upstream::Event& event) {
  if (list == nullptr || event.kind() != upstream::Event::Kind::result) return;
  if (event.message().result()) list->learn(*event.message().result());
}

// By the place in the table, since `id` may be the key itself.
void McpSession::drop_client_id(const mcp::Id& id) {
  by_client_id_.erase(by_client_id_.find(id));
}

Task<> McpSession::finish(std::shared_ptr<InFlight> flight) {
  for (;;) {
    auto event = co_await next(flight->stream);
    if (!event || event->kind() == upstream::Event::Kind::result) break;
    if (event->kind() != upstream::Event::Kind::question) continue;
    const upstream::QuestionId question = event->question();
    co_await refuse(question);
  }
}

Task<> McpSession::refuse(upstream::QuestionId question) {
  // It may be answered or withdrawn by now; then there is nothing left to refuse.
  [[maybe_unused]] auto told =
      co_await upstream_->refuse(question, mcp::Code::internal_error, "the client is gone");
}

Task<Result<>> McpSession::notify(mcp::Message notification) {
  if (notification.method() != "notifications/cancelled") {
    const auto related =
        offer_.calls ? mcp::related_task(notification.params()) : std::optional<std::string_view>();
    if (related) {
      mcp::ParamsEdit edit;
      edit.related_task = own_related_task(*related);
      CO_TRY(const json::Document params,
             json::Document::parse(mcp::edited_params(notification.params(), edit)));
      const json::Value root = params.root();
      co_return co_await upstream_->notify(notification.method(), root);
    }
    co_return co_await upstream_->notify(notification.method(), notification.params());
  }
  const auto named = notification.params().find("requestId");
  const auto id = named ? mcp::Id::from(*named) : std::nullopt;
  const auto found = id ? by_client_id_.find(*id) : by_client_id_.end();
  if (found == by_client_id_.end()) co_return Result<>();
  if (found->second.claim != nullptr) {
    found->second.claim->cancel();
    co_return Result<>();
  }
  const auto flight = in_flight_.find(found->second.stream);
  if (flight == in_flight_.end()) co_return Result<>();
  const std::shared_ptr<InFlight> ended = flight->second;
  forget(ended->stream);
  ended->conversation->cancel();
  co_return Result<>();
}

Task<Result<>> McpSession::respond(mcp::Message response) {
  const auto question = question_of(response.id());
  if (!question) co_return Result<>();
  const upstream::QuestionId asked = *question;
  asked_.erase(asked);
  auto answered = co_await upstream_->answer(asked, response);
  // The question may be gone: its call was cancelled or timed out. That is no mistake of the
  // client.
  if (!answered && answered.error().fault() != Fault::not_found) co_return answered;
  co_return Result<>();
}

Task<> McpSession::end() {
  is_ended_ = true;
  listener_ = 0;
  listener_changed_.notify_all();
  co_return;
}

Task<> McpSession::end_for_all() {
  upstream_->unshare();
  return end();
}

Task<StreamId> McpSession::listen() {
  listener_ = first_listener | ++last_listener_;
  listener_changed_.notify_all();
  co_return listener_;
}

Task<> McpSession::until_replaced(StreamId listener) {
  while (listener_ == listener) {
    co_await listener_changed_.wait();
  }
}

Task<Result<upstream::Event>> McpSession::next_unsolicited(StreamId listener) {
  if (is_ended_ || listener_ != listener) {
    co_return failed(Fault::conflict, "another stream took over, or the session has ended");
  }
  for (;;) {
    Task<> replaced = until_replaced(listener);
    Task<Result<upstream::Event>> coming = upstream_->next_unsolicited();
    auto event = co_await unless(std::move(replaced), std::move(coming));
    if (!event) co_return failed(Fault::conflict, "another stream took over");
    if (!*event) co_return std::move(*event);
    observe(**event);
    note_question(listener, **event);
    if (!offer_.calls) co_return std::move(*event);
    auto seen = exposed(nullptr, std::move(**event));
    if (!seen) co_return tl::unexpected<Error>(seen.error());
    if (*seen) co_return std::move(**seen);
  }
}

void McpSession::observe(const upstream::Event& event) {
  if (event.kind() != upstream::Event::Kind::notification) return;
  if (event.method() == "notifications/tools/list_changed") tools_.expire();
  if (event.method() == "notifications/prompts/list_changed") prompts_.expire();
}

Task<Result<bool>> McpSession::knows(Kind kind, std::string name) {
  if (kind == Kind::tool) co_return co_await tools_.knows(std::move(name));
  if (kind == Kind::prompt) co_return co_await prompts_.knows(std::move(name));
  co_return true;
}

Task<Result<>> McpSession::pretend(Kind kind) {
  if (kind == Kind::tool) co_return co_await tools_.refresh();
  if (kind == Kind::prompt) co_return co_await prompts_.refresh();
  co_return Result<>();
}

}  // namespace gateway
