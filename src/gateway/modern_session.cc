#include "gateway/modern_session.h"

#include <algorithm>
#include <utility>

#include "base/sleep.h"
#include "json/write.h"
#include "mcp/task.h"
#include "mcp/write.h"
#include "upstream/driven.h"

namespace gateway {
namespace {

// Questions that a server asks in one go reach the client in one answer.
constexpr auto questions_together = std::chrono::milliseconds(5);
// Fetched ahead of the client; the rest waits at the upstream.
constexpr std::size_t events_ahead_max = 64;
// The gateway's own small requests (levels, subscriptions).
constexpr auto own_within = std::chrono::seconds(10);
constexpr std::size_t subscriptions_max = 1000;

using Kind = policy::McpSubject::Kind;

// How a subscription is made and ended.
struct Subscription {
  explicit Subscription(const Notice& what) {
    const bool is_task = what.kind == Notice::Kind::task;
    if (is_task) begin = upstream::watch_task;
    if (is_task) end = upstream::unwatch_task;
    json::Writer out;
    params =
        out.begin_object().name(is_task ? "taskId" : "uri").string(what.name).end_object().take();
  }
  std::string begin = "resources/subscribe";
  std::string end = "resources/unsubscribe";
  std::string params;
};

std::optional<Notice> notice_of(const upstream::Event& event) {
  const std::string_view method = event.method();
  if (method == "notifications/tools/list_changed") return Notice(Notice::Kind::tools);
  if (method == "notifications/prompts/list_changed") return Notice(Notice::Kind::prompts);
  if (method == "notifications/resources/list_changed") return Notice(Notice::Kind::resources);
  const json::Value params = event.message().params();
  if (event.method() == "notifications/tasks/status") {
    const auto id = params.find_string("taskId");
    if (!id) return std::nullopt;
    return Notice(Notice::Kind::task, std::string(*id), mcp::one_line(params.raw()));
  }
  if (event.method() != "notifications/resources/updated") return std::nullopt;
  const auto uri = params.find_string("uri");
  if (!uri) return std::nullopt;
  return Notice(Notice::Kind::updated, std::string(*uri));
}

std::shared_ptr<const ServerFace> face_of(const upstream::Session& session) {
  const json::Value result = session.initialized().result().value_or(json::Value());
  const auto info = result.find("serverInfo");
  ServerFace face{mcp::one_line(result.raw()), info ? mcp::one_line(info->raw()) : std::string(),
                  session.has_tasks_extension()};
  return std::make_shared<const ServerFace>(std::move(face));
}

}  // namespace

struct ModernSession::Call {
  struct Asked {
    upstream::QuestionId question;
    mcp::InputRequest request;
  };
  Call(std::unique_ptr<upstream::Conversation> the_conversation, Catalogue* the_list, bool alone,
       mcp::AskCapabilities capabilities, std::optional<mcp::LogLevel> level)
      : conversation(std::move(the_conversation)),
        list(the_list),
        is_alone(alone),
        asks(capabilities),
        log_level(level) {}

  // The server's own key, if it is of a revision that has them, else one of ours.
  std::string key_of(const mcp::Message& question) {
    auto own = mcp::input_key(question.params());
    const bool is_free = std::none_of(asked.begin(), asked.end(), [&](const Asked& other) {
      return own && other.request.key == *own;
    });
    if (own && is_free) return std::move(*own);
    return "ask-" + std::to_string(++last_key);
  }

  // The answer that the client gave before it was asked; our own keys nobody can know before.
  std::optional<std::string> take_given(const mcp::Message& question) {
    const auto key = mcp::input_key(question.params());
    const auto found = std::find_if(given.begin(), given.end(), [&](const InputResponse& response) {
      return response.key == key;
    });
    if (found == given.end()) return std::nullopt;
    std::string result = std::move(found->result);
    given.erase(found);
    return result;
  }

  bool is_parked() const { return parked_until.has_value(); }

