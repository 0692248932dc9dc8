#pragma once
// One HTTP/1.1 connection of a client. Requests come out one at a time and in order; what is not
// valid to the letter never comes out: the connection answers it with its status, in plain text,
// and closes.
//
//   for (;;) {
//     auto incoming = co_await connection.next();
//     if (!incoming) { /* connection.refusal() says what was answered; write the record */ break; }
//     if (!*incoming) break;                                       // orderly end
//     ... co_await (*incoming)->send(std::move(response));
//   }
//   co_await connection.close();

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "http/h1_write.h"
#include "http/limits.h"
#include "http/message.h"
#include "net/stream.h"

namespace http {

class Incoming;

// What the wire answered by itself, for the access record. `method` and `target` are empty if the
// request was refused before they were known.
class Refusal {
 public:
  Refusal(int the_status, std::string the_why) : status(the_status), why(std::move(the_why)) {}

  int status;
  std::string why;  // for operators
  std::string method;
  std::string target;
};

class ServerConnection {
 public:
  // The stream and the connection must outlive every Incoming and every request body it gave.
  ServerConnection(net::Stream& stream, const ServerLimits& limits);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;
  ~ServerConnection();

  // The next request, or null when the connection is over (the peer ended it, it was idle for
  // too long, or an answer closed it). It is the connection's until next() is called again. An
  // error means that the peer broke off or that the wire refused a request; see refusal(). The
  // previous Incoming is over when this is called: what it did not read of its body is dropped, and
  // if it sent no answer the connection ends.
  Task<Result<Incoming*>> next();
  // Orderly end: finishes our direction and reads for a moment, so that the peer gets the last
  // answer and not a reset. Does nothing if the connection is broken.
  Task<> close();

  // The last thing the wire refused by itself, a malformed body included.
  const std::optional<Refusal>& refusal() const;
  // From now on the next answer closes the connection.
  void drain();
  // No byte of a request has been received and none is being answered: it may be dropped.
  bool is_idle() const;

 private:
  friend class Incoming;
  class State;
  friend class RequestBody;
  std::unique_ptr<State> state_;
};

// A request and the means to answer it, once.
class Incoming {
 public:
  Incoming(Incoming&&) noexcept = default;
  Incoming& operator=(Incoming&&) noexcept = default;

  // Its body may be read before, while or after the answer is made; `Expect: 100-continue` is
  // answered when it is first read. It may be moved out.
  Request request;

  // Writes the answer: one write if its body is whole, else piece by piece (chunked, or with its
  // known length, or ended by the end of the connection for HTTP/1.0). Framing fields of `response`
  // are replaced. If the request's body turned out malformed or too slow, the wire's own answer
  // (400, 408) is sent instead; status_sent() says which it was. An error means that the client did
  // not get all of the answer, because it is gone or because the body's source failed; the
  // connection is over then.
  Task<Result<>> send(Response response);
  // The same as far as it goes without waiting, which is all of it for nearly every answer. If it
  // gives nothing, send_rest() is due, with the same two; `response` may have become the wire's
  // own.
  std::optional<Result<>> send_now(Response& response, Unsent& unsent);
  Task<Result<>> send_rest(Response& response, const Unsent& unsent);
  // 0 before an answer was begun.
  int status_sent() const;

 private:
  friend class ServerConnection;
  explicit Incoming(ServerConnection::State& state) : state_(&state) {}
  ServerConnection::State* state_;
};

}  // namespace http
