#pragma once
// Keep-alive connections that ask one request after the other, in a closed loop or at a fixed rate,
// as a good client would: an answer may close its connection, and a connection that nobody listens
// for is tried again, since nothing was sent. A request that was sent and not answered is an error.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "poller.h"
#include "work.h"

namespace soak {

struct Shape {
  std::uint16_t port = 0;
  std::size_t connections = 32;
  std::uint64_t requests = 10'000;
  double rate = 0;                // requests a second; 0 is a closed loop
  std::uint64_t leave_every = 0;  // so often a caller leaves before its answer has come; 0: never
  std::uint64_t seconds_max = 600;
  // The server may go away: connections end between requests, and for a while nobody listens.
  bool may_restart = false;
};

struct Counts {
  std::uint64_t done = 0;
  std::uint64_t errors = 0;
  std::uint64_t left = 0;     // requests whose callers have left
  std::uint64_t refused = 0;  // attempts to connect while nobody listened
  std::uint64_t closed = 0;   // connections that the server closed, orderly
  std::string first_error;
};

// From now on SIGTERM ends a Load early: it begins no more requests.
void end_on_sigterm();

class Load {
 public:
  Load(bench::Poller& poller, Work& work, const Shape& shape);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load();

  // Returns when all requests are over, with an error if the time was. Says on standard output how
  // many are done.
  void run();
  const Counts& counts() const { return counts_; }

 private:
  class Connection;
  void start_what_is_due();
  void fail(const std::string& why);
  void say_progress();
  bool may_start() const;
  bool is_over() const { return counts_.done == started_ && !may_start(); }

  bench::Poller& poller_;
  Work& work_;
  Shape shape_;
  Counts counts_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;
  std::uint64_t began_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t said_ = 0;
};

}  // namespace soak
