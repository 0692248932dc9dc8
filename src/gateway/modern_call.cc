#include "gateway/modern_call.h"

#include <algorithm>

#include "base/sleep.h"
#include "gateway/caller.h"
#include "gateway/event_stream.h"
#include "gateway/refuse.h"
#include "gateway/request_state.h"
#include "json/write.h"
#include "mcp/write.h"

namespace gateway {
namespace {

// What the server is told of the end of a call has this long to reach it before its session ends.
constexpr auto parting = std::chrono::seconds(1);
// 2025-11-25 only: the user has to visit an address first.
constexpr int url_elicitation_required = -32042;
constexpr std::string_view no_such_state = "Invalid or expired requestState";

Task<> abandon(Scheduler& scheduler, std::unique_ptr<Lease> lease, StreamId stream) {
  [[maybe_unused]] auto told = co_await lease->session().home.ask(&ModernSession::abandon, stream);
  co_await sleep_until(Deadline::in(scheduler.now(), parting));
}

// What the client gets next: a message of the stream that its request opened, or the answer.
struct Outcome {
  Outcome(bool final, int the_status, std::string the_text)
      : is_final(final), status(the_status), text(std::move(the_text)) {}
  bool is_final;
  int status;  // of an answer that is the whole response
  std::string text;
};

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

class ModernCall {
 public:
  ModernCall(McpPlace at, const mcp::Method& method, mcp::ModernRequest request,
             mcp::Message message)
      : at_(at),
        method_(method),
        request_(request),
        message_(std::move(message)),
        view_(at_.exchange, at_.backend, std::string_view()) {}
  ModernCall(const ModernCall&) = delete;
  ModernCall& operator=(const ModernCall&) = delete;
  // The client is gone, which is how it cancels (2026-07-28, transports).
  ~ModernCall() {
    if (lease_ && is_begun_ && !is_over_) {
      Scheduler& scheduler = at_.core.loop();
      at_.core.background().spawn(abandon(scheduler, std::move(lease_), stream_));
    }
  }

  // The refusal, if it comes to that before anything is in flight.
  Task<std::optional<http::Response>> begin();
  Task<Outcome> next();

 private:
  using Refused = std::optional<http::Response>;

  Refused judge();
  Task<Refused> begin_new();
  Task<Refused> go_on(std::string_view state);
  Task<Refused> open(bool alone);
  Task<Refused> check_mirrored();
  Task<Result<bool>> send(bool alone);
  Refused unknown();
  Refused refuse_state(std::string_view why);
  Refused failure(const Error& error);
  tl::expected<std::vector<InputResponse>, std::string> responses() const;
  std::string unknown_data() const;
  Task<Outcome> ask(std::vector<mcp::InputRequest> questions);
  Outcome finish(const mcp::Message& answer);
  Outcome finish_error(json::Value error);
  Outcome require_visits(const std::vector<mcp::InputRequest>& visits);
  bool has_accepted() const;
  Refused refuse_declined();
  std::string event_text(const upstream::Event& event) const;
  Outcome failed_outcome(const Error& error);
  Binding binding() const {
    return Binding(at_.exchange.principal().identity(), at_.route.key, at_.backend.target->number);
  }
  const mcp::Id& id() const { return message_.id(); }

