#pragma once
// The client side: one Pool per core, with connections that are kept alive between requests. A
// connection is reused only if its last answer ended exactly where it said and nothing came since.
// A truncated answer never looks complete.

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "http/limits.h"
#include "http/message.h"
#include "net/stream.h"

namespace http {

// Where a request is sent. Equal endpoints share connections.
class Endpoint {
 public:
  Endpoint(std::string the_host, std::uint16_t the_port, bool with_tls = false,
           std::string the_profile = {})
      : host(std::move(the_host)),
        port(the_port),
        uses_tls(with_tls),
        profile(std::move(the_profile)) {}

  // host[:port], without the port if it is the scheme's own: what the Host field says.
  std::string authority() const;
  bool operator==(const Endpoint&) const = default;

  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port;
  bool uses_tls;
  std::string profile;  // names TLS settings; for Connector
};

// Makes connections; net's sockets behind it in the program, a script in tests.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual Task<Result<std::unique_ptr<net::Stream>>> connect(const Endpoint& endpoint,
                                                             Deadline deadline) = 0;
};

class Pool {
 public:
  // The pool must outlive the bodies of its responses; it belongs to one thread.
  Pool(Scheduler& scheduler, Connector& connector, const ClientLimits& limits);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // Sends the request and returns when the head of the final answer is there, at the latest at
  // `deadline`. `request.authority`, if it is empty, becomes the endpoint's; Host says the same.
  // Hop-by-hop fields and framing are made anew. The response's body is read by the caller, with
  // deadlines of its own; dropping it before its end drops the connection.
  // Fault::unavailable: no connection could be made, so nothing was sent. Fault::upstream_failed:
  // the answer is not valid or broke off. Fault::timed_out. Errors of the request's own body pass
  // through. A request is repeated once, by itself, only if a kept connection turned out dead
  // before any byte of an answer, its method is idempotent (or it says so itself) and its body is
  // whole. `request` is used up; it and `endpoint` must live until this has returned.
  Task<Result<Response>> exchange(Request&& request, const Endpoint& endpoint, Deadline deadline);

  // Closes the idle connections to `endpoint`, or all.
  void drop_idle(const Endpoint& endpoint);
  void drop_idle();
  std::size_t idle_count() const;

 private:
  friend class Lease;
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace http
