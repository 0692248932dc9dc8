#include "upstream/openapi.h"

#include <map>
#include <mutex>

#include "base/random.h"
#include "base/shared_work.h"
#include "http/fetch.h"
#include "json/write.h"
#include "mcp/write.h"
#include "upstream/detail_http_session.h"
#include "upstream/detail_local_session.h"
#include "upstream/detail_openapi.h"

namespace upstream {
namespace {

// How long a document that was fetched is used before it is fetched again.
constexpr Duration document_good_for = std::chrono::minutes(5);
// And how long the last good one is used when it could not be.
constexpr Duration fetched_again_after = std::chrono::seconds(30);

using Held = std::shared_ptr<const OpenApiDocument>;

Result<std::string> path_of(const OpenApiDocument& document) {
  if (document.base_path()) return document.base_path();
  return failed(Fault::bad_request, document.base_path().error().why() + ": say the `path`");
}

// The fetch of a document on one core, which all who open sessions there share.
class DocumentFetch {
 public:
  SharedWork work;
  std::optional<Error> failure;  // of the last one, unless it was only its caller's time that ended
};

// What all sessions of one target share.
class OpenApiPlace {
 public:
  OpenApiPlace(mcp::TargetName name, OpenApiSettings its_settings, const Log& its_log,
               std::shared_ptr<Vitals> vitals)
      : settings(std::move(its_settings)),
        http(std::move(name), settings.http, its_log, std::move(vitals)) {}

  const mcp::TargetName& name() const { return http.name; }
  const Log& log() const { return http.log; }

  // The document that is there, if it need not be fetched.
  Held find(Instant now) {
    const std::lock_guard lock(mutex_);
    return settings.address && now >= good_until_ ? nullptr : document_;
  }
  // The last one, however old; it is good for a little longer.
  Held keep_last(Instant now) {
    const std::lock_guard lock(mutex_);
    if (document_) good_until_ = now + fetched_again_after;
    return document_;
  }
  Held last() {
    const std::lock_guard lock(mutex_);
    return document_;
  }
  Result<Held> take(std::string text, Instant now) {
    TRY(auto parsed, OpenApiDocument::parse(std::move(text)));
    for (const std::string& why : parsed.left_out()) {
      log().warn("operation not offered", {{"target", name().text()}, {"operation", why}});
    }
    if (!settings.path) TRY(path_of(parsed));
    auto held = std::make_shared<const OpenApiDocument>(std::move(parsed));
    const std::lock_guard lock(mutex_);
    document_ = held;
    good_until_ = now + document_good_for;
    return held;
  }
  // That of a core.
  std::shared_ptr<DocumentFetch> fetch_of(const Site& site) {
    const std::lock_guard lock(mutex_);
    std::erase_if(fetches_, [](const auto& one) { return one.second.expired(); });
    std::shared_ptr<DocumentFetch> fetch = fetches_[&site].lock();
    if (!fetch) {
      fetch = std::make_shared<DocumentFetch>();
      fetches_[&site] = fetch;
    }
    return fetch;
  }

  const OpenApiSettings settings;
  HttpPlace http;

 private:
  std::mutex mutex_;
  Held document_;
  Instant good_until_ = Instant::min();
  std::map<const Site*, std::weak_ptr<DocumentFetch>> fetches_;
};

class OpenApiSession final : public LocalSession {
 public:
  OpenApiSession(std::shared_ptr<Site> site, std::shared_ptr<OpenApiPlace> place, Held document,
                 Random& random, std::shared_ptr<const auth::CurrentCredentials> credentials)
      : LocalSession(random, place->settings.http.queue),
        site_(std::move(site)),
        place_(std::move(place)),
        document_(std::move(document)),
        credentials_(std::move(credentials)) {}

 private:
  friend class OpenApiCall;

  Result<std::unique_ptr<Conversation>> start_at_once(const mcp::Call& call) override;

  std::string initialize(const mcp::Message& request) const {
    const auto version = request.params().find_string("protocolVersion").value_or("");
    json::Writer out;
    out.begin_object();
    out.name("protocolVersion").string(mcp::text_of(mcp::negotiate(version)));
    out.name("capabilities").begin_object().name("tools").begin_object().end_object().end_object();
    out.name("serverInfo").begin_object().name("name").string(place_->name().text());
    out.name("version").string(document_->version().empty() ? "0" : document_->version());
    out.end_object();
    return mcp::result_text(request.id(), out.end_object().take());
  }