  const McpPlace at_;
  const mcp::Method& method_;
  const mcp::ModernRequest request_;
  const mcp::Message message_;
  const McpView view_;
  mcp::Subject subject_;
  bool is_nobodys_ = false;
  bool is_allowed_ = true;
  std::unique_ptr<Lease> lease_;
  std::shared_ptr<const ServerFace> face_;
  StreamId stream_ = 0;
  bool is_begun_ = false;
  bool is_over_ = false;
};

Task<ModernCall::Refused> ModernCall::begin() {
  if (Refused refused = judge()) co_return refused;
  const auto state = message_.params().find("requestState");
  if (!state || !mcp::can_be_asked(method_.name)) co_return co_await begin_new();
  const std::string_view text = state->as_string().value_or("");
  co_return co_await go_on(text);
}

// Who may do it is asked of every request anew, also of one that brings answers.
ModernCall::Refused ModernCall::judge() {
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

ModernCall::Refused ModernCall::failure(const Error& error) {
  // The session is over for good; the next request gets another.
  if (error.fault() == Fault::not_found && lease_) lease_->is_broken();
  return refuse_call(at_.exchange, id(), error);
}

Task<ModernCall::Refused> ModernCall::open(bool alone) {
  auto leased = co_await lease_session(at_, request_, alone);
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
  auto request =
      mcp::read(mcp::request_text(sent_as, message_.method(), mcp::plain_params(message_.params())),
                mcp::Sender::client, at_.core.shared().message_limits);
  if (!request) co_return failed(Fault::bad_request, request.error().why());
  ModernOrder order(std::move(*request), deadline_of(at_.core, at_.route));
  order.kind = kind_of(subject_);
  order.name = subject_.name;
  order.is_allowed = is_allowed_;
  order.is_alone = alone;
  order.asks = request_.asks;
  order.log_level = request_.log_level;
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

ModernCall::Refused ModernCall::refuse_state(std::string_view why) {
  at_.exchange.record.error = why;
  const RpcError error{mcp::Code::invalid_params, no_such_state, R"({"retry":"startOver"})"};
  return refuse_call(at_.exchange, 200, id(), error);
}

tl::expected<std::vector<InputResponse>, std::string> ModernCall::responses() const {
  std::vector<InputResponse> all;
  const auto given = message_.params().find("inputResponses");
  if (!given) return all;
  if (!given->is_object())
    return tl::unexpected<std::string>("'params.inputResponses' must be an object");
  for (const json::Member response : given->members()) {
    if (!response.value.is_object()) {
      return tl::unexpected<std::string>("what is in 'params.inputResponses' must be objects");
    }
    all.push_back(InputResponse{std::string(response.name), mcp::one_line(response.value.raw())});
  }
  return all;
}

// The request brings answers: the call that asked goes on. Whether the state is another caller's,
// of another request, old or made up is for the record only.
Task<ModernCall::Refused> ModernCall::go_on(std::string_view state) {
  auto given = responses();
  if (!given) {
    const mcp::ModernFault fault(400, mcp::Code::invalid_params, given.error());
    co_return refuse_modern(at_.exchange, id(), fault);
  }
  const Shared& shared = at_.core.shared();
  const std::string subject = state_subject(message_, request_.asks);
  const auto number =
      open_state(shared.session_ids, state, binding(), subject, shared.clock.wall());
  if (!number) co_return refuse_state("the requestState is none of this request's");
  if (*number == nothing_parked) {
    if (!has_accepted()) co_return refuse_declined();
    co_return co_await begin_new();
  }
  auto credentials = co_await backend_credentials(at_.route, at_.exchange);
  if (!credentials) co_return failure(credentials.error());
  auto parked = shared.modern->take_parked(*number);
  if (!parked) co_return refuse_state("no call waits under this requestState");
  lease_ = std::move(parked->lease);
  stream_ = parked->stream;
  is_begun_ = true;
  lease_->session().credentials->set(std::move(*credentials));
  auto face = co_await lease_->session().home.ask(&ModernSession::face);
  if (!face) co_return failure(face.error());
  face_ = std::move(*face);
  const StreamId stream = stream_;
  auto answered =
      co_await lease_->session().home.ask(&ModernSession::answer, stream, std::move(*given));
  if (answered) co_return std::nullopt;
  if (answered.error().fault() == Fault::not_found) {
    co_return refuse_state("the call that waited is over");
  }
  co_return failure(answered.error());
}

// Whether the user went wherever the server said.
bool ModernCall::has_accepted() const {
  const auto given = message_.params().find("inputResponses");
  if (!given || given->size() == 0) return false;
  const json::Members responses = given->members();
  return std::all_of(responses.begin(), responses.end(), [](const json::Member& response) {
    return response.value.find_string("action") == "accept";
  });
}

ModernCall::Refused ModernCall::refuse_declined() {
  at_.exchange.record.error = "the user did not do what the server requires";
  const RpcError error{mcp::Code::invalid_params, "What the server requires was declined", {}};
  return refuse_call(at_.exchange, 200, id(), error);
}

// The server does nothing before its user has visited an address; the call is made again then.
Outcome ModernCall::require_visits(const std::vector<mcp::InputRequest>& visits) {
  const Shared& shared = at_.core.shared();
  const Duration wait = shared.modern->limits().parked_for;
  const auto end = shared.clock.wall() + std::chrono::duration_cast<WallTime::duration>(wait);
  const std::string state = seal_state(shared.session_ids, nothing_parked, binding(),
                                       state_subject(message_, request_.asks), end);
  const std::string result = mcp::input_required_result(visits, state, face_->server_info);
  return Outcome(true, 200, mcp::result_text(id(), result));
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

// The client's request ends with what the server wants to know; the call waits.
Task<Outcome> ModernCall::ask(std::vector<mcp::InputRequest> questions) {
  const Shared& shared = at_.core.shared();
  ModernPool& pool = *shared.modern;
  const Duration wait = pool.limits().parked_for;
  const StreamId stream = stream_;
  const Deadline until = Deadline::in(at_.core.loop().now(), wait);
  auto parked = co_await lease_->session().home.ask(&ModernSession::park, stream, until);
  if (!parked) co_return failed_outcome(parked.error());
  const SessionNumber number = shared.session_ids.make();
  const std::string subject = state_subject(message_, request_.asks);
  const auto end = shared.clock.wall() + std::chrono::duration_cast<WallTime::duration>(wait);
  const std::string state = seal_state(shared.session_ids, number, binding(), subject, end);
  is_over_ = true;
  ParkedCall call(std::move(lease_), stream, shared.clock.now() + wait);
  for (ParkedCall& evicted : pool.park(number, std::move(call))) {
    Scheduler& scheduler = at_.core.loop();
    at_.core.background().spawn(abandon(scheduler, std::move(evicted.lease), evicted.stream));
  }
  const std::string result = mcp::input_required_result(questions, state, face_->server_info);
  co_return Outcome(true, 200, mcp::result_text(id(), result));
}

Outcome ModernCall::finish_error(json::Value error) {
  const int code = code_of(error);
  const std::string message(error.find_string("message").value_or(""));
  at_.exchange.record.mcp_error_code = code;
  at_.exchange.record.mcp_error = message;
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
  const auto data = error.find("data");
  const std::string data_text = data ? std::string(data->raw()) : std::string();
  const bool lacks_capability = names_capabilities(code, error);
  int status = is_code(code, mcp::Code::method_not_found) ? 404 : 200;
  if (lacks_capability) status = 400;
  const bool is_ours = !is_reserved(code) || lacks_capability;
  const int outward_code = is_ours ? code : static_cast<int>(mcp::Code::internal_error);
  return Outcome(true, status, mcp::error_text(id(), outward_code, message, data_text));
}

Outcome ModernCall::finish(const mcp::Message& answer) {
  if (answer.error()) return finish_error(*answer.error());
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
