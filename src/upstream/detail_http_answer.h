#pragma once
// Answers of a server that speaks MCP over HTTP, read strictly. What is neither the JSON nor the
// stream that was asked for is an error and never taken for something else; a redirect is never
// followed.

#include <optional>
#include <string>

#include "http/message.h"
#include "http/sse.h"
#include "mcp/message.h"

namespace upstream {

enum class AnswerForm {
  json,      // one message
  events,    // an event stream
  accepted,  // 202 or 204: no message
  refused,   // everything else; read_refusal() says why
};
AnswerForm form_of(const http::Response& response);

// The messages of an event stream. Events of another name than `message` and those without data
// (2025-11-25: they only give an id) are left out.
class EventMessages {
 public:
  EventMessages(http::Body body, std::size_t event_bytes_max)
      : body_(std::move(body)), reader_(event_bytes_max) {}

  // The data of the next one, nothing at the end. Fault::too_large: the stream is of no more use.
  // Fault::timed_out at the deadline; other faults mean that the stream broke.
  Task<Result<std::optional<std::string>>> next(Deadline deadline);

  const std::string& last_id() const { return reader_.last_id(); }
  std::optional<Duration> retry() const { return reader_.retry(); }
  // What nobody will read any more.
  http::Body take_rest() && { return std::move(body_); }

 private:
  std::optional<std::string> next_read();

  http::Body body_;
  http::EventReader reader_;
};

// An answer that is no success. Its body is read as far as it may say why.
class Refusal {
 public:
  Refusal(int the_status, std::string body);

  int status;
  std::string why;  // one line for the log: the status and the server's words
  // The body's JSON-RPC error, if it is one: its code, and all of it if it is under an id.
  std::optional<std::int64_t> code;
  std::optional<mcp::Message> message;

  // As an error for who asked: Fault::unavailable if the server says that it has no time.
  Error error() const;
};
// Whether it is that of a server that does not take the credentials (401, 403).
bool refuses_credentials(const Error& error);
Task<Result<Refusal>> read_refusal(http::Response response, Deadline deadline);

// A message in a server's words, or Fault::upstream_failed with the reason.
Result<mcp::Message> read_answer(std::string text);

// The header that names a session (2025-11-25, transports): one, visible ASCII. Empty if there is
// none; Fault::upstream_failed if it is not fit to be sent back.
Result<std::string> session_id_of(const http::Response& response);

}  // namespace upstream
