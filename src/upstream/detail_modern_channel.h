#pragma once
// How requests get to a server of the modern revision (2026-07-28) and what comes back: each has an
// answer of its own, which may hold notifications before the response. Over HTTP that is a POST,
// over standard input and output a line.

#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "http/headers.h"
#include "mcp/modern_answer.h"
#include "mcp/modern_request.h"
#include "upstream/queue_limits.h"
#include "upstream/upstream.h"

namespace upstream {

// A request as it is sent. A class with constructors: g++ 12 miscompiles aggregates in co_await.
class ModernOrder {
 public:
  ModernOrder(std::uint64_t the_id, std::string_view the_method, std::string the_params,
              Deadline the_deadline)
      : id(the_id), method(the_method), params(std::move(the_params)), deadline(the_deadline) {}

  std::uint64_t id;
  std::string method;
  std::string params;  // JSON text
  Deadline deadline;
  http::Headers headers;     // beside those of every request
  bool may_repeat = false;   // it changes nothing when it comes twice
  bool is_listener = false;  // its answer goes on for as long as it can
  bool may_miss = false;     // of a listener: it needs no server that is there for it alone
};

// What comes of one request. Destroying it before the response tells the server that nobody waits
// for it any more.
class ModernAnswer {
 public:
  virtual ~ModernAnswer() = default;
  // The next message, the last of which is the response. Errors end it, too.
  virtual Task<Result<mcp::Message>> next() = 0;
};

class ModernChannel {
 public:
  virtual ~ModernChannel() = default;
  virtual Task<Result<std::unique_ptr<ModernAnswer>>> ask(ModernOrder order) = 0;
  // Whether a request says in header fields what it is about.
  virtual bool has_headers() const = 0;
  // Whether other processes can reach the same server.
  virtual bool is_remote() const = 0;
  virtual Scheduler& scheduler() const = 0;
  virtual const Log& log() const = 0;
  virtual const mcp::TargetName& name() const = 0;
  // What is kept of what nobody has read yet.
  virtual const QueueLimits& queue() const = 0;
  // The server has a task until then, as far as is known, and is not without something to do.
  virtual void stay_until(Instant) {}
  // The server turned out not to speak the revision (any more).
  virtual void doubt() = 0;
};

// Whether the server speaks the modern revision, and what it says of itself.
class Discovery {
 public:
  Discovery(mcp::Discovered the_kind, mcp::Message the_answer)
      : kind(the_kind), answer(std::move(the_answer)) {}
  mcp::Discovered kind;
  mcp::Message answer;  // with a result if it is modern
};

// Asks server/discover. Errors: no answer, or none that is JSON-RPC.
Task<Result<Discovery>> discover(ModernChannel& channel, std::uint64_t id,
                                 const mcp::ModernClient& client, Deadline deadline);

}  // namespace upstream