  // What needs nobody else.
  std::string answer_of(const mcp::Message& request) const override {
    const std::string_view method = request.method();
    const auto is = [&](std::string_view name) { return method == name; };
    if (is("tools/list")) return mcp::result_text(request.id(), document_->tools());
    if (is("initialize")) return initialize(request);
    if (is("ping")) return mcp::result_text(request.id(), "{}");
    if (is("prompts/list")) return mcp::result_text(request.id(), R"({"prompts":[]})");
    if (is("resources/list")) return mcp::result_text(request.id(), R"({"resources":[]})");
    if (is("resources/templates/list")) {
      return mcp::result_text(request.id(), R"({"resourceTemplates":[]})");
    }
    return mcp::error_text(request.id(), mcp::Code::method_not_found, "Method not found");
  }

  // The result of a tool, as JSON text. Fault::bad_request: it was not called, for the caller's
  // arguments.
  Task<Result<std::string>> run(const OpenApiOperation& operation, const mcp::Message& request,
                                Deadline deadline);
  // Fault::unavailable: the service was not reached, or not in time.
  Task<Result<http::Response>> send(http::Request request, Deadline deadline);

  std::shared_ptr<Site> site_;
  std::shared_ptr<OpenApiPlace> place_;
  Held document_;
  std::shared_ptr<const auth::CurrentCredentials> credentials_;  // null: none
};

// A call of a tool in flight. The session must outlive it.
class OpenApiCall final : public Conversation {
 public:
  OpenApiCall(OpenApiSession& session, Dialog::Apart call, Slot slot, Deadline deadline)
      : session_(session),
        id_(call.call),
        request_(std::move(call.request)),
        deadline_(deadline),
        slot_(std::move(slot)),
        conversation_(std::move(call.conversation)),
        run_(run(*this)) {
    run_.start(session_.site_->scheduler(), std::noop_coroutine());
  }
  OpenApiCall(const OpenApiCall&) = delete;
  OpenApiCall& operator=(const OpenApiCall&) = delete;
  ~OpenApiCall() override = default;

  Task<Result<Event>> next() override { return conversation_->next(); }
  void cancel() override {
    conversation_->cancel();
    run_ = Task<>();
  }

 private:
  static Task<> run(OpenApiCall& call) {
    auto answer = co_await call.answer();
    if (!answer) {
      call.session_.dialog_.fail(call.id_, answer.error());
      co_return;
    }
    auto message = mcp::read(std::move(*answer), mcp::Sender::server, answer_limits);
    if (message) {
      call.session_.dialog_.receive(call.id_, std::move(*message));
    } else {
      call.session_.dialog_.fail(call.id_, Error(Fault::upstream_failed, message.error().why()));
    }
  }

  Task<Result<std::string>> answer() {
    const auto request = mcp::read(request_, mcp::Sender::client, answer_limits);
    if (!request) co_return failed(Fault::internal, request.error().why());
    const auto name = request->params().find_string("name").value_or("");
    const OpenApiOperation* operation = session_.document_->find(name);
    if (operation == nullptr) {
      co_return mcp::error_text(request->id(), mcp::Code::invalid_params,
                                "Unknown tool: " + std::string(name));
    }
    auto result = co_await session_.run(*operation, *request, deadline_);
    const bool is_callers = !result && result.error().fault() == Fault::bad_request;
    if (is_callers) result = tool_error(result.error().why());
    if (!result) co_return tl::unexpected<Error>(result.error());
    co_return mcp::result_text(request->id(), *result);
  }

  OpenApiSession& session_;
  std::uint64_t id_;
  std::string request_;
  Deadline deadline_;
  Slot slot_;
  std::unique_ptr<Conversation> conversation_;
  Task<> run_;  // last: it uses everything above
};

Result<std::unique_ptr<Conversation>> OpenApiSession::start_at_once(const mcp::Call& call) {
  if (call.method() != "tools/call") return LocalSession::start_at_once(call);
  serve();
  auto slot = Slot::take(place_->http.calls, place_->settings.http.calls_max);
  if (!slot) return failed(Fault::too_many, "too many calls in flight to this target");
  TRY(auto begun, dialog_.start_apart(call));
  return std::make_unique<OpenApiCall>(*this, std::move(begun), std::move(*slot), call.deadline());
}

Task<Result<std::string>> OpenApiSession::run(const OpenApiOperation& operation,
                                              const mcp::Message& request, Deadline deadline) {
  const auto empty = json::Document::parse("{}");
  const json::Value arguments = request.params().find("arguments").value_or(empty->root());
  CO_TRY(check_value(operation.schema->root(), arguments));
  const std::string base_path =
      place_->settings.path ? *place_->settings.path : *document_->base_path();
  CO_TRY(http::Request message, request_of(operation, arguments, base_path));
  message.authority = place_->http.authority;
  CO_TRY(http::Response answer, co_await send(std::move(message), deadline));
  const std::size_t most = place_->settings.http.answer_bytes_max;
  auto body = co_await answer.body.read_all(most, deadline);
  if (!body && body.error().fault() == Fault::too_large) {
    co_return failed(Fault::upstream_failed,
                     "the service's answer is longer than " + std::to_string(most) + " bytes");
  }
  if (!body) co_return tl::unexpected<Error>(body.error());
  if (answer.headers.find("content-encoding").value_or("identity") != "identity") {
    co_return failed(Fault::upstream_failed, "the answer is encoded, which nobody asked for");
  }
  co_return tool_result(answer, std::move(*body));
}

Task<Result<http::Response>> OpenApiSession::send(http::Request request, Deadline deadline) {
  if (credentials_) {
    const Result<> put = credentials_->put_on(request);
    if (!put) co_return failed(Fault::internal, put.error().why());
  }
  const http::Endpoint& endpoint = place_->settings.http.endpoint;
  auto exchanged = co_await site_->pool().exchange(std::move(request), endpoint, deadline);
  auto answer = place_->http.heard(std::move(exchanged), deadline, site_->scheduler().now());
  // What the gateway had to say to it is not the caller's mistake.
  if (!answer && answer.error().fault() == Fault::bad_request) {
    co_return failed(Fault::internal, answer.error().why());
  }
  co_return answer;
}

class OpenApiTarget final : public Target {
 public:
  OpenApiTarget(mcp::TargetName name, OpenApiSettings settings, const Log& log,
                std::shared_ptr<Vitals> vitals)
      : place_(std::make_shared<OpenApiPlace>(std::move(name), std::move(settings), log,
                                              std::move(vitals))) {}

