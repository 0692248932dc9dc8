#pragma once
// What one request at one MCP route is asked about before it is served, whichever way its session's
// messages go.

#include <algorithm>

#include "gateway/caller.h"
#include "gateway/mcp_call.h"
#include "gateway/refuse.h"
#include "gateway/session_state.h"
#include "http/media_type.h"
#include "mcp/era.h"
#include "mcp/write.h"

namespace gateway {

class Endpoint {
 private:
  // Gives the reserved place back unless a session came of it.
  class Reservation {
   public:
    Reservation(SessionTable& table, std::string owner, std::size_t children)
        : table_(table), owner_(std::move(owner)), children_(children) {}
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    ~Reservation() {
      if (!is_used_) table_.release(owner_, children_);
    }
    std::string use() {
      is_used_ = true;
      return owner_;
    }

   private:
    SessionTable& table_;
    std::string owner_;
    std::size_t children_;
    bool is_used_ = false;
  };

 public:
  static constexpr auto open_within = std::chrono::seconds(30);

  explicit Endpoint(const McpPlace& at)
      : core_(at.core),
        route_(at.route),
        backend_(at.backend),
        exchange_(at.exchange),
        versions_(exchange_.request().headers.all("mcp-protocol-version")) {}

  // The session or the answer that there is none.
  using Found = tl::expected<SessionHome, http::Response>;

  bool accepts_stream() const {
    const auto accept = exchange_.request().headers.find("accept");
    return accept && http::accepts(*accept, "text/event-stream");
  }

  std::optional<http::Response> wrong_content_type() {
    const auto type = exchange_.request().headers.find("content-type");
    if (type && http::is_utf8_media_type(*type, "application/json")) return std::nullopt;
    return refuse(exchange_, 415, "mcp: client must send application/json");
  }

  std::optional<http::Response> wrong_media_type() {
    const http::Headers& headers = exchange_.request().headers;
    const auto accept = headers.find("accept");
    // What nearly all clients say, to the letter.
    if (headers.find("content-type") == "application/json" &&
        accept == "application/json, text/event-stream") {
      return std::nullopt;
    }
    if (auto wrong = wrong_content_type()) return wrong;
    if (!accept || !http::accepts(*accept, "application/json") || !accepts_stream()) {
      return refuse(exchange_, 406,
                    "mcp: client must accept both application/json and text/event-stream");
    }
    return std::nullopt;
  }

  // Whether it is of the stateless revision by what it says.
  bool is_modern(const mcp::Message& message) const {
    const bool names_session = exchange_.request().headers.has("mcp-session-id");
    return mcp::era_of_message(message, versions_, names_session) == mcp::Era::modern;
  }
  // GET and DELETE, which that revision has no use for.
  bool names_modern_only() const {
    if (exchange_.request().headers.has("mcp-session-id")) return false;
    return std::any_of(versions_.begin(), versions_.end(), [](std::string_view version) {
      const auto revision = mcp::read_revision(version);
      return revision && mcp::era_of(*revision) == mcp::Era::modern;
    });
  }

  http::Response refuse_version(const std::optional<mcp::Id>& id, const mcp::VersionFault& fault) {
    const std::string data = fault.data();
    return refuse_call(exchange_, 400, id,
                       RpcError{mcp::Code::unsupported_version, fault.why(), data});
  }

  static std::optional<mcp::Id> id_of(const mcp::Message& message) {
    return message.is_notification() ? std::nullopt : std::optional(message.id());
  }

  std::optional<http::Response> wrong_version(const std::optional<mcp::Id>& id,
                                              const SessionHandle& session) {
    const auto revision = mcp::revision_of_request(versions_, session.revision);
    if (revision) return std::nullopt;
    return refuse_version(id, revision.error());
  }

  OpenedSession open_id(std::string_view id) const {
    return core_.opened_ids().open(core_.shared().session_ids, id, binding());
  }
  Binding binding() const {
    return Binding(exchange_.principal().identity(), binding_key(), backend_.target->fingerprint);
  }
  std::string_view binding_key() const {
    return core_.shared().session_ids.binding_key(route_.key, route_.session_key);
  }

  // Calls in flight hold the session until they are over; nobody else finds it from now on.
  void take_out() {
    const OpenedSession opened = open_id(*exchange_.request().headers.find("mcp-session-id"));
    core_.shared().sessions.take(opened.number);
  }

  http::Response refuse_for_memory() {
    return refuse(exchange_, 503, "the gateway is short of memory");
  }

