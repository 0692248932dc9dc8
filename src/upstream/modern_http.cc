#include "mcp/write.h"
#include "upstream/detail_http_answer.h"
#include "upstream/detail_modern_http.h"

namespace upstream {
namespace {

constexpr std::size_t refusal_bytes_max = std::size_t{64} * 1024;

// The answer to one POST.
class HttpAnswer final : public ModernAnswer {
 public:
  HttpAnswer(Site& site, const HttpPlace& place, Slot slot, const ModernOrder& order,
             http::Response response)
      : site_(site),
        place_(place),
        slot_(std::move(slot)),
        id_(order.id),
        deadline_(order.deadline),
        is_listener_(order.is_listener),
        form_(form_of(response)),
        status_(response.status),
        body_(std::move(response.body)) {
    if (form_ == AnswerForm::events) {
      events_.emplace(std::move(body_), place_.settings.event_bytes_max);
    }
  }

  Task<Result<mcp::Message>> next() override {
    switch (form_) {
      case AnswerForm::events:
        return next_event();
      case AnswerForm::json:
        return is_listener_ ? next_line() : whole();
      case AnswerForm::accepted:
        return without_answer();
      case AnswerForm::refused:
        return refusal();
    }
    return without_answer();
  }

 private:
  Task<Result<mcp::Message>> next_event() {
    CO_TRY(std::optional<std::string> text, co_await events_->next(deadline_));
    if (!text) co_return failed(Fault::upstream_failed, "the server's answer ended too early");
    CO_TRY(mcp::Message message, read_answer(std::move(*text)));
    CO_TRY(check(message));
    if (message.is_response()) site_.drain(std::move(*events_).take_rest());
    co_return std::move(message);
  }

  Task<Result<mcp::Message>> whole() {
    CO_TRY(std::string text, co_await body_.read_all(place_.settings.answer_bytes_max, deadline_));
    CO_TRY(mcp::Message message, read_answer(std::move(text)));
    CO_TRY(check(message));
    if (message.is_response()) co_return std::move(message);
    co_return failed(Fault::upstream_failed, "the server's answer is none to this request");
  }

  // Messages line by line under the name of JSON: a known server listens so.
  Task<Result<mcp::Message>> next_line() {
    for (;;) {
      std::optional<std::string> line = take_line();
      if (line) {
        CO_TRY(mcp::Message message, read_answer(std::move(*line)));
        CO_TRY(check(message));
        co_return std::move(message);
      }
      if (is_at_end_)
        co_return failed(Fault::upstream_failed, "the server's answer ended too early");
      CO_TRY(co_await read_more());
    }
  }

  Task<Result<>> read_more() {
    if (lines_.size() > place_.settings.event_bytes_max) {
      co_return failed(Fault::upstream_failed, "the server's line is too long");
    }
    CO_TRY(const std::optional<std::string> piece, co_await body_.read(deadline_));
    is_at_end_ = !piece;
    lines_ += piece.value_or("\n");
    co_return Result<>();
  }

  // The next line that is not blank, of those that have been read.
  std::optional<std::string> take_line() {
    for (std::size_t end = lines_.find('\n'); end != std::string::npos; end = lines_.find('\n')) {
      std::string line = lines_.substr(0, end);
      lines_.erase(0, end + 1);
      if (line.find_first_not_of(" \t\r") != std::string::npos) return line;
    }
    return std::nullopt;
  }

  Task<Result<mcp::Message>> without_answer() {
    co_return failed(Fault::upstream_failed, "the server took the request without an answer");
  }

  // A JSON-RPC error is the answer, whatever its status and even under no id: servers that cannot
  // or do not read the request write null.
  Task<Result<mcp::Message>> refusal() {
    auto body = co_await body_.read_all(refusal_bytes_max, deadline_);
    if (!body && body.error().fault() == Fault::timed_out) co_return tl::unexpected(body.error());
    const std::string text = body ? std::move(*body) : std::string();
    const auto document = json::Document::parse(text);
    const auto error = document ? document->root().find("error") : std::nullopt;
    const auto code = error ? error->find("code") : std::nullopt;
    const auto number = code ? code->as_int() : std::nullopt;
    const bool is_error = status_ >= 400 && number && *number > -100'000 && *number < 100'000;
    if (!is_error) co_return tl::unexpected<Error>(Refusal(status_, text).error());
    const auto data = error->find("data");
    co_return read_answer(mcp::error_text(mcp::Id(id_), static_cast<int>(*number),
                                          error->find_string("message").value_or(""),
                                          data ? data->raw() : std::string_view()));
  }

  // Whoever mistakes one answer for another may do so with the next on that connection.
  Result<> check(const mcp::Message& message) const {
    if (!message.is_response() || message.id() == mcp::Id(id_)) return {};
    site_.pool().drop_idle(place_.settings.endpoint);
    return failed(Fault::upstream_failed, "the server's answer is none to this request");
  }

  Site& site_;
  const HttpPlace& place_;
  Slot slot_;
  std::uint64_t id_;
  Deadline deadline_;
  bool is_listener_;
  AnswerForm form_;
  int status_;
  http::Body body_;
  std::optional<EventMessages> events_;
  std::string lines_;
  bool is_at_end_ = false;
};

}  // namespace

ModernHttp::ModernHttp(std::shared_ptr<Site> site, std::shared_ptr<HttpPlace> place,
                       std::shared_ptr<const auth::CurrentCredentials> credentials)
    : site_(std::move(site)), place_(std::move(place)), credentials_(std::move(credentials)) {}

Task<Result<std::unique_ptr<ModernAnswer>>> ModernHttp::ask(ModernOrder order) {
  const HttpSettings& settings = place_->settings;
  auto slot = order.is_listener ? Slot::take(place_->streams, settings.streams_max)
                                : Slot::take(place_->calls, settings.calls_max);
  if (!slot) co_return failed(Fault::too_many, "too many requests in flight to this target");
  http::Request request("POST", settings.path, place_->authority);
  request.headers = std::move(order.headers);
  request.headers.add("content-type", "application/json");
  request.headers.add("accept", "application/json, text/event-stream");
  request.headers.add("accept-encoding", "identity");  // a compressed answer is refused
  request.headers.add("mcp-protocol-version", mcp::text_of(mcp::modern_revision));
  request.headers.add("mcp-method", order.method);
  request.body = http::Body(mcp::request_text(mcp::Id(order.id), order.method, order.params));
  request.is_repeatable = order.may_repeat;
  CO_TRY(http::Response response, co_await send(std::move(request), order.deadline));
  co_return std::make_unique<HttpAnswer>(*site_, *place_, std::move(*slot), order,
                                         std::move(response));
}

Task<Result<http::Response>> ModernHttp::send(http::Request request, Deadline deadline) {
  const http::Endpoint& endpoint = place_->settings.endpoint;
  if (credentials_) CO_TRY(credentials_->put_on(request));
  auto response = co_await site_->pool().exchange(std::move(request), endpoint, deadline);
  co_return place_->heard(std::move(response), deadline, site_->scheduler().now());
}

}  // namespace upstream
