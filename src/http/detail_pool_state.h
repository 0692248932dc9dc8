#pragma once
// What a Pool holds: its idle connections and the way of one exchange.

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/scheduler.h"
#include "http/client.h"
#include "http/h1_read.h"
#include "http/h1_write.h"

namespace http {

// One connection to an endpoint. Whatever comes while it is idle, bytes, the end or an error, it is
// of no more use.
class UpstreamConnection {
 public:
  UpstreamConnection(std::unique_ptr<net::Stream> the_stream, const Endpoint& the_endpoint)
      : stream(std::move(the_stream)), endpoint(the_endpoint) {}

  std::unique_ptr<net::Stream> stream;
  Endpoint endpoint;
  Duration idle_max{};
  Instant idle_until{};
};

class EndpointOrder {
 public:
  bool operator()(const Endpoint& left, const Endpoint& right) const;
};

class Pool::State {
 public:
  State(Scheduler& scheduler, Connector& connector, const ClientLimits& limits)
      : scheduler_(scheduler),
        connector_(connector),
        limits_(limits),
        reaping_(&State::reap, this) {}

  Task<Result<Response>> exchange(Request& request, const Endpoint& endpoint, Deadline deadline);
  // Takes back a connection whose last answer ended exactly where it said.
  void keep(std::unique_ptr<UpstreamConnection> connection);

  void drop_idle(const Endpoint& endpoint);
  void drop_idle();
  std::size_t idle_count() const { return idle_count_; }
  Scheduler& scheduler() { return scheduler_; }
  const ClientLimits& limits() const { return limits_; }

 private:
  using Connection = std::unique_ptr<UpstreamConnection>;
  class Attempt;

  Task<Result<Connection>> connect(const Endpoint& endpoint, Deadline deadline);
  Task<std::optional<Error>> send_watching(Attempt& attempt, const Unsent& unsent, Body& body,
                                           WriteFraming framing, Deadline deadline);
  Deadline write_end(Deadline deadline) const {
    return deadline.or_sooner(Deadline::in(scheduler_.now(), limits_.body_idle));
  }
  Task<Result<>> send_part(net::Stream& stream, net::Buffers buffers, Deadline deadline);
  Task<Result<>> send_rest(net::Stream& stream, const Unsent& unsent, Body& body,
                           WriteFraming framing, Deadline deadline);
  Result<Response> finish(Connection connection, ResponseReader& reader, std::string_view rest);
  Result<Body> body_of(Connection connection, ResponseReader& reader, std::string_view rest);
  using Shelf = std::vector<Connection>;  // the idle connections of one endpoint
  using Shelves = std::map<Endpoint, Shelf, EndpointOrder>;
  Shelf& shelf_of(const Endpoint& endpoint);
  Connection take_idle(const Endpoint& endpoint);
  bool is_usable(const UpstreamConnection& connection) const {
    return connection.stream->is_quiet() && scheduler_.now() < connection.idle_until;
  }
  static void reap(void* self);

  Scheduler& scheduler_;
  Connector& connector_;
  const ClientLimits limits_;
  Shelves idle_;
  Shelves::value_type* last_ = nullptr;  // the shelf that was asked for last
  std::size_t idle_count_ = 0;
  Wakeup reaping_;
};

}  // namespace http
