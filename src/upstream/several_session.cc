// Whose what a client sends is, and as whose it sees what comes back.

#include <algorithm>
#include <charconv>
#include <utility>

#include "json/write.h"
#include "mcp/task.h"
#include "mcp/write.h"
#include "upstream/detail_several_session.h"

namespace upstream {
namespace {

using Kind = mcp::Subject::Kind;

// Of the client's, at most; each target has a bound of its own besides.
constexpr std::size_t questions_max = 1000;

// One target's conversation, in the client's words.
class Relayed final : public Conversation {
 public:
  Relayed(SeveralSession& session, SeveralSession::Speaker speaker, std::string_view method,
          std::unique_ptr<Conversation> conversation)
      : session_(session),
        speaker_(std::move(speaker)),
        method_(method),
        conversation_(std::move(conversation)) {}

  Task<Result<Event>> next() override {
    for (;;) {
      CO_TRY(Event event, co_await conversation_->next());
      CO_TRY(auto seen, session_.exposed(speaker_, std::move(event), method_));
      if (seen) co_return std::move(*seen);
    }
  }
  void cancel() override { conversation_->cancel(); }

 private:
  SeveralSession& session_;
  const SeveralSession::Speaker speaker_;  // whose session outlives its conversation
  std::string method_;
  std::unique_ptr<Conversation> conversation_;
};

class Answered final : public Conversation {
 public:
  explicit Answered(Event result) : result_(std::move(result)) {}

  Task<Result<Event>> next() override {
    if (is_cancelled_) co_return failed(Fault::cancelled, "the call was cancelled");
    if (!result_) co_return failed(Fault::internal, "read behind the result");
    Event result = std::move(*result_);
    result_.reset();
    co_return std::move(result);
  }
  void cancel() override { is_cancelled_ = true; }