  std::unique_ptr<upstream::Conversation> conversation;
  Catalogue* list;  // what the result is a page of; null for most
  const bool is_alone;
  const mcp::AskCapabilities asks;
  const std::optional<mcp::LogLevel> log_level;
  std::deque<upstream::Event> events;
  std::vector<InputResponse> given;
  std::vector<Asked> asked;
  Instant asked_at;  // the last time that there came one after none
  unsigned last_key = 0;
  std::optional<Deadline> parked_until;
  std::optional<Error> ended;
  Signal changed;  // for the reader of the events and for who fetches them
};

ModernSession::ModernSession(Scheduler& scheduler, Task<Result<Upstream>> opening, bool reads_on,
                             std::shared_ptr<Board> board)
    : scheduler_(scheduler), reads_on_(reads_on), board_(std::move(board)), background_(scheduler) {
  background_.spawn(open(std::move(opening)));
}

// Calls that are given up by it have tasks of the group below to be told to the server.
ModernSession::~ModernSession() {
  calls_.clear();
}

Task<> ModernSession::open(Task<Result<Upstream>> opening) {
  auto opened = co_await std::move(opening);
  if (opened) {
    upstream_ = std::move(*opened);
    has_tasks_ = mcp::task_offer(upstream_->initialized().result().value_or(json::Value())).calls;
    face_ = face_of(*upstream_);
    tools_.emplace(scheduler_, *upstream_, "tools");
    prompts_.emplace(scheduler_, *upstream_, "prompts");
  } else {
    failed_ = std::move(opened).error();
  }
  opened_.notify_all();
  if (upstream_ && reads_on_) co_await read_on();
}

Task<Result<>> ModernSession::until_open() {
  while (!upstream_ && !failed_) {
    co_await opened_.wait();
  }
  if (failed_) co_return tl::unexpected<Error>(*failed_);
  co_return Result<>();
}

Task<Result<std::shared_ptr<const ServerFace>>> ModernSession::face() {
  CO_TRY(co_await until_open());
  co_return face_;
}

Task<Result<std::vector<std::string>>> ModernSession::names(Kind kind) {
  CO_TRY(co_await until_open());
  Catalogue& list = kind == Kind::tool ? *tools_ : *prompts_;
  CO_TRY(co_await list.refresh());
  co_return std::vector<std::string>(list.names().begin(), list.names().end());
}

Task<Result<std::vector<mcp::MirroredArgument>>> ModernSession::mirrored(std::string tool) {
  CO_TRY(co_await until_open());
  if (!tools_->surely_knows(tool)) {
    CO_TRY([[maybe_unused]] const bool is_known, co_await tools_->knows(tool));
  }
  const auto* found = tools_->mirrored(tool);
  co_return found != nullptr ? *found : std::vector<mcp::MirroredArgument>();
}

Task<Result<bool>> ModernSession::is_there(const ModernOrder& order) {
  if (order.kind != Kind::tool && order.kind != Kind::prompt) co_return order.is_allowed;
  Catalogue& list = order.kind == Kind::tool ? *tools_ : *prompts_;
  if (!order.is_allowed) {
    CO_TRY(co_await list.refresh());
    co_return false;
  }
  if (list.surely_knows(order.name)) co_return true;
  co_return co_await list.knows(order.name);
}

Task<Result<bool>> ModernSession::begin(StreamId stream, ModernOrder order) {
  CO_TRY(co_await until_open());
  CO_TRY(const bool is_known, co_await is_there(order));
  if (!is_known) co_return false;
  if (order.is_alone && order.log_level) {
    CO_TRY(co_await set_level(*order.log_level));
  }
  const std::string_view method = order.request.method();
  Catalogue* list = nullptr;
  if (method == "tools/list") list = &*tools_;
  if (method == "prompts/list") list = &*prompts_;
  mcp::Call request(method, order.request.params(), order.deadline);
  // To clients of this era a tool that its server runs only as a task is one like any other.
  const bool is_driven =
      has_tasks_ && order.kind == Kind::tool && tools_->requires_task(order.name);
  if (is_driven) {
    mcp::ParamsEdit edit;
    upstream::prepare_driven(request, edit, scheduler_.now());
    request.change(std::move(edit));
  }
  if (order.follows_tasks) request.follow_tasks();
  CO_TRY(auto conversation, co_await upstream_->start(std::move(request)));
  if (is_driven) {
    conversation =
        upstream::drive(*upstream_, std::move(conversation), order.deadline, background_);
  }
  auto call = std::make_shared<Call>(std::move(conversation), list, order.is_alone, order.asks,
                                     order.log_level);
  call->given = std::move(order.given);
  calls_.emplace(stream, call);
  background_.spawn(read(std::move(call)));
  co_return true;
}

// What the server sends is filtered besides, so a server that cannot set it does no harm.
Task<Result<>> ModernSession::set_level(mcp::LogLevel level) {
  if (level_ == level) co_return Result<>();
  const json::Value result = upstream_->initialized().result().value_or(json::Value());
  const auto capabilities = result.find("capabilities");
  if (!capabilities || !capabilities->find("logging")) co_return Result<>();
  json::Writer params;
  params.begin_object().name("level").string(mcp::text_of(level)).end_object();
  CO_TRY([[maybe_unused]] const upstream::Event done,
         co_await call_own("logging/setLevel", params.take()));
  level_ = level;
  co_return Result<>();
}

ModernSession::OwnCall ModernSession::call_own(std::string method, std::string params) {
  CO_TRY(const auto document, json::Document::parse(std::move(params)));
  mcp::Call call(method, document.root(), Deadline::in(scheduler_.now(), own_within));
  call.make_own();
  CO_TRY(auto conversation, co_await upstream_->start(std::move(call)));
  for (;;) {
    CO_TRY(auto event, co_await conversation->next());
    if (event.kind() == upstream::Event::Kind::result) co_return event;
  }
}

ModernSession::CallPlace ModernSession::find(StreamId stream) const {
  const auto found = calls_.find(stream);
  return found == calls_.end() ? nullptr : found->second;
}

Task<> ModernSession::read(CallPlace call) {
  for (;;) {
    while (call->events.size() >= events_ahead_max) {
      co_await call->changed.wait();
    }
    auto event = co_await call->conversation->next();
    if (!event) {
      call->ended = std::move(event).error();
      break;
    }
    const bool is_last = event->kind() == upstream::Event::Kind::result;
    co_await take(*call, std::move(*event));
    if (is_last) break;
  }
  call->changed.notify_all();
}

Task<> ModernSession::take(Call& call, upstream::Event event) {
  observe(event);
  switch (event.kind()) {
    case upstream::Event::Kind::progress:
    case upstream::Event::Kind::notification:
      take_notification(call, std::move(event));
      break;
    case upstream::Event::Kind::result:
      if (call.list != nullptr && event.message().result()) {
        call.list->learn(*event.message().result());
      }
      call.events.push_back(std::move(event));
      break;
    case upstream::Event::Kind::question:
      co_await take_question(call, std::move(event));
      break;
    case upstream::Event::Kind::pause:
      break;  // its client could not come back
  }
  call.changed.notify_all();
}

Task<> ModernSession::take_question(Call& call, upstream::Event event) {
  const upstream::QuestionId question = event.question();
  if (!call.is_alone || !call.asks.allow(event.message())) {
    co_await refuse(question, mcp::Code::method_not_found, "Method not found");
    co_return;
  }
  if (auto given = call.take_given(event.message())) {
    [[maybe_unused]] auto passed = co_await pass_answer(question, std::move(*given));
    co_return;
  }
  if (call.asked.empty()) call.asked_at = scheduler_.now();
  mcp::InputRequest request{call.key_of(event.message()), std::string(event.method()),
                            mcp::question_params(event.message().params())};
  call.asked.push_back(Call::Asked{question, std::move(request)});
}

// While a call is parked there is nobody to tell of progress. Log messages go to who asked for
// them, and where the server cannot say whose they are, to nobody.
void ModernSession::take_notification(Call& call, upstream::Event event) {
  if (event.method() == "notifications/cancelled") {
    // A question is taken back. The client's copy of the message has our number of it.
    const auto text = mcp::read(event.text(), mcp::Sender::server);
    const auto named = text ? text->params().find("requestId") : std::nullopt;
    const auto number = named ? named->as_uint() : std::nullopt;
    if (!number) return;
    std::erase_if(call.asked, [&](const Call::Asked& asked) {
      return asked.question == upstream::QuestionId{*number};
    });
    return;
  }
  if (call.is_parked()) return;
  if (event.kind() == upstream::Event::Kind::progress) {
    call.events.push_back(std::move(event));
    return;
  }
  if (event.method() != "notifications/message" || !call.is_alone || !call.log_level) return;
  const auto level =
      mcp::read_log_level(event.message().params().find_string("level").value_or(""));
  if (level && *level >= *call.log_level) call.events.push_back(std::move(event));
}

upstream::Event ModernSession::take_first(StreamId stream, const CallPlace& call) {
  upstream::Event event = std::move(call->events.front());
  call->events.pop_front();
  call->changed.notify_all();
  if (event.kind() == upstream::Event::Kind::result) {
    calls_.erase(stream);
    if (!call->asked.empty()) background_.spawn(refuse_asked(call));
  }
  return event;
}

Task<Result<Turn>> ModernSession::next(StreamId stream) {
  const CallPlace call = find(stream);
  if (!call) co_return failed(Fault::not_found, "the call is over");
  for (;;) {
    if (!call->events.empty()) co_return Turn(take_first(stream, call));
    if (call->ended) {
      calls_.erase(stream);
      co_return tl::unexpected<Error>(*call->ended);
    }
    Deadline together = Deadline::never();
    if (!call->asked.empty()) together = Deadline::in(call->asked_at, questions_together);
    if (together.has_passed(scheduler_.now())) break;
    co_await call->changed.wait(together);
  }
  std::vector<mcp::InputRequest> questions;
  for (const Call::Asked& asked : call->asked) questions.push_back(asked.request);
  co_return Turn(std::move(questions));
}

Task<> ModernSession::park(StreamId stream, Deadline until) {
  const CallPlace call = find(stream);
  if (!call) co_return;
  call->parked_until = until;
  std::erase_if(call->events, [](const upstream::Event& event) {
    return event.kind() != upstream::Event::Kind::result;
  });
  call->changed.notify_all();
  if (!std::exchange(is_giving_up_, true)) background_.spawn(give_up_parked());
}

Task<Result<>> ModernSession::answer(StreamId stream, std::vector<InputResponse> responses) {
  const CallPlace call = find(stream);
  if (!call) co_return failed(Fault::not_found, "the call is over");
  call->parked_until.reset();
  for (InputResponse& response : responses) {
    const auto asked =
        std::find_if(call->asked.begin(), call->asked.end(),
                     [&](const Call::Asked& one) { return one.request.key == response.key; });
    if (asked == call->asked.end()) continue;
    const upstream::QuestionId question = asked->question;
    call->asked.erase(asked);
    CO_TRY(co_await pass_answer(question, std::move(response.result)));
  }
  co_return Result<>();
}

Task<Result<>> ModernSession::pass_answer(upstream::QuestionId question, std::string result) {
  const mcp::Id id(static_cast<std::uint64_t>(question));
  auto message = mcp::read(mcp::result_text(id, result), mcp::Sender::client);
  if (!message) co_return failed(Fault::bad_request, message.error().why());
  // The server may have taken it back meanwhile.
  [[maybe_unused]] auto answered = co_await upstream_->answer(question, *message);
  co_return Result<>();
}

Task<> ModernSession::abandon(StreamId stream) {
  const CallPlace call = find(stream);
  if (!call) co_return;
  calls_.erase(stream);
  co_await refuse_asked(call);
  call->conversation->cancel();
  // Who fetches ahead may be waiting for a reader that will never come.
  call->events.clear();
  call->changed.notify_all();
}

Task<> ModernSession::refuse_asked(CallPlace call) {
  while (!call->asked.empty()) {
    const upstream::QuestionId question = call->asked.back().question;
    call->asked.pop_back();
    co_await refuse(question, mcp::Code::internal_error, "the client did not answer");
  }
}

// Runs while calls are parked; one that was not taken up in time ends.
Task<> ModernSession::give_up_parked() {
  for (;;) {
    const auto sooner = [](const auto& one, const auto& other) {
      const Deadline never = Deadline::never();
      return one.second->parked_until.value_or(never).at() <
             other.second->parked_until.value_or(never).at();
    };
    const auto first = std::min_element(calls_.begin(), calls_.end(), sooner);
    if (first == calls_.end() || !first->second->is_parked()) break;
    const Deadline until = *first->second->parked_until;
    if (until.has_passed(scheduler_.now())) {
      const StreamId stream = first->first;
      co_await abandon(stream);
    } else {
      co_await sleep_until(until);
    }
  }
  is_giving_up_ = false;
}

Task<> ModernSession::refuse(upstream::QuestionId question, mcp::Code code, std::string_view why) {
  [[maybe_unused]] auto refused = co_await upstream_->refuse(question, code, why);
}

Task<> ModernSession::read_on() {
  reads_on_ = true;
  if (upstream_ && !std::exchange(is_pumping_, true)) background_.spawn(pump());
  co_return;
}

// What belongs to no call: changes go to who listens for them; a question cannot reach the client,
// which answers only while it waits for something.
Task<> ModernSession::pump() {
  for (;;) {
    auto event = co_await upstream_->next_unsolicited();
    if (!event) break;
    if (event->kind() == upstream::Event::Kind::question) {
      const upstream::QuestionId question = event->question();
      co_await refuse(question, mcp::Code::method_not_found, "no request of the client is open");
      continue;
    }
    observe(*event);
    const auto notice = notice_of(*event);
    if (!notice || !board_) continue;
    for (const InboxHome& inbox : board_->inboxes()) {
      Notice copy = *notice;
      [[maybe_unused]] auto told = co_await inbox->ask(&Inbox::put, std::move(copy));
    }
  }
  is_pumping_ = false;
}

void ModernSession::observe(const upstream::Event& event) {
  if (event.kind() != upstream::Event::Kind::notification) return;
  if (event.method() == "notifications/tools/list_changed") tools_->expire();
  if (event.method() == "notifications/prompts/list_changed") prompts_->expire();
}

Task<Result<>> ModernSession::subscribe(Notice what) {
  CO_TRY(co_await until_open());
  const auto found = subscribed_.find(what);
  if (found != subscribed_.end()) {
    ++found->second;
    co_return Result<>();
  }
  if (subscribed_.size() >= subscriptions_max) {
    co_return failed(Fault::too_many, "too many subscriptions in one session");
  }
  subscribed_.emplace(what, 1);
  Subscription how(what);
  auto answer = co_await call_own(std::move(how.begin), std::move(how.params));
  if (answer && !answer->message().error()) co_return Result<>();
  subscribed_.erase(what);
  if (!answer) co_return tl::unexpected<Error>(answer.error());
  co_return failed(Fault::upstream_failed, "the server refuses the subscription");
}

Task<> ModernSession::unsubscribe(Notice what) {
  const auto found = subscribed_.find(what);
  if (found == subscribed_.end() || --found->second > 0) co_return;
  subscribed_.erase(found);
  Subscription how(what);
  [[maybe_unused]] auto done = co_await call_own(std::move(how.end), std::move(how.params));
}

}  // namespace gateway
