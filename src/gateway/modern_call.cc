#include "gateway/modern_call.h"

#include "gateway/detail_modern_call.h"
#include "gateway/event_stream.h"
#include "gateway/refuse.h"
#include "json/write.h"
#include "mcp/modern_task.h"
#include "mcp/write.h"

namespace gateway {
namespace {

// 2025-11-25 only: the user has to visit an address first.
constexpr int url_elicitation_required = -32042;

int code_of(json::Value error) {
  const auto code = error.find("code");
  return static_cast<int>(code ? code->as_int().value_or(0) : 0);
}

bool is_code(int code, mcp::Code known) {
  return code == static_cast<int>(known);
}

// Codes that this revision has given another meaning, or none yet, must not come from us.
bool is_reserved(int code) {
  return is_code(code, mcp::Code::resource_not_found) || (code <= -32020 && code >= -32099);
}

// A server that knows the revision's own word for it says which abilities its client lacks.
bool names_capabilities(int code, json::Value error) {
  const auto data = error.find("data");
  const auto required = data ? data->find("requiredCapabilities") : std::nullopt;
  return is_code(code, mcp::Code::missing_capability) && required && required->is_object();
}

}  // namespace

Task<ModernCall::Refused> ModernCall::begin() {
  if (Refused refused = judge()) co_return refused;
  const auto state = message_.params().find("requestState");
  if (!state || !mcp::can_be_asked(method_.name)) co_return co_await begin_new();
  const std::string_view text = state->as_string().value_or("");
  co_return co_await go_on(text);
}

// Who may do it is asked of every request anew, also of one that brings answers.
ModernCall::Refused ModernCall::judge() {
  if (method_.touches == mcp::Touches::task) return judge_task();
  auto subject = mcp::subject_of(method_, message_);
  if (!subject) return refuse_message(at_.exchange, subject.error());
  subject_ = std::move(*subject);
  record_subject(at_, subject_, message_);
  const bool is_named = subject_.kind != mcp::Subject::Kind::none;
  // What no target could have is answered like what it has not.
  is_nobodys_ = is_named && !view_.is_of_a_target(subject_);
  is_allowed_ =
      !is_named || (!is_nobodys_ && view_.allows(subject_, message_.method(), message_.params()));
  // Only of what the caller may see: who may not, must not learn that it exists.
  if (is_allowed_ && !has_scopes(at_, subject_)) return refuse_scope(at_, subject_);
  return std::nullopt;
}

// As the tool that made it.
ModernCall::Refused ModernCall::judge_task() {
  subject_ = mcp::Subject{mcp::Subject::Kind::task,
                          std::string(message_.params().find_string("taskId").value_or(""))};
  TaskAccess access = access_task(at_, subject_.name);
  task_ = std::move(access.task);
  is_nobodys_ = !task_;
  is_allowed_ = task_ && access.is_allowed;
  if (!task_) return std::nullopt;
  const mcp::Subject tool{mcp::Subject::Kind::tool, task_->tool};
  at_.exchange.record.tool = tool.name;
  if (is_allowed_ && !access.has_scopes) return refuse_scope(at_, tool);
  return std::nullopt;
}

// Whether there are tasks at all between this client and this server.
ModernCall::Refused ModernCall::check_tasks() {
  if (subject_.kind != mcp::Subject::Kind::task) return std::nullopt;
  if (!face_->has_tasks) {
    return refuse_modern(at_.exchange, id(),
                         mcp::ModernFault(404, mcp::Code::method_not_found, "Method not found"));
  }
  if (!request_.follows_tasks) return refuse_modern(at_.exchange, id(), tasks_undeclared());
  const bool has_answers = method_.name != "tasks/update" || responses_are_there();
  if (has_answers) return std::nullopt;
  return refuse_modern(at_.exchange, id(),
                       mcp::ModernFault(400, mcp::Code::invalid_params,
                                        "'params.inputResponses' must be an object"));
}

ModernCall::Refused ModernCall::failure(const Error& error) {
  // The session is over for good; the next request gets another.
  if (error.fault() == Fault::not_found && lease_) lease_->is_broken();
  return refuse_call(at_.exchange, id(), error);
}

Task<Result<std::unique_ptr<Lease>>> ModernCall::lease(bool alone) {
  if (!task_) co_return co_await lease_session(at_, request_, alone);
  std::string task = task_->id;
  co_return co_await lease_session_of(at_, request_, std::move(task));
}

Task<ModernCall::Refused> ModernCall::open(bool alone) {
  auto leased = co_await lease(alone);
  if (!leased && leased.error().fault() == Fault::too_many) {
    at_.exchange.record.error = leased.error().why();
    const RpcError error{mcp::Code::internal_error, leased.error().why(), {}};
    co_return refuse_call(at_.exchange, 429, id(), error);
  }
  if (!leased) co_return failure(leased.error());
  lease_ = std::move(*leased);
  auto face = co_await lease_->session().home.ask(&ModernSession::face);
  if (face) {
    face_ = std::move(*face);
    co_return std::nullopt;
  }
  lease_->is_broken();
  co_return failure(face.error());
}

Task<ModernCall::Refused> ModernCall::begin_new() {
  // Log messages, too, can be told apart only where there is one call.
  const bool wants = !request_.asks.is_empty() || request_.log_level;
  const bool alone = wants && mcp::can_be_asked(method_.name);
  for (bool is_first = true;; is_first = false) {
    auto refused = co_await open(alone);
    if (refused) co_return refused;
    refused = check_tasks();
    if (refused) co_return refused;
    refused = co_await check_mirrored();
    if (refused) co_return refused;
    auto sent = co_await send(alone);
    if (sent && !*sent) co_return unknown();
    if (sent) co_return std::nullopt;
    // A session that the server does not know any more has not done anything of it.
    is_begun_ = false;
    if (!is_first || sent.error().fault() != Fault::not_found) co_return failure(sent.error());
    lease_->is_broken();
    lease_.reset();
  }
}

// Arguments of tools that are repeated in headers must be the same there (2026-07-28, transports).
Task<ModernCall::Refused> ModernCall::check_mirrored() {
  if (subject_.kind != mcp::Subject::Kind::tool || !is_allowed_) co_return std::nullopt;
  std::string tool = subject_.name;
  auto mirrored = co_await lease_->session().home.ask(&ModernSession::mirrored, std::move(tool));
  if (!mirrored) co_return failure(mirrored.error());
  const json::Value arguments = message_.params().find("arguments").value_or(json::Value());
  for (const mcp::MirroredArgument& argument : *mirrored) {
    std::vector<std::string> values;
    for (const auto value : at_.exchange.request().headers.all(argument.header)) {
      values.emplace_back(value);
    }
    std::string why = mcp::mirror_fault(argument, arguments, values);
    if (why.empty()) continue;
    lease_->is_clean();
    const mcp::ModernFault fault(400, mcp::Code::header_mismatch, std::move(why));
    co_return refuse_modern(at_.exchange, id(), fault);
  }
  co_return std::nullopt;
}

Task<Result<bool>> ModernCall::send(bool alone) {
  stream_ = at_.core.next_stream();
  const mcp::Id sent_as(stream_);
  const std::string params =
      task_ ? mcp::task_params(message_.params(), task_->id) : mcp::plain_params(message_.params());
  auto request = mcp::read(mcp::request_text(sent_as, message_.method(), params),
                           mcp::Sender::client, at_.core.shared().message_limits);
  if (!request) co_return failed(Fault::bad_request, request.error().why());
  ModernOrder order(std::move(*request), deadline_of(at_.core, at_.route));
  order.kind = kind_of(subject_);
  order.name = subject_.name;
  order.is_allowed = is_allowed_;
  order.is_alone = alone;
  order.asks = request_.asks;
  order.log_level = request_.log_level;
  order.follows_tasks = request_.follows_tasks && face_->has_tasks;
  if (alone) order.given = responses().value_or(std::vector<InputResponse>());
  is_begun_ =
      true;  // before it is sent: whatever becomes of us meanwhile, the session learns of it
  const StreamId stream = stream_;
  co_return co_await lease_->session().home.ask(&ModernSession::begin, stream, std::move(order));
}

// The same words and the same work for what the caller may not use and for what does not exist.
ModernCall::Refused ModernCall::unknown() {
  is_over_ = true;
  lease_->is_clean();
  if (!is_allowed_ && !is_nobodys_) at_.exchange.record.reason = policy::Reason::authorization;
  const std::string text = McpView::unknown_text(subject_);
  const std::string data = unknown_data();
  return refuse_call(at_.exchange, 200, id(), RpcError{mcp::Code::invalid_params, text, data});
}

// A resource that is not there is named in the error's data (2026-07-28, resources).
std::string ModernCall::unknown_data() const {
  if (subject_.kind != mcp::Subject::Kind::resource) return {};
  json::Writer out;
  return out.begin_object().name("uri").string(subject_.name).end_object().take();
}

Outcome ModernCall::failed_outcome(const Error& error) {
  is_over_ = true;
  if (error.fault() == Fault::not_found) lease_->is_broken();
  return Outcome(true, 200, error_text(at_.exchange, id(), error));
}

Task<Outcome> ModernCall::next() {
  for (;;) {
    const StreamId stream = stream_;
    auto turn = co_await lease_->session().home.ask(&ModernSession::next, stream);
    if (!turn) co_return failed_outcome(turn.error());
    if (!turn->event) co_return co_await ask(std::move(turn->questions));
    if (turn->event->kind() == upstream::Event::Kind::result) {
      is_over_ = true;
      lease_->is_clean();
      co_return finish(turn->event->message());
    }
    std::string text = event_text(*turn->event);
    if (!text.empty()) co_return Outcome(false, 200, std::move(text));
  }
}

// Progress is told under the token of this request, which may be a later one than the call's first.
std::string ModernCall::event_text(const upstream::Event& event) const {
  if (event.kind() != upstream::Event::Kind::progress) return event.text();
  const auto token = message_.progress_token();
  if (!token) return {};
  mcp::ParamsEdit edit;
  edit.progress_token = token->raw();
  return mcp::notification_text(event.method(), event.message().params(), edit);
}

// A server knows a task by an id that no client learns.
mcp::ErrorWords ModernCall::words_of(json::Value error) const {
  if (task_) return mcp::renamed_words(error, {mcp::TaskAlias{task_->id, subject_.name}});
  const auto data = error.find("data");
  return mcp::ErrorWords{std::string(error.find_string("message").value_or("")),
                         data ? std::string(data->raw()) : std::string()};
}

Outcome ModernCall::finish_error(json::Value error) {
  const int code = code_of(error);
  const mcp::ErrorWords words = words_of(error);
  at_.exchange.record.mcp_error_code = code;
  at_.exchange.record.mcp_error = words.message;
  const bool may_visit = code == url_elicitation_required && request_.asks.allow_urls() &&
                         mcp::can_be_asked(method_.name);
  const auto visits = may_visit ? mcp::required_visits(error) : std::vector<mcp::InputRequest>();
  if (!visits.empty()) return require_visits(visits);
  const bool is_missing =
      is_code(code, mcp::Code::resource_not_found) || is_code(code, mcp::Code::invalid_params);
  if (subject_.kind == mcp::Subject::Kind::resource && is_missing) {
    return Outcome(true, 200,
                   mcp::error_text(id(), mcp::Code::invalid_params, McpView::unknown_text(subject_),
                                   unknown_data()));
  }
  const bool lacks_capability = names_capabilities(code, error);
  int status = is_code(code, mcp::Code::method_not_found) ? 404 : 200;
  if (lacks_capability) status = 400;
  const bool is_ours = !is_reserved(code) || lacks_capability;
  const int outward_code = is_ours ? code : static_cast<int>(mcp::Code::internal_error);
  return Outcome(true, status, mcp::error_text(id(), outward_code, words.message, words.data));
}

Outcome ModernCall::finish_created(json::Value result) {
  const std::string text = created_task(at_, subject_.name, result, *face_);
  if (!text.empty()) {
    keep_task(at_, *mcp::task_id_of(result), *lease_, task_life(result));
    return Outcome(true, 200, mcp::result_text(id(), text));
  }
  return failed_outcome(Error(Fault::upstream_failed, "the server's task has no id of use"));
}

Outcome ModernCall::finish(const mcp::Message& answer) {
  if (answer.error()) return finish_error(*answer.error());
  if (task_) {
    if (method_.name == "tasks/get") {
      keep_task(at_, task_->id, *lease_, task_life(*answer.result()));
    }
    return Outcome(true, 200,
                   mcp::result_text(
                       id(), answered_task(method_.name, subject_.name, *answer.result(), *face_)));
  }
  const bool is_created = request_.follows_tasks && face_->has_tasks &&
                          method_.touches == mcp::Touches::tool &&
                          answer.result()->find_string("resultType") == "task";
  if (is_created) return finish_created(*answer.result());
  const bool is_filtered =
      at_.backend.rules.has_rules() && mcp::list_shape(method_.touches).has_value();
  if (!is_filtered) {
    return Outcome(true, 200,
                   mcp::result_text(id(), mcp::complete_result(method_.name, *answer.result(),
                                                               face_->server_info)));
  }
  std::string text = view_.answer_text(id(), method_.touches, subject_, answer);
  const auto seen = mcp::read(text, mcp::Sender::server);
  if (!seen || !seen->result()) return Outcome(true, 200, std::move(text));
  return Outcome(true, 200,
                 mcp::result_text(id(), mcp::complete_result(method_.name, *seen->result(),
                                                             face_->server_info)));
}

namespace {

// The rest of a request's stream.
class ModernSource final : public MessageSource {
 public:
  explicit ModernSource(std::unique_ptr<ModernCall> call) : call_(std::move(call)) {}

  Task<std::optional<std::string>> next() override {
    if (!call_) co_return std::nullopt;
    Outcome outcome = co_await call_->next();
    if (outcome.is_final) call_.reset();
    co_return std::move(outcome.text);
  }

 private:
  std::unique_ptr<ModernCall> call_;  // null once it is over
};

}  // namespace

http::Response refuse_modern(policy::Exchange& exchange, const mcp::Id& id,
                             const mcp::ModernFault& fault) {
  exchange.record.reason = policy::Reason::invalid_request;
  return refuse_call(exchange, fault.status(), id,
                     RpcError{fault.code(), fault.why(), fault.data()});
}

Task<http::Response> serve_modern_call(McpPlace at, const mcp::Method& method,
                                       mcp::ModernRequest request, mcp::Message message) {
  auto call = std::make_unique<ModernCall>(at, method, request, std::move(message));
  auto refused = co_await call->begin();
  if (refused) co_return std::move(*refused);
  Outcome first = co_await call->next();
  if (first.is_final) {
    co_return http::Response(first.status, "application/json", std::move(first.text));
  }
  auto source = std::make_unique<ModernSource>(std::move(call));
  co_return stream_response(at.core.loop(), std::move(source), std::move(first.text));
}

}  // namespace gateway