 private:
  std::optional<Event> result_;
  bool is_cancelled_ = false;
};

Result<std::unique_ptr<Conversation>> answered(Result<Event> result) {
  if (!result) return tl::unexpected<Error>(result.error());
  return answered(std::move(*result));
}

// What a call of the client names.
struct Named {
  Kind kind = Kind::none;
  std::string name;
};

// The reference of a completion says by its type what it names.
Named named_in(json::Value reference, const mcp::ParamsEdit& edit) {
  const bool is_prompt = reference.find_string("type") == "ref/prompt";
  const auto said = reference.find_string(is_prompt ? "name" : "uri").value_or("");
  return Named{is_prompt ? Kind::prompt : Kind::resource,
               edit.reference.value_or(std::string(said))};
}

Named named_in(const mcp::Call& call, mcp::Touches touches) {
  const auto said = [&](std::string_view member, const std::optional<std::string>& edited) {
    return edited.value_or(std::string(call.params().find_string(member).value_or("")));
  };
  switch (touches) {
    case mcp::Touches::tool:
      return Named{Kind::tool, said("name", call.edit().name)};
    case mcp::Touches::prompt:
      return Named{Kind::prompt, said("name", call.edit().name)};
    case mcp::Touches::resource:
      return Named{Kind::resource, said("uri", call.edit().uri)};
    case mcp::Touches::task:
      return Named{Kind::task, said("taskId", call.edit().task_id)};
    case mcp::Touches::completion:
      return named_in(call.params().find("ref").value_or(json::Value()), call.edit());
    default:
      return Named();
  }
}

mcp::ParamsEdit with_name(mcp::ParamsEdit edit, mcp::Touches touches, std::string name) {
  switch (touches) {
    case mcp::Touches::resource:
      edit.uri = std::move(name);
      return edit;
    case mcp::Touches::completion:
      edit.reference = std::move(name);
      return edit;
    case mcp::Touches::task:
      edit.task_id = std::move(name);
      return edit;
    default:
      edit.name = std::move(name);
      return edit;
  }
}

mcp::Touches touches_of(std::string_view method) {
  if (method == watch_task || method == unwatch_task) return mcp::Touches::task;
  const mcp::Method* row = mcp::find_method(method);
  return row == nullptr ? mcp::Touches::nothing : row->touches;
}

// The task that a call says it belongs to.
std::optional<std::string> related_in(const mcp::Call& call) {
  const auto& edited = call.edit().related_task;
  if (!edited) {
    const auto said = mcp::related_task(call.params());
    return said ? std::optional<std::string>(*said) : std::nullopt;
  }
  const auto document =
      edited->empty() ? json::Document::parse("{}") : json::Document::parse(std::string(*edited));
  const auto id = document ? document->root().find_string("taskId") : std::nullopt;
  return std::string(id.value_or(""));
}

std::optional<std::string_view> cursor_of(const mcp::Call& call) {
  const auto& edited = call.edit().cursor;
  return edited ? std::optional<std::string_view>(*edited) : call.params().find_string("cursor");
}

std::optional<std::uint64_t> number_of(const mcp::Id& id) {
  std::uint64_t number = 0;
  const std::string& raw = id.raw();
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (error != std::errc() || end != raw.data() + raw.size()) return std::nullopt;
  return number;
}

std::optional<std::string> token_of(json::Value params) {
  const auto meta = params.find("_meta");
  const auto token = meta ? meta->find("progressToken") : std::nullopt;
  const auto id = token ? mcp::Id::from(*token) : std::nullopt;
  return id ? std::optional<std::string>(id->raw()) : std::nullopt;
}

}  // namespace

std::unique_ptr<Conversation> answered(Event result) {
  return std::make_unique<Answered>(std::move(result));
}

// What needs no single target, or no target at all.
std::optional<SeveralSession::Started> SeveralSession::serve_here(const mcp::Call& call) {
  const std::string_view method = call.method();
  if (method == "ping") return answered(result_event("{}"));
  if (method == "logging/setLevel") return gather_level(*this, call);
  const mcp::Touches touches = touches_of(method);
  if (mcp::list_shape(touches) && (touches != mcp::Touches::tasks || lists_tasks())) {
    const auto said = cursor_of(call);
    const auto from = said ? read_cursor(*said, branches_.size()) : ListPlace();
    if (!from) return answered(error_event(mcp::Code::invalid_params, "Invalid cursor"));
    return gather_list(*this, call, touches, *from);
  }
  const Named named = named_in(call, touches);
  if (named.kind == Kind::none) {
    return answered(error_event(mcp::Code::method_not_found, "Method not found"));
  }
  const auto place = place_->naming->resolve(named.kind, named.name);
  const bool is_nothing = place && named.kind == Kind::task && !may_have_task(place->target, call);
  if (place && !is_nothing) return std::nullopt;
  const std::string why =
      named.kind == Kind::task ? "Task not found" : "Unknown name: " + named.name;
  return answered(error_event(mcp::Code::invalid_params, why));
}

// Whether the target has tasks as clients of the call's revision know them.
bool SeveralSession::may_have_task(std::size_t target, const mcp::Call& call) const {
  const Branch& branch = branches_[target];
  if (!branch.session) return true;  // it says itself why it is not there
  const bool is_watch = call.method() == watch_task || call.method() == unwatch_task;
  const bool is_modern = call.follows_tasks() || is_watch;
  return is_modern ? branch.session->has_tasks_extension() : branch.tasks.calls;
}

std::optional<SeveralSession::Addressed> SeveralSession::address(const mcp::Call& call) const {
  const mcp::Touches touches = touches_of(call.method());
  const Named named = named_in(call, touches);
  auto found = place_->naming->resolve(named.kind, named.name);
  if (!found) return std::nullopt;
  mcp::Call own(call.method(), call.params(), call.deadline());
  mcp::ParamsEdit edit = with_name(call.edit(), touches, found->name.text());
  if (const auto related = related_in(call)) {
    edit.related_task = own_related_task(found->target, *related);
  }
  own.change(std::move(edit));
  if (call.keeps_task() && branches_[found->target].tasks.calls) own.keep_task();
  if (call.is_own()) own.make_own();
  if (call.tells_pauses()) own.tell_pauses();
  if (call.follows_tasks()) own.follow_tasks();
  return Addressed{found->target, std::move(own)};
}

std::optional<SeveralSession::Started> SeveralSession::start_now(const mcp::Call& call) {
  if (auto served = serve_here(call)) return served;
  const auto addressed = address(call);
  Branch& branch = branches_[addressed->branch];
  if (!branch.session) return std::nullopt;
  auto begun = branch.session->start_now(addressed->call);
  if (!begun) return std::nullopt;
  branch.memory.note(addressed->call);
  if (!*begun) return begun;
  Speaker speaker{addressed->branch, branch.session};
  return std::make_unique<Relayed>(*this, std::move(speaker), call.method(), std::move(**begun));
}

Task<SeveralSession::Started> SeveralSession::start(mcp::Call call) {
  if (auto served = serve_here(call)) co_return std::move(*served);
  auto addressed = address(call);
  const std::size_t number = addressed->branch;
  Branch& branch = branches_[number];
  const std::shared_ptr<Session> server = branch.session;
  if (!server) {
    const std::string why = branch.failure ? branch.failure->why() : "it is being opened";
    co_return failed(Fault::unavailable,
                     "target " + place_->naming->target(number).text() + " is not there: " + why);
  }
  branch.memory.note(addressed->call);
  auto begun = co_await server->start(std::move(addressed->call));
  if (!begun) co_return begun;
  Speaker speaker{number, server};
  co_return std::make_unique<Relayed>(*this, std::move(speaker), call.method(), std::move(*begun));
}

Result<std::optional<Event>> SeveralSession::exposed(const Speaker& speaker, Event event,
                                                     std::string_view method) {
  if (branches_[speaker.number].tasks.calls) {
    TRY(event, with_exposed_tasks(speaker.number, std::move(event), method));
  }
  if (speaker.session->has_tasks_extension()) {
    TRY(event, with_exposed_handle(speaker.number, std::move(event), method));
  }
  switch (event.kind()) {
    case Event::Kind::question:
      return exposed_question(speaker, std::move(event));
    case Event::Kind::notification:
      return exposed_notification(speaker, std::move(event));
    case Event::Kind::progress:
    case Event::Kind::pause:
      return std::optional<Event>(std::move(event));
    case Event::Kind::result:
      break;
  }
  if (!event.message().result()) return std::optional<Event>(std::move(event));
  const auto text = exposed_result(owner(speaker.number), method, *event.message().result());
  if (!text) return std::optional<Event>(std::move(event));
  TRY(Event changed, result_event(*text));
  return std::optional<Event>(std::move(changed));
}

bool SeveralSession::lists_tasks() const {
  return std::any_of(branches_.begin(), branches_.end(),
                     [](const Branch& branch) { return branch.tasks.lists; });
}

// Targets number their questions and tokens each for itself.
Result<std::optional<Event>> SeveralSession::exposed_question(const Speaker& speaker, Event event) {
  while (questions_.size() >= questions_max) questions_.erase(questions_.begin());
  const std::uint64_t id = next_question_++;
  const json::Value params = event.message().params();
  const auto token = token_of(params);
  questions_.emplace(id, Asked{speaker.number, speaker.session, event.question(), token});
  const bool is_guess = event.is_guess();
  if (!token) {
    Event plain(QuestionId{id}, std::move(event).take_message());
    return std::optional<Event>(std::move(plain.be_guess(is_guess)));
  }
  mcp::ParamsEdit edit;
  edit.progress_token = std::to_string(id);
  TRY(mcp::Message message,
      message_of(mcp::request_text(event.message().id(), event.method(), params, edit)));
  Event changed(QuestionId{id}, std::move(message));
  return std::optional<Event>(std::move(changed.be_guess(is_guess)));
}

Result<std::optional<Event>> SeveralSession::exposed_notification(const Speaker& speaker,
                                                                  Event event) {
  using Seen = std::optional<Event>;
  const bool is_update = event.method() == "notifications/resources/updated";
  const bool is_withdrawal = event.method() == "notifications/cancelled";
  if (!is_update && !is_withdrawal) return Seen(std::move(event));
  TRY(mcp::Message said, message_of(event.text()));
  mcp::ParamsEdit edit;
  if (is_update) {
    const auto uri = said.params().find_string("uri");
    if (!uri) return Seen();
    edit.uri = owner(speaker.number).exposed(Kind::resource, *uri);
  } else {
    const auto id = said.params().find("requestId");
    const auto asked = id ? id->as_uint() : std::nullopt;
    const auto found =
        std::find_if(questions_.begin(), questions_.end(), [&](const auto& question) {
          return asked && question.second.branch == speaker.number &&
                 static_cast<std::uint64_t>(question.second.question) == *asked;
        });
    if (found == questions_.end()) return Seen();
    edit.request_id = std::to_string(found->first);
    questions_.erase(found);
  }
  TRY(mcp::Message seen, message_of(mcp::notification_text(said.method(), said.params(), edit)));
  return Seen(Event(Event::Kind::notification, std::move(seen)));
}

// Of a question; by the token that the client was given.
Result<> SeveralSession::report_progress(json::Value params) {
  const auto token = params.find("progressToken");
  const auto id = token ? mcp::Id::from(*token) : std::nullopt;
  const auto number = id ? number_of(*id) : std::nullopt;
  const auto found = number ? questions_.find(*number) : questions_.end();
  if (found == questions_.end() || !found->second.token) return {};
  const std::shared_ptr<Session> server = found->second.session.lock();
  if (!server) return {};
  mcp::ParamsEdit edit;
  edit.progress_token = found->second.token;
  if (const auto related = mcp::related_task(params)) {
    edit.related_task = own_related_task(found->second.branch, *related);
  }
  tasks_.spawn(pass_on(server, "notifications/progress", mcp::edited_params(params, edit)));
  return {};
}

Task<> SeveralSession::pass_on(std::shared_ptr<Session> server, std::string method,
                               std::string params) {
  auto document = json::Document::parse(std::move(params));
  if (!document) co_return;
  const json::Value root = document->root();
  [[maybe_unused]] auto told = co_await server->notify(method, root);
}

// To one target that does not read its input no other waits.
Task<Result<>> SeveralSession::notify(std::string_view method, json::Value params) {
  if (method == "notifications/progress") co_return report_progress(params);
  if (method != "notifications/roots/list_changed") co_return Result<>();
  const std::string text = params.is_object() ? std::string(params.raw()) : "{}";
  for (const Branch& branch : branches_) {
    if (branch.session) tasks_.spawn(pass_on(branch.session, std::string(method), text));
  }
  co_return Result<>();
}

std::optional<SeveralSession::Asked> SeveralSession::take_question(QuestionId question) {
  const auto found = questions_.find(static_cast<std::uint64_t>(question));
  if (found == questions_.end()) return std::nullopt;
  Asked asked = std::move(found->second);
  questions_.erase(found);
  return asked;
}

Task<Result<>> SeveralSession::answer(QuestionId question, const mcp::Message& response) {
  const std::optional<Asked> asked = take_question(question);
  const std::shared_ptr<Session> server = asked ? asked->session.lock() : nullptr;
  if (!server) co_return failed(Fault::not_found, "no such question is pending");
  const QuestionId own = asked->question;
  co_return co_await server->answer(own, response);
}

Task<Result<>> SeveralSession::refuse(QuestionId question, mcp::Code code, std::string_view why) {
  const std::optional<Asked> asked = take_question(question);
  const std::shared_ptr<Session> server = asked ? asked->session.lock() : nullptr;
  if (!server) co_return failed(Fault::not_found, "no such question is pending");
  const QuestionId own = asked->question;
  co_return co_await server->refuse(own, code, why);
}

std::optional<Event> SeveralSession::take_news() {
  if (!news_.empty()) {
    Event event = std::move(news_.front());
    news_.pop_front();
    return event;
  }
  if (next_change_ == changes_.size()) return std::nullopt;
  const std::string method = "notifications/" + changes_[next_change_++] + "/list_changed";
  auto message = message_of(mcp::notification_text(method, std::string_view()));
  if (!message) return std::nullopt;
  return Event(Event::Kind::notification, std::move(*message));
}

Task<Result<Event>> SeveralSession::next_unsolicited() {
  for (;;) {
    if (auto event = take_news()) co_return std::move(*event);
    if (ended_) co_return tl::unexpected<Error>(*ended_);
    co_await listen();
  }
}

// Only as long as somebody wants to hear: a target whose questions nobody hears asks them on its
// calls.
Task<> SeveralSession::listen() {
  TaskGroup listening(scheduler_);
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    const bool speaks = branches_[i].session && !branches_[i].is_silent;
    if (speaks) listening.spawn(hear(*this, i));
  }
  while (!has_news()) {
    co_await heard_.wait();
  }
}