  http::Response refuse_body(const Error& error) {
    if (error.fault() == Fault::too_many) return refuse_for_memory();
    if (error.fault() != Fault::timed_out) return refuse(exchange_, error);
    return refuse(exchange_, 408, "the request's body did not arrive in time");
  }

  // The request's or notification's row in the table of methods; null for an answer and for a
  // notification that is not in it.
  static tl::expected<const mcp::Method*, mcp::ReadFault> admit(const mcp::Message& message) {
    if (message.is_response()) return nullptr;
    return mcp::admit(message, mcp::Sender::client, mcp::Era::legacy);
  }

  // Of this caller; what its server gets to see of the caller is not renewed yet.
  Found locate(const std::optional<mcp::Id>& id) {
    const auto presented = exchange_.request().headers.find("mcp-session-id");
    if (!presented) {
      const RpcError error{
          mcp::Code::invalid_request, "Bad Request: Mcp-Session-Id header is required", {}};
      return tl::unexpected(refuse_call(exchange_, 400, id, error));
    }
    const OpenedSession opened = open_id(*presented);
    SessionHome session;
    if (opened.kind == OpenedSession::Kind::own) {
      session = find_here(opened.number);
      if (!session) missed_ = opened.number;
    }
    if (!session) {
      // One answer for an unknown, an ended and somebody else's session; the record knows better.
      http::Response refused = refuse_call(
          exchange_, 404, id, RpcError{mcp::Code::invalid_request, "Session not found", {}});
      exchange_.record.error = opened.kind == OpenedSession::Kind::foreign
                                   ? "session_owner_mismatch"
                                   : "unknown session";
      return tl::unexpected(std::move(refused));
    }
    exchange_.record.mcp_session = session->number;
    return session;
  }

  Found find_session(const std::optional<mcp::Id>& id) {
    Found session = locate(id);
    if (!session) return session;
    if (const Result<> renewed = renew((*session)->credentials.get()); !renewed) {
      return tl::unexpected(refuse_call(exchange_, id, renewed.error()));
    }
    return session;
  }

  // Where a session of this caller is not here: brings it here if another process shared it and it
  // has not ended. `missed` is what find_session() or locate() said; it stays if there is none.
  Task<Found> resume(Found missed, std::optional<mcp::Id> id) {
    const SessionIds& ids = core_.shared().session_ids;
    if (!missed_ || !ids.are_portable()) co_return missed;
    const SessionNumber number = *missed_;
    const std::string_view presented = *exchange_.request().headers.find("mcp-session-id");
    const auto state = SessionState::read(ids.state_of(presented, binding()));
    if (!state || !may_resume(number, *state)) co_return missed;
    auto brought = co_await arrive(number, *state, id);
    if (!brought && brought.error().status == 404) co_return missed;
    if (!brought) co_return brought;
    const SessionHome home = std::move(*brought);
    forget_refusal();
    exchange_.record.mcp_session = home->number;
    lacking_ = nullptr;
    const Result<> renewed = renew(home->credentials.get());
    if (!renewed) co_return tl::unexpected(refuse_call(exchange_, id, renewed.error()));
    co_return home;
  }

  // Whether what the server gets to see of the caller has to be waited for before anything is sent.
  bool lacks_credentials() const { return lacking_ != nullptr; }
  // The answer, if it cannot be had.
  Task<std::optional<http::Response>> fetch_credentials(std::optional<mcp::Id> id) {
    auto fetched = co_await route_.backend_auth->fetch(exchange_);
    if (!fetched) co_return refuse_call(exchange_, id, fetched.error());
    lacking_->set(std::move(*fetched));
    co_return std::nullopt;
  }

  // Before a session ends: what cannot be had now is no reason to keep it, so the server is told
  // without it.
  Task<> renew_for_the_end(auth::CurrentCredentials* credentials) {
    bool has_them = renew(credentials).has_value();
    if (has_them && lacks_credentials()) {
      const auto refused = co_await fetch_credentials(std::nullopt);
      has_them = !refused;
    }
    if (!has_them) credentials->set(nullptr);
  }

  // A session with the server for the client's `initialize`, or the answer that there is none.
  using Opened = tl::expected<std::unique_ptr<upstream::Session>, http::Response>;
  Task<Opened> open_upstream(const mcp::Message& request) {
    const mcp::Id& id = request.id();
    const Deadline deadline = Deadline::in(core_.loop().now(), open_within);
    auto refused = co_await make_credentials(id);
    if (refused) co_return tl::unexpected(std::move(*refused));
    auto opened = co_await backend_.target->target->open(core_.site(), request.params(), deadline,
                                                         credentials_);
    if (!opened) co_return tl::unexpected(refuse_call(exchange_, id, opened.error()));
    co_return std::move(*opened);
  }

