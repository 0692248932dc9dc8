#include <algorithm>

#include "base/text.h"
#include "http/media_type.h"
#include "upstream/detail_dialog.h"
#include "upstream/detail_http_answer.h"

namespace upstream {
namespace {

constexpr std::size_t refusal_bytes_max = std::size_t{64} * 1024;
constexpr std::size_t words_max = 200;
constexpr std::size_t session_id_bytes_max = 1024;
constexpr std::string_view json_type = "application/json";
constexpr std::string_view events_type = "text/event-stream";

bool is_coded(const http::Headers& headers) {
  const auto coding = headers.find("content-encoding");
  return coding && *coding != "identity";
}

}  // namespace

AnswerForm form_of(const http::Response& response) {
  if (response.status == 202 || response.status == 204) return AnswerForm::accepted;
  if (response.status != 200 || is_coded(response.headers)) return AnswerForm::refused;
  const auto type = response.headers.find("content-type");
  if (!type) return AnswerForm::refused;
  // Almost every answer says exactly this.
  if (*type == json_type) return AnswerForm::json;
  if (*type == events_type) return AnswerForm::events;
  if (http::is_utf8_media_type(*type, json_type)) return AnswerForm::json;
  if (http::is_utf8_media_type(*type, events_type)) return AnswerForm::events;
  return AnswerForm::refused;
}

Task<Result<std::optional<std::string>>> EventMessages::next(Deadline deadline) {
  for (;;) {
    std::optional<std::string> text = next_read();
    if (text) co_return text;
    CO_TRY(const std::optional<std::string> piece, co_await body_.read(deadline));
    if (!piece) co_return std::nullopt;
    CO_TRY(reader_.push(*piece));
  }
}

// Of those that have been read.
std::optional<std::string> EventMessages::next_read() {
  while (std::optional<http::Event> event = reader_.next()) {
    if (event->name == "message" && !event->data.empty()) return std::move(event->data);
  }
  return std::nullopt;
}

Refusal::Refusal(int the_status, std::string body)
    : status(the_status), why("HTTP " + std::to_string(the_status)) {
  if (status >= 300 && status < 400) why += ", a redirect, which is not followed";
  if (status == 200) why += " with neither JSON nor an event stream";
  const std::string said = base::printable(body, words_max);
  auto read = mcp::read(body, mcp::Sender::server, answer_limits);
  if (read && read->is_response() && read->error()) {
    code = read->error()->find("code")->as_int();
    message.emplace(std::move(*read));
  } else if (const auto document = json::Document::parse(std::move(body))) {
    const auto error = document->root().find("error");
    const auto number = error ? error->find("code") : std::nullopt;
    if (number) code = number->as_int();
  }
  if (!said.empty()) why += ": " + said;
}

Error Refusal::error() const {
  const bool is_busy = status == 429 || status == 502 || status == 503 || status == 504;
  return Error(is_busy ? Fault::unavailable : Fault::upstream_failed, "the server answered " + why);
}

bool refuses_credentials(const Error& error) {
  const std::string& why = error.why();
  return why.find("the server answered HTTP 401") != std::string::npos ||
         why.find("the server answered HTTP 403") != std::string::npos;
}

Task<Result<Refusal>> read_refusal(http::Response response, Deadline deadline) {
  const int status = response.status;
  auto body = co_await response.body.read_all(refusal_bytes_max, deadline);
  if (!body && body.error().fault() == Fault::timed_out) co_return tl::unexpected(body.error());
  co_return Refusal(status, body ? std::move(*body) : std::string());
}

Result<mcp::Message> read_answer(std::string text) {
  auto message = mcp::read(std::move(text), mcp::Sender::server, answer_limits);
  if (message) return std::move(*message);
  return failed(Fault::upstream_failed,
                "the server's answer is no message: " + message.error().why());
}

Result<std::string> session_id_of(const http::Response& response) {
  const std::size_t count = response.headers.count("mcp-session-id");
  if (count == 0) return std::string();
  const std::string_view id = *response.headers.find("mcp-session-id");
  const bool is_visible =
      std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (count > 1 || id.empty() || !is_visible || id.size() > session_id_bytes_max) {
    return failed(Fault::upstream_failed, "the server named a session in a way that cannot be");
  }
  return std::string(id);
}

}  // namespace upstream
