#pragma once
// N keep-alive connections with at most one request each in flight, in a closed loop or at a fixed
// rate. Every answer is checked by the job.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "job.h"
#include "poller.h"

namespace bench {

struct Load {
  std::uint16_t port = 0;
  std::size_t connections = 64;
  std::uint64_t requests = 0;  // all of them, those to warm up included
  std::uint64_t warm_up = 0;   // the first ones, which are not counted
  double rate = 0;             // requests a second; 0 is a closed loop
  std::uint64_t seconds_max = 60;
  bool one_each = false;  // one request a connection, which then stays open and idle
};

class Client {
 public:
  // `warmed_up` is called once, after the last request that only warms up.
  Client(Poller& poller, const Job& job, const Load& load, std::function<void()> warmed_up);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // Returns when all answers are there or the time is over, which is an error.
  void run();

  std::uint64_t errors() const { return errors_; }
  const std::string& first_error() const { return first_error_; }
  std::uint64_t counted() const { return latencies_.size(); }
  // Nanoseconds, in no order.
  std::vector<std::uint64_t>& latencies() { return latencies_; }

 private:
  class Connection;
  void start(Connection& connection, std::uint64_t due);
  void finished(Connection& connection, std::uint64_t due);
  std::uint8_t next_caller() const;
  void fail(const std::string& why);
  void start_what_is_due();
  bool may_start() const { return started_ < load_.requests; }

  Poller& poller_;
  const Job& job_;
  Load load_;
  std::function<void()> warmed_up_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;
  std::vector<std::uint64_t> latencies_;
  std::uint64_t began_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t errors_ = 0;
  std::string first_error_;
};

// Of the monotonic clock.
std::uint64_t now_nanoseconds();

}  // namespace bench