  // The session under its number, with what was opened for it.
  SessionHome home_of(const SessionNumber& number, std::unique_ptr<McpSession> session,
                      std::optional<std::int64_t> shared_since = std::nullopt) {
    const mcp::Revision revision = session->revision();
    const mcp::TaskOffer tasks = session->tasks();
    auto handle = std::make_shared<SessionHandle>(
        net::Home<McpSession>(core_.loop(), std::move(session)), revision, number.text(),
        std::move(credentials_), backend_.target->children);
    handle->shared_since = shared_since;
    handle->tasks = tasks;
    return handle;
  }

  // A session of this caller's with what was opened for it.
  std::unique_ptr<McpSession> session_with(std::unique_ptr<upstream::Session> opened) {
    std::unique_ptr<SessionTasks> tasks;
    const bool may_have_tasks = mcp::has_tasks(opened->revision()) &&
                                mcp::task_offer(*opened->initialized().result()).calls;
    if (may_have_tasks) {
      tasks = std::make_unique<SessionTasks>(core_.shared().session_ids,
                                             exchange_.principal().identity(), binding_key(),
                                             backend_.target->fingerprint);
    }
    return std::make_unique<McpSession>(core_.loop(), std::move(opened), std::move(tasks));
  }

  Task<http::Response> open_session(mcp::Message request) {
    const mcp::Id& id = request.id();
    auto reservation = reserve();
    if (!reservation) co_return refuse_reservation(id, reservation.error());
    auto opened = co_await open_upstream(request);
    if (!opened) co_return std::move(opened).error();
    if (!is_served()) {
      const Error gone(Fault::unavailable, "a reload took the target away");
      co_return refuse_call(exchange_, id, gone);
    }
    co_return keep(request, std::move(*opened), (*reservation)->use());
  }

  // What the server gets to see of this request's caller, from now on.
  Result<> renew(auth::CurrentCredentials* credentials) {
    if (credentials == nullptr) return {};
    // A reload may have taken it away.
    if (!route_.backend_auth) {
      credentials->set(nullptr);
      return {};
    }
    auto given = route_.backend_auth->credentials(exchange_);
    lacking_ = given ? nullptr : credentials;
    if (!given) return {};
    if (!*given) return tl::unexpected(std::move(*given).error());
    credentials->set(std::move(**given));
    return {};
  }

 private:
  Result<std::unique_ptr<Reservation>> reserve() {
    SessionTable& table = core_.shared().sessions;
    std::string owner = owner_of(exchange_);
    const std::size_t children = backend_.target->children;
    TRY(table.reserve(owner, children));
    return std::make_unique<Reservation>(table, std::move(owner), children);
  }
  http::Response refuse_reservation(const std::optional<mcp::Id>& id, const Error& why) {
    exchange_.record.error = why.why();
    const RpcError error{mcp::Code::internal_error, why.why(), {}};
    return refuse_call(exchange_, outward(why.fault()).status, id, error);
  }

  // For a session that begins here. The answer, if they cannot be had.
  Task<std::optional<http::Response>> make_credentials(std::optional<mcp::Id> id) {
    if (route_.backend_auth) credentials_ = std::make_shared<auth::CurrentCredentials>();
    const Result<> renewed = renew(credentials_.get());
    if (!renewed) co_return refuse_call(exchange_, id, renewed.error());
    if (!lacks_credentials()) co_return std::nullopt;
    co_return co_await fetch_credentials(id);
  }

  // A reload may have taken the target away meanwhile: nobody would end what depends on it.
  bool is_served() const { return core_.serves(backend_.target->number); }

  SessionHome find_here(const SessionNumber& number) {
    return core_.shared().sessions.find(number, backend_.target->number, core_.loop().now());
  }

  bool may_resume(const SessionNumber& number, const SessionState& state) {
    const auto age = std::chrono::seconds(seconds_of(core_.shared().clock.wall()) - state.begun());
    return age <= core_.shared().session_ids.resumable_for() &&
           !core_.shared().sessions.has_ended(number, state.begun());
  }

