#include "gateway/mcp_session.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/sleep.h"
#include "base/unless.h"

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

std::optional<upstream::QuestionId> question_of(const mcp::Id& id) {
  const std::string& text = id.raw();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return upstream::QuestionId{number};
}

}  // namespace

struct McpSession::InFlight {
  InFlight(StreamId the_stream, const mcp::Id& id, Catalogue* shown,
           std::unique_ptr<upstream::Conversation> call)
      : stream(the_stream), client_id(&id), list(shown), conversation(std::move(call)) {}

  StreamId stream;
  const mcp::Id* client_id;  // the key in by_client_id_; as long as it is in flight
  Catalogue* list;           // what the result is a page of; null for nearly all calls
  std::unique_ptr<upstream::Conversation> conversation;
};

McpSession::McpSession(Scheduler& scheduler, std::unique_ptr<upstream::Session> upstream)
    : scheduler_(scheduler),
      upstream_(std::move(upstream)),
      tools_(scheduler, *upstream_, "tools"),
      prompts_(scheduler, *upstream_, "prompts"),
      background_(scheduler) {}

McpSession::~McpSession() = default;

// The client's id while its request is being started; given up unless the request gets into flight.
class McpSession::Claim {
 public:
  Claim(McpSession& session, const mcp::Id& id, StreamId stream)
      : session_(session), id_(session.by_client_id_.emplace(id, stream).first->first) {}
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() {
    if (!is_kept_) session_.drop_client_id(id_);
  }
  const mcp::Id& keep() {
    is_kept_ = true;
    return id_;
  }

 private:
  McpSession& session_;
  const mcp::Id& id_;  // the key in the table
  bool is_kept_ = false;
};

Task<Result<>> McpSession::start(StreamId stream, mcp::Message request, mcp::ParamsEdit edit,
                                 Deadline deadline, bool tells_pauses) {
  if (is_ended_) co_return failed(Fault::not_found, "the session has ended");
  if (by_client_id_.contains(request.id())) {
    co_return failed(Fault::conflict, "a request of this id is in flight");
  }
  if (by_client_id_.size() >= in_flight_max) {
    co_return failed(Fault::too_many, "too many requests in flight");
  }
  Claim claim(*this, request.id(), stream);
  mcp::Call call(request.method(), request.params(), deadline);
  call.change(std::move(edit));
  if (tells_pauses) call.tell_pauses();
  Catalogue* const list = list_of(request.method());
  auto begun = upstream_->start_now(call);
  if (!begun) {
    begun = co_await upstream_->start(std::move(call));
  }
  if (!*begun) co_return tl::unexpected(std::move(*begun).error());
  in_flight_.emplace(stream,
                     std::make_shared<InFlight>(stream, claim.keep(), list, std::move(**begun)));
  co_return Result<>();
}

Task<Result<std::optional<upstream::Event>>> McpSession::call(StreamId stream, CallOrder order) {
  if (!order.is_allowed) {
    CO_TRY(co_await pretend(order.kind));
    co_return std::nullopt;
  }
  if (!is_surely_known(order)) {
    CO_TRY(const bool is_known, co_await knows(order.kind, order.name));
    if (!is_known) co_return std::nullopt;
  }
  const mcp::ParamsEdit unchanged;
  CO_TRY(co_await start(stream, std::move(order.request), unchanged, order.deadline,
                        order.can_come_back));
  co_return co_await next(stream);
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
  const bool has_asked = std::any_of(asked_.begin(), asked_.end(), [&](const auto& question) {
    return question.second.stream == stream;
  });
  if (has_asked) background_.spawn(refuse_asked(stream));
}

Task<Result<upstream::Event>> McpSession::next(StreamId stream) {
  const auto found = in_flight_.find(stream);
  if (found == in_flight_.end())
    co_return failed(Fault::cancelled, "the client cancelled the request");
  const std::shared_ptr<InFlight> flight = found->second;
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
  co_return event;
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
  asked_.insert_or_assign(event.question(), Asked{stream, scheduler_.now()});
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
    co_return co_await upstream_->notify(notification.method(), notification.params());
  }
  const auto named = notification.params().find("requestId");
  const auto id = named ? mcp::Id::from(*named) : std::nullopt;
  const auto found = id ? by_client_id_.find(*id) : by_client_id_.end();
  if (found == by_client_id_.end()) co_return Result<>();
  const auto flight = in_flight_.find(found->second);
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
  Task<> replaced = until_replaced(listener);
  Task<Result<upstream::Event>> coming = upstream_->next_unsolicited();
  auto event = co_await unless(std::move(replaced), std::move(coming));
  if (!event) co_return failed(Fault::conflict, "another stream took over");
  if (*event) {
    observe(**event);
    note_question(listener, **event);
  }
  co_return std::move(*event);
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