  const mcp::TargetName& name() const override { return place_->name(); }
  std::string_view endpoint() const override { return place_->http.authority; }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site> site, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    const std::shared_ptr<OpenApiPlace> place = place_;
    auto document = co_await load(*site, deadline);
    if (!document) {
      place->log().warn("no OpenAPI document",
                        {{"target", place->name().text()}, {"reason", document.error().why()}});
      co_return failed(Fault::unavailable, "no OpenAPI document: " + document.error().why());
    }
    SystemRandom random;
    auto session = std::make_unique<OpenApiSession>(std::move(site), place, std::move(*document),
                                                    random, std::move(credentials));
    CO_TRY(co_await session->open(initialize_params, deadline));
    co_return std::unique_ptr<Session>(std::move(session));
  }
  Task<Result<std::unique_ptr<Session>>> resume(
      std::shared_ptr<Site> site, Portable portable, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    return open(std::move(site), portable.params, deadline, std::move(credentials));
  }

 private:
  // An old document is better than none, and than waiting for whoever fetches it.
  Task<Result<Held>> load(Site& site, Deadline deadline) {
    const std::shared_ptr<OpenApiPlace> place = place_;
    const std::shared_ptr<DocumentFetch> fetch = place->fetch_of(site);
    while (true) {
      const Instant now = site.scheduler().now();
      if (Held held = place->find(now)) co_return held;
      if (!place->settings.address) co_return place->take(place->settings.document, now);
      if (!fetch->work.is_on()) break;
      if (Held held = place->last()) co_return held;
      CO_TRY(co_await fetch->work.until_over(deadline));
      if (fetch->failure) co_return tl::unexpected<Error>(*fetch->failure);
    }
    const SharedWork::Turn turn(fetch->work);
    fetch->failure.reset();
    auto text = co_await fetched(site, *place, deadline);
    const Instant now = site.scheduler().now();
    Result<Held> held =
        text ? place->take(std::move(*text), now) : tl::unexpected<Error>(text.error());
    if (held) co_return held;
    if (!deadline.has_passed(now)) fetch->failure = held.error();
    const Held last = place->keep_last(now);
    if (!last) co_return held;
    place->log().warn("OpenAPI document not fetched again",
                      {{"target", place->name().text()}, {"reason", held.error().why()}});
    co_return last;
  }

  static Task<Result<std::string>> fetched(Site& site, const OpenApiPlace& place,
                                           Deadline deadline) {
    http::FetchRequest request(*place.settings.address, http::AddressOrigin::configuration);
    request.bytes_max = OpenApiDocument::bytes_max;
    const Instant now = site.scheduler().now();
    const Deadline by = deadline.or_sooner(Deadline::in(now, http::fetch_within));
    CO_TRY(http::Response response, co_await http::fetch_json(site.pool(), std::move(request), by));
    co_return response.body.take_whole(OpenApiDocument::bytes_max);
  }

  std::shared_ptr<OpenApiPlace> place_;
};

}  // namespace

Result<> check_openapi(std::string_view text, bool needs_path) {
  TRY(const auto parsed, OpenApiDocument::parse(std::string(text)));
  if (needs_path) TRY(path_of(parsed));
  return {};
}

std::unique_ptr<Target> make_openapi_target(mcp::TargetName name, OpenApiSettings settings,
                                            const Log& log, std::shared_ptr<Vitals> vitals) {
  return std::make_unique<OpenApiTarget>(std::move(name), std::move(settings), log,
                                         std::move(vitals));
}

}  // namespace upstream
