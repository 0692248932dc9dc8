#include <algorithm>

#include "base/sleep.h"
#include "json/write.h"
#include "mcp/modern_result.h"
#include "mcp/modern_task.h"
#include "mcp/write.h"
#include "upstream/detail_http_answer.h"
#include "upstream/detail_modern_call.h"

namespace upstream {
namespace {

constexpr int rounds_max = 8;   // of questions in one call
constexpr int waits_max = 100;  // for a server that only wants to be asked again
constexpr Duration wait_max = std::chrono::seconds(5);
constexpr std::uint64_t stay_max = 3'600'000;  // ms, for the sake of a task
constexpr int pages_max = 100;                 // of tools/list, read for the sake of one call

bool is_code(json::Value error, mcp::Code code) {
  return error.find("code")->as_int() == static_cast<int>(code);
}

// Lists, gets and the like change nothing when they come twice; a tool may.
bool may_repeat(std::string_view method) {
  return method != "tools/call";
}

// Of those methods alone the answer may be that input is required (2026-07-28, MRTR).
bool may_require_input(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

// A question as a session-based client knows it.
std::string question_params(const mcp::InputRequired::Question& question) {
  const bool is_elicitation = question.method == "elicitation/create";
  const auto document = json::Document::parse(question.params);
  const bool is_by_url = is_elicitation && document &&
                         document->root().find_string("mode") == "url" &&
                         !document->root().find("elicitationId");
  if (!is_by_url) return question.params;
  SystemRandom random;
  json::Writer out;
  out.begin_object();
  for (const json::Member member : document->root().members()) {
    out.name(member.name).value(member.value);
  }
  out.name("elicitationId").string(std::to_string(random.word()));
  return out.end_object().take();
}

}  // namespace

ModernCall::ModernCall(ModernSession& session, Dialog::Apart call, const mcp::Call& order,
                       json::Document params)
    : session_(session),
      id_(call.call),
      method_(order.method()),
      params_(std::move(params)),
      deadline_(order.deadline()),
      follows_tasks_(order.follows_tasks() && session.features_.has_tasks),
      request_id_(call.call),
      conversation_(std::move(call.conversation)),
      run_(run(*this)) {
  run_.start(scheduler(), std::noop_coroutine());
}

ModernCall::~ModernCall() {
  stop();
}

void ModernCall::cancel() {
  conversation_->cancel();
  stop();
}

// What comes of its questions is for nobody from now on.
void ModernCall::stop() {
  run_ = Task<>();
  for (const auto& [asked, what] : asked_) session_.asking_.erase(asked);
  asked_.clear();
}

Task<> ModernCall::run(ModernCall& call) {
  Result<> done = co_await call.talk();
  if (done) co_return;
  // At its deadline the conversation ends by itself.
  const bool is_late = call.deadline_.has_passed(call.scheduler().now());
  if (is_late && done.error().fault() == Fault::timed_out) co_return;
  call.session_.dialog_.fail(call.id_, done.error());
}

Task<Result<>> ModernCall::talk() {
  if (is_mirrored()) CO_TRY(co_await know_tool(false));
  for (;;) {
    CO_TRY(const Next next, co_await ask_once());
    if (next == Next::over) co_return Result<>();
    CO_TRY(co_await until_ready(next));
    if (unanswered_) break;
    // Each round has an id of its own (2026-07-28, MRTR).
    request_id_ = session_.dialog_.take_id();
  }
  give(mcp::error_text(mcp::Id(id_), mcp::Code::internal_error, unanswered_->why()));
  co_return Result<>();
}

Task<Result<>> ModernCall::until_ready(Next next) {
  if (next == Next::wait) co_return co_await wait_a_while();
  if (next == Next::questions) co_return co_await until_answered();
  co_return Result<>();
}

// Longer each time.
Task<Result<>> ModernCall::wait_a_while() {
  if (++waits_ > waits_max) {
    co_return failed(Fault::upstream_failed, "the server wants to be asked again and again");
  }
  co_await sleep_until(Deadline::in(scheduler().now(), wait_).or_sooner(deadline_));
  wait_ = std::min(wait_ * 2, wait_max);
  co_return Result<>();
}

bool ModernCall::is_mirrored() const {
  return session_.channel_->has_headers() && method_ == "tools/call";
}

Task<Result<>> ModernCall::until_answered() {
  while (!asked_.empty() && !unanswered_) {
    const bool is_notified = co_await answered_.wait(deadline_);
    if (!is_notified) co_return failed(Fault::timed_out, "no answer in time");
  }
  co_return Result<>();
}

ModernOrder ModernCall::order() const {
  mcp::ModernSaying saying(session_.client_);
  saying.log_level = session_.log_level_;
  const auto meta = params().find("_meta");
  if (meta && meta->find("progressToken")) saying.progress_token = std::to_string(id_);
  saying.retry = &retry_;
  saying.follows_tasks = follows_tasks_;
  saying.keeps_answers = method_ == "tasks/update";
  ModernOrder order(request_id_, method_, mcp::modern_params(params(), saying), deadline_);
  order.may_repeat = may_repeat(method_);
  if (!session_.channel_->has_headers()) return order;
  if (const auto name = mcp::named_in_header(method_, params())) {
    order.headers.add("mcp-name", *name);
  }
  if (method_ != "tools/call") return order;
  const std::vector<mcp::ToolHeader>* fields =
      session_.tools_.of(params().find_string("name").value_or(""));
  if (fields == nullptr) return order;
  const json::Value arguments = params().find("arguments").value_or(json::Value());
  for (const mcp::ToolHeader& field : *fields) {
    if (const auto value = mcp::tool_header_value(field, arguments)) {
      order.headers.add(field.field, *value);
    }
  }
  return order;
}

Task<Result<ModernCall::Next>> ModernCall::ask_once() {
  CO_TRY(const auto answer, co_await session_.channel_->ask(order()));
  for (;;) {
    CO_TRY(mcp::Message message, co_await answer->next());
    if (message.is_response()) co_return co_await take_response(std::move(message));
    if (message.is_notification()) take_notification(std::move(message));
    co_await session_.dialog_.wait_for_room(id_);
  }
}

void ModernCall::take_notification(mcp::Message message) {
  if (!session_.dialog_.has(id_)) return;
  if (!message.params().find("_meta")) {
    return session_.dialog_.receive(id_, std::move(message));
  }
  auto plain = mcp::read(
      mcp::notification_text(message.method(), std::string_view(mcp::params_for(message.params()))),
      mcp::Sender::server, answer_limits);
  if (plain) session_.dialog_.receive(id_, std::move(*plain));
}

Task<Result<ModernCall::Next>> ModernCall::take_response(mcp::Message response) {
  if (response.error()) co_return co_await take_error(*response.error());
  const json::Value result = *response.result();
  const auto type = result.find_string("resultType").value_or("complete");
  if (type == "complete") {
    if (method_ == "tasks/get") CO_TRY(check_task(result));
    take_result(result);
    co_return Next::over;
  }
  if (type == "task" && method_ == "tools/call" && follows_tasks_) co_return take_task(result);
  if (type == "input_required" && may_require_input(method_)) co_return take_requirement(result);
  co_return failed(Fault::upstream_failed, "the server's result is of an unknown type");
}

Task<Result<ModernCall::Next>> ModernCall::take_error(json::Value error) {
  const bool is_stale = is_mirrored() && is_code(error, mcp::Code::header_mismatch);
  if (is_stale && !std::exchange(has_refreshed_, true)) {
    CO_TRY(co_await know_tool(true));
    co_return Next::again;
  }
  if (is_code(error, mcp::Code::unsupported_version)) {
    session_.channel_->doubt();
    co_return failed(Fault::not_found, "the server does not speak 2026-07-28 any more");
  }
  give(mcp::error_for(method_, error, mcp::Id(id_), session_.shown_revision_));
  co_return Next::over;
}

Result<ModernCall::Next> ModernCall::take_requirement(json::Value result) {
  TRY(const mcp::InputRequired required, mcp::input_required(result));
  retry_ = mcp::ModernRetry();
  retry_.state = required.state;
  if (required.questions.empty()) return Next::wait;
  if (++rounds_ > rounds_max) {
    return failed(Fault::upstream_failed, "the server asks the client again and again");
  }
  ask_client(required);
  return Next::questions;
}

// The call goes on as a task.
Result<ModernCall::Next> ModernCall::take_task(json::Value result) {
  if (!mcp::task_id_of(result)) {
    return failed(Fault::upstream_failed, "the server's task has no id that is of use");
  }
  const auto ttl = result.find("ttlMs");
  const auto said = ttl ? ttl->as_uint() : std::nullopt;
  const auto life = std::chrono::milliseconds(std::min(said.value_or(stay_max), stay_max));
  session_.channel_->stay_until(scheduler().now() + life);
  take_result(result);
  return Next::over;
}

// Whoever is told of another task would take its state for that of its own.
Result<> ModernCall::check_task(json::Value task) const {
  const auto wanted = params().find_string("taskId");
  if (wanted && task.find_string("taskId") == wanted) return {};
  return failed(Fault::upstream_failed, "the server's answer is about another task");
}

void ModernCall::take_result(json::Value result) {
  if (method_ == "tools/list") {
    session_.tools_.learn(result, !params().find("cursor"));
  }
  const mcp::AnswerView view(session_.shown_revision_,
                             [this](json::Value tool) { return session_.shows_tool(tool); });
  give(mcp::result_text(mcp::Id(id_), mcp::result_for(method_, result, view)));
}

void ModernCall::give(std::string text) {
  auto message = read_answer(std::move(text));
  if (message) {
    session_.dialog_.receive(id_, std::move(*message));
  } else {
    session_.dialog_.fail(id_, message.error());
  }
}

// What the client cannot be asked is answered for it where there is an answer that says so.
void ModernCall::ask_client(const mcp::InputRequired& required) {
  std::vector<mcp::Message> questions;
  for (const auto& [key, question] : required.questions) {
    const bool is_elicitation = question.method == "elicitation/create";
    if (!session_.client_.answers(question.method)) {
      if (is_elicitation) {
        retry_.answers.emplace(key, R"({"action":"cancel"})");
      } else {
        unanswered_.emplace(Fault::upstream_failed,
                            "The server asks what this client cannot answer");
      }
      continue;
    }
    const std::uint64_t asked = session_.dialog_.take_id();
    std::string text = question_params(question);
    // Clients of this revision get the server's own keys.
    const bool is_known = mcp::era_of(session_.shown_revision_) == mcp::Era::modern;
    if (is_known) text = mcp::with_input_key(text, key);
    auto message = read_answer(mcp::request_text(mcp::Id(asked), question.method, text));
    if (!message) continue;
    asked_.emplace(asked, Asked{key, is_elicitation});
    session_.asking_.emplace(asked, this);
    questions.push_back(std::move(*message));
  }
  if (unanswered_ || !session_.dialog_.has(id_)) return;
  for (mcp::Message& question : questions) session_.dialog_.receive(id_, std::move(question));
  session_.sort_outgoing();
}

void ModernCall::take_answer(std::uint64_t asked, const mcp::Message& response) {
  const auto found = asked_.find(asked);
  if (found == asked_.end()) return;
  if (response.result()) {
    retry_.answers.emplace(found->second.key, mcp::one_line(response.result()->raw()));
  } else if (found->second.is_elicitation) {
    retry_.answers.emplace(found->second.key, R"({"action":"cancel"})");
  } else {
    const auto why = response.error()->find_string("message").value_or("");
    unanswered_.emplace(Fault::upstream_failed,
                        "The client did not answer the server: " + std::string(why));
  }
  session_.asking_.erase(asked);
  asked_.erase(found);
  answered_.notify_all();
}

// Without the list the call is made as it stands: the server says what it misses.
Task<Result<>> ModernCall::know_tool(bool anew) {
  if (anew) session_.tools_.forget();
  const bool is_known = session_.tools_.of(params().find_string("name").value_or("")) != nullptr;
  if (is_known) co_return Result<>();
  auto listed = co_await list_tools();
  const bool is_late = !listed && deadline_.has_passed(scheduler().now());
  if (is_late) co_return listed;
  co_return Result<>();
}

Task<Result<>> ModernCall::list_tools() {
  std::string cursor;  // as JSON text
  for (int pages = 0; pages < pages_max; ++pages) {
    const auto page = json::Document::parse(cursor.empty() ? "{}" : "{\"cursor\":" + cursor + "}");
    const mcp::ModernSaying saying(session_.client_);
    ModernOrder listing(session_.dialog_.take_id(), "tools/list",
                        mcp::modern_params(page->root(), saying), deadline_);
    listing.may_repeat = true;
    CO_TRY(const auto answer, co_await session_.channel_->ask(std::move(listing)));
    CO_TRY(const mcp::Message message, co_await last_of(*answer));
    if (!message.result()) co_return failed(Fault::upstream_failed, "the tools are not listed");
    session_.tools_.learn(*message.result(), cursor.empty());
    const auto next = message.result()->find("nextCursor");
    if (!next || !next->is_string()) co_return Result<>();
    cursor = next->raw();
  }
  co_return Result<>();
}

Task<Result<mcp::Message>> ModernCall::last_of(ModernAnswer& answer) {
  for (;;) {
    CO_TRY(mcp::Message message, co_await answer.next());
    if (message.is_response()) co_return std::move(message);
  }
}

}  // namespace upstream