// One thing that the client is to hear.
Task<> SeveralSession::hear(SeveralSession& session, std::size_t number) {
  const Speaker speaker{number, session.branches_[number].session};
  for (;;) {
    auto event = co_await speaker.session->next_unsolicited();
    if (!event) {
      session.fall_silent(number, event.error());
      co_return;
    }
    auto seen = session.exposed(speaker, std::move(*event), {});
    if (!seen || !*seen) continue;
    session.news_.push_back(std::move(**seen));
    session.heard_.notify_all();
    co_return;
  }
}

void SeveralSession::fall_silent(std::size_t number, const Error& why) {
  branches_[number].is_silent = true;
  if (may_leave_out() && !is_over(why)) {
    branches_[number].session.reset();
    leave_out(number, why);
  } else {
    end(why);
  }
}

std::optional<std::string> SeveralSession::portable_state() const {
  json::Writer out;
  out.begin_array();
  for (const Branch& branch : branches_) {
    const auto state = branch.session ? branch.session->portable_state() : std::nullopt;
    if (!state) return std::nullopt;
    out.raw(*state);
  }
  return out.end_array().take();
}

void SeveralSession::share() {
  is_shared_ = true;
  for (const Branch& branch : branches_) branch.session->share();
}

void SeveralSession::unshare() {
  for (const Branch& branch : branches_) {
    if (branch.session) branch.session->unshare();
  }
}

}  // namespace upstream