  // The session, brought here by this request or by one beside it. 404: there is no going on with
  // it.
  Task<Found> arrive(SessionNumber number, const SessionState& state, std::optional<mcp::Id> id) {
    const Deadline deadline = Deadline::in(core_.loop().now(), open_within);
    Arrivals& arrivals = core_.shared().arrivals;
    while (may_resume(number, state)) {
      const auto turn = arrivals.take_turn(core_.loop(), number, backend_.target->number);
      SessionHome home = find_here(number);
      if (home) co_return home;
      if (turn->is_first()) co_return co_await bring(number, state, id);
      auto over = co_await turn->until_over(deadline);
      if (!over) co_return tl::unexpected(refuse_opening(id, over.error()));
    }
    co_return tl::unexpected(http::Response(404));
  }

  Task<Found> bring(SessionNumber number, const SessionState& state, std::optional<mcp::Id> id) {
    auto reservation = reserve();
    if (!reservation) co_return tl::unexpected(refuse_reservation(id, reservation.error()));
    auto session = co_await resume_upstream(state, id);
    if (!session) co_return tl::unexpected(std::move(session).error());
    (*session)->share();
    SessionHome home =
        is_served() ? adopt(number, state, std::move(*session), (*reservation)->use()) : nullptr;
    if (!home) co_return tl::unexpected(http::Response(404));
    co_return home;
  }

  http::Response refuse_opening(const std::optional<mcp::Id>& id, const Error& why) {
    return id ? refuse_call(exchange_, id, why) : refuse(exchange_, why);
  }

  // The session as its server knows it. 404: there is no going on with it.
  Task<Opened> resume_upstream(const SessionState& state, std::optional<mcp::Id> id) {
    const Deadline deadline = Deadline::in(core_.loop().now(), open_within);
    auto refused = co_await make_credentials(id);
    if (refused) co_return tl::unexpected(std::move(*refused));
    const upstream::Portable portable(state.params(), state.server());
    auto opened =
        co_await backend_.target->target->resume(core_.site(), portable, deadline, credentials_);
    const bool is_same = opened && (*opened)->revision() == state.revision();
    const bool is_over = opened ? !is_same : opened.error().fault() == Fault::not_found;
    if (is_over) co_return tl::unexpected(http::Response(404));
    if (opened) co_return std::move(*opened);
    co_return tl::unexpected(refuse_opening(id, opened.error()));
  }

  // What locate() wrote into the record.
  void forget_refusal() {
    telemetry::Record& record = exchange_.record;
    record.mcp_error_code = 0;
    record.mcp_error.clear();
    record.error.clear();
    record.reason = policy::Reason::upstream;
  }

  // The session under its number. Null: it ended.
  SessionHome adopt(const SessionNumber& number, const SessionState& state,
                    std::unique_ptr<upstream::Session> resumed, std::string owner) {
    auto session = session_with(std::move(resumed));
    SessionHome home = home_of(number, std::move(session), state.begun());
    return core_.shared().sessions.adopt(number, std::move(owner), backend_.target->number,
                                         std::move(home), core_.loop().now());
  }

  // What the session's id is to carry; nothing if it is to live in this process.
  std::optional<SessionState> state_for(const mcp::Message& request,
                                        const upstream::Session& opened) const {
    if (!core_.shared().session_ids.are_portable()) return std::nullopt;
    const auto server = opened.portable_state();
    if (!server) return std::nullopt;
    return SessionState::from(core_.shared().clock.wall(), opened.revision(), request.params(),
                              *server);
  }

  http::Response keep(const mcp::Message& request, std::unique_ptr<upstream::Session> opened,
                      std::string owner) {
    const SessionIds& ids = core_.shared().session_ids;
    const SessionNumber number = ids.make();
    const auto state = state_for(request, *opened);
    if (state) opened->share();
    auto session = session_with(std::move(opened));
    http::Response response(200, "application/json", session->greeting(request.id()));
    response.headers.set("mcp-session-id",
                         ids.seal(number, binding(), state ? state->text() : std::string_view()));
    const auto since = state ? std::optional(state->begun()) : std::nullopt;
    SessionHome home = home_of(number, std::move(session), since);
    exchange_.record.mcp_session = home->number;
    core_.shared().sessions.insert(number, std::move(owner), backend_.target->number,
                                   std::move(home), core_.loop().now());
    return response;
  }

  Core& core_;
  const runtime::Route& route_;
  const runtime::McpBackend& backend_;
  policy::Exchange& exchange_;
  const std::vector<std::string_view> versions_;           // that the request says it is of
  std::shared_ptr<auth::CurrentCredentials> credentials_;  // of the session that was opened
  std::optional<SessionNumber> missed_;                    // the caller's own, but not here
  auth::CurrentCredentials* lacking_ = nullptr;  // what has to be waited for, and for whom
};

}  // namespace gateway
