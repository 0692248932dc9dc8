#include <limits>

#include "base/text.h"
#include "json/write.h"
#include "mcp/write.h"
#include "upstream/detail_http_call.h"

namespace upstream {
namespace {

bool may_ask(json::Value initialize_params) {
  const auto capabilities = initialize_params.find("capabilities");
  return capabilities && (capabilities->find("sampling") || capabilities->find("elicitation") ||
                          capabilities->find("roots"));
}

// Lists, gets and the like change nothing when they come twice; a tool may.
bool is_repeatable(std::string_view method) {
  return method != "tools/call";
}

http::Headers common_headers() {
  http::Headers headers;
  headers.add("content-type", "application/json");
  headers.add("accept", "application/json, text/event-stream");
  headers.add("accept-encoding", "identity");  // a compressed answer is refused
  return headers;
}

}  // namespace

std::optional<Slot> Slot::take(std::atomic<std::size_t>& count, std::size_t most) {
  if (count.fetch_add(1, std::memory_order_relaxed) < most) return Slot(count);
  count.fetch_sub(1, std::memory_order_relaxed);
  return std::nullopt;
}

HttpSession::HttpSession(std::shared_ptr<Site> site, std::shared_ptr<HttpPlace> place,
                         Random& random, InitializeParams params,
                         std::shared_ptr<const auth::CurrentCredentials> credentials)
    : site_(std::move(site)),
      place_(std::move(place)),
      params_(std::move(params)),
      credentials_(std::move(credentials)),
      may_be_asked_(may_ask(params_.value())),
      dialog_(random, place_->settings.queue),
      tasks_(site_->scheduler()) {
  link_.headers = common_headers();
}

HttpSession::~HttpSession() {
  dialog_.close(Error(Fault::cancelled, "the session was closed"));
  if (link_.id.empty() || tells_nobody_) return;
  http::Request request("DELETE", place_->settings.path, place_->authority);
  request.headers = link_.headers;
  request.headers.remove("content-type");
  if (credentials_ && !credentials_->put_on(request)) return;
  site_->farewells().spawn(say_goodbye(*site_, place_, std::move(request)));
}

// Whatever the server says to it: it may not know the method (405), or the session any more.
Task<> HttpSession::say_goodbye(Site& site, std::shared_ptr<const HttpPlace> place,
                                http::Request request) {
  const Deadline deadline = Deadline::in(site.scheduler().now(), place->settings.telling);
  const http::Endpoint& endpoint = place->settings.endpoint;
  auto response = co_await site.pool().exchange(std::move(request), endpoint, deadline);
  if (response) site.drain(std::move(response->body));
}

http::Request HttpSession::post_of(std::string text) const {
  http::Request request("POST", place_->settings.path, place_->authority);
  request.headers = link_.headers;
  request.body = http::Body(std::move(text));
  return request;
}

http::Request HttpSession::get_of(const std::string& last_id) const {
  http::Request request("GET", place_->settings.path, place_->authority);
  request.headers = link_.headers;
  request.headers.remove("content-type");
  request.headers.set("accept", "text/event-stream");
  if (!last_id.empty()) request.headers.add("last-event-id", last_id);
  return request;
}

Result<http::Response> HttpPlace::heard(Result<http::Response> response, Deadline deadline,
                                        Instant now) const {
  if (response) {
    vitals->recovered();
    return response;
  }
  const Fault fault = response.error().fault();
  // What is over before its time is over for want of a connection, or of a server that reads.
  const bool is_early = fault == Fault::timed_out && !deadline.has_passed(now);
  const bool is_nobody = fault == Fault::unavailable || fault == Fault::not_found;
  // One that has not answered in its caller's time may be as well as ever.
  if (is_early || is_nobody || fault == Fault::upstream_failed) {
    vitals->failed(response.error().why());
  }
  if (is_early) return failed(Fault::unavailable, "connecting or sending took too long");
  if (is_nobody) return failed(Fault::unavailable, response.error().why());
  return response;
}

Task<Result<http::Response>> HttpSession::send(http::Request request, Deadline deadline) {
  const http::Endpoint& endpoint = place_->settings.endpoint;
  if (credentials_) {
    CO_TRY(credentials_->put_on(request));
  }
  auto response = co_await site_->pool().exchange(std::move(request), endpoint, deadline);
  co_return place_->heard(std::move(response), deadline, site_->scheduler().now());
}

Task<Result<>> HttpSession::bring_up(Deadline deadline) {
  const Duration patience = place_->settings.handshake;
  const Deadline by = deadline.or_sooner(Deadline::in(site_->scheduler().now(), patience));
  CO_TRY(Handshake handshake, co_await shake_hands(by));
  handshake_.emplace(std::move(handshake));
  tasks_.spawn(feed(*this));
  co_return Result<>();
}

Task<Result<Handshake>> HttpSession::shake_hands(Deadline deadline) {
  const mcp::Id id(dialog_.take_id());
  http::Request request = post_of(mcp::request_text(id, "initialize", params_.value()));
  request.headers = common_headers();
  CO_TRY(http::Response response, co_await send(std::move(request), deadline));
  CO_TRY(std::string session_id, session_id_of(response));
  CO_TRY(mcp::Message answer, co_await first_answer(std::move(response), id, deadline));
  CO_TRY(Handshake handshake, judge_handshake(std::move(answer)));
  relink(std::move(session_id), handshake.revision());
  CO_TRY(co_await tell(mcp::notification_text("notifications/initialized", std::string_view()),
                       deadline));
  co_return std::move(handshake);
}

void HttpSession::relink(std::string id, mcp::Revision revision) {
  Link link;
  link.number = link_.number + 1;
  link.headers = common_headers();
  if (!id.empty()) link.headers.add("mcp-session-id", id);
  link.headers.add("mcp-protocol-version", mcp::text_of(revision));
  link.id = std::move(id);
  link_ = std::move(link);
}

// The log level and the subscriptions are the server's to remember.
std::optional<std::string> HttpSession::portable_state() const {
  json::Writer out;
  out.begin_object().name("id").string(link_.id);
  out.name("revision").string(mcp::text_of(handshake_->revision()));
  const auto capabilities = handshake_->answer().result()->find("capabilities");
  if (capabilities) out.name("capabilities").value(*capabilities);
  return out.end_object().take();
}

Result<> HttpSession::go_on(json::Value state) {
  const auto capabilities = state.find("capabilities");
  json::Writer out;
  out.begin_object();
  out.name("protocolVersion").string(state.find_string("revision").value_or(""));
  out.name("capabilities").raw(capabilities ? capabilities->raw() : "{}");
  out.name("serverInfo").begin_object().name("name").string(place_->name.text());
  out.name("version").string("0").end_object();
  const std::string result = out.end_object().take();
  TRY(mcp::Message answer, read_answer(mcp::result_text(mcp::Id(1), result)));
  TRY(Handshake handshake, judge_handshake(std::move(answer)));
  relink(std::string(state.find_string("id").value_or("")), handshake.revision());
  handshake_.emplace(std::move(handshake));
  share();
  tasks_.spawn(feed(*this));
  return {};
}

// The answer to initialize.
Task<Result<mcp::Message>> HttpSession::first_answer(http::Response response, const mcp::Id& id,
                                                     Deadline deadline) {
  const AnswerForm form = form_of(response);
  if (form == AnswerForm::events) {
    co_return co_await first_of_stream(std::move(response.body), id, deadline);
  }
  if (form == AnswerForm::json) {
    CO_TRY(std::string text,
           co_await response.body.read_all(place_->settings.answer_bytes_max, deadline));
    CO_TRY(mcp::Message message, read_answer(std::move(text)));
    if (message.is_response() && message.id() == id) co_return std::move(message);
    co_return failed(Fault::upstream_failed, "initialize was answered with something else");
  }
  CO_TRY(Refusal refusal, co_await read_refusal(std::move(response), deadline));
  const bool is_answer = refusal.message && refusal.message->id() == id;
  if (is_answer) co_return std::move(*refusal.message);
  const int status = refusal.status;
  may_be_older_ = !refusal.code && (status == 400 || status == 404 || status == 405);
  co_return tl::unexpected<Error>(refusal.error());
}

// What the server says before the answer is for nobody.
Task<Result<mcp::Message>> HttpSession::first_of_stream(http::Body body, const mcp::Id& id,
                                                        Deadline deadline) {
  EventMessages events(std::move(body), place_->settings.event_bytes_max);
  for (;;) {
    CO_TRY(std::optional<std::string> text, co_await events.next(deadline));
    if (!text) co_return failed(Fault::upstream_failed, "initialize was not answered");
    CO_TRY(mcp::Message message, read_answer(std::move(*text)));
    const bool is_answer = message.is_response() && message.id() == id;
    if (!is_answer) continue;
    site_->drain(std::move(events).take_rest());
    co_return std::move(message);
  }
}

// A message that has no answer.
Task<Result<>> HttpSession::tell(std::string text, Deadline deadline) {
  http::Request request = post_of(std::move(text));
  request.is_repeatable = true;
  CO_TRY(http::Response response, co_await send(std::move(request), deadline));
  if (response.status >= 200 && response.status < 300) {
    site_->drain(std::move(response.body));
    co_return Result<>();
  }
  CO_TRY(const Refusal refusal, co_await read_refusal(std::move(response), deadline));
  co_return tl::unexpected<Error>(refusal.error());
}

// 404 says so (2025-11-25, transports), unless it comes with what is an answer to the request
// itself. Servers made with the official SDKs often say it with 400 and an error of their own under
// no id.
bool HttpSession::is_lost(const Refusal& refusal) const {
  if (link_.id.empty()) return false;
  const auto code = refusal.code.value_or(0);
  if (refusal.status == 404) {
    const bool is_answer = code == static_cast<int>(mcp::Code::method_not_found) ||
                           code == static_cast<int>(mcp::Code::invalid_params);
    return !refusal.message || !is_answer;
  }
  constexpr std::int64_t own_errors_begin = -32099;
  constexpr std::int64_t own_errors_end = -32000;
  return refusal.status == 400 && !refusal.message && code >= own_errors_begin &&
         code <= own_errors_end;
}

// One call opens the session again, the others wait for what comes of it.
Task<Result<>> HttpSession::reopen(std::uint64_t lost, Deadline deadline) {
  if (is_shared_) co_return tl::unexpected<Error>(end("the server does not know the session"));
  while (link_.number == lost && opening_.is_on()) {
    CO_TRY(co_await opening_.until_over(deadline));
  }
  if (link_.number != lost) co_return Result<>();
  const SharedWork::Turn turn(opening_);
  co_return co_await open_again(deadline);
}

Error HttpSession::end(std::string_view why) {
  Error over(Fault::not_found, std::string(why));
  dialog_.close(over);
  return over;
}

Task<Result<>> HttpSession::open_again(Deadline deadline) {
  const Duration patience = place_->settings.handshake;
  const Deadline by = deadline.or_sooner(Deadline::in(site_->scheduler().now(), patience));
  auto handshake = co_await shake_hands(by);
  if (!handshake) {
    const std::string& why = handshake.error().why();
    place_->log.warn("session not opened again",
                     {{"target", place_->name.text()}, {"reason", why}});
    co_return failed(Fault::unavailable, "the session was lost: " + why);
  }
  if (handshake->revision() != handshake_->revision()) {
    co_return tl::unexpected<Error>(end("the server speaks another revision than before"));
  }
  memory_.each(
      [this](std::string_view method, const std::string& params) { repeat(method, params); });
  place_->log.info("session opened again", {{"target", place_->name.text()}});
  co_return Result<>();
}

// Nobody waits for the answer.
void HttpSession::repeat(std::string_view method, const std::string& params) {
  const auto document = json::Document::parse(params);
  if (!document) return;
  const Deadline deadline = Deadline::in(site_->scheduler().now(), place_->settings.telling);
  mcp::Call call(method, document->root(), deadline);
  call.make_own();
  auto slot = Slot::take(place_->calls, place_->settings.calls_max);
  auto begun = dialog_.start_apart(call);
  if (!slot || !begun) return;
  tasks_.spawn(repeat_one(*this, std::make_unique<HttpCall>(*this, std::move(*begun),
                                                            std::move(*slot), deadline, true)));
}

Task<> HttpSession::repeat_one(HttpSession&, std::unique_ptr<Conversation> conversation) {
  for (;;) {
    auto event = co_await conversation->next();
    if (!event || event->kind() == Event::Kind::result) break;
  }
}

Task<Result<std::unique_ptr<Conversation>>> HttpSession::start(mcp::Call call) {
  co_return begin(call);
}

std::optional<Result<std::unique_ptr<Conversation>>> HttpSession::start_now(const mcp::Call& call) {
  return begin(call);
}

Result<std::unique_ptr<Conversation>> HttpSession::begin(const mcp::Call& call) {
  auto slot = Slot::take(place_->calls, place_->settings.calls_max);
  if (!slot) return failed(Fault::too_many, "too many calls in flight to this target");
  TRY(auto begun, dialog_.start_apart(call));
  memory_.note(call);
  if (may_be_asked_ && !call.is_own()) listen_from_now_on();
  return std::make_unique<HttpCall>(*this, std::move(begun), std::move(*slot), call.deadline(),
                                    is_repeatable(call.method()));
}

Task<Result<>> HttpSession::notify(std::string_view method, json::Value params) {
  const bool is_ours = method == "notifications/initialized" || method == "notifications/cancelled";
  if (is_ours) co_return Result<>();
  const Deadline deadline = Deadline::in(site_->scheduler().now(), place_->settings.telling);
  CO_TRY(co_await dialog_.until_sendable(deadline, "the server does not take notifications"));
  dialog_.notify(method, params);
  co_return Result<>();
}

Task<Result<>> HttpSession::answer(QuestionId question, const mcp::Message& response) {
  co_return dialog_.answer(question, response);
}

Task<Result<>> HttpSession::refuse(QuestionId question, mcp::Code code, std::string_view why) {
  co_return dialog_.refuse(question, code, why);
}

Task<Result<Event>> HttpSession::next_unsolicited() {
  listen_from_now_on();
  return dialog_.next_unsolicited();
}

Task<> HttpSession::feed(HttpSession& session) {
  const HttpPlace& place = *session.place_;
  for (;;) {
    while (!session.dialog_.has_outgoing()) {
      co_await session.dialog_.outgoing_changed().wait();
    }
    std::string text = session.dialog_.take_outgoing();
    const Deadline deadline =
        Deadline::in(session.site_->scheduler().now(), place.settings.telling);
    auto told = co_await session.tell(std::move(text), deadline);
    if (told) continue;
    place.log.warn("message not taken",
                   {{"target", place.name.text()}, {"reason", told.error().why()}});
  }
}

}  // namespace upstream
