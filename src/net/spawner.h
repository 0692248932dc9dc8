#pragma once
// A small process that starts, watches and ends all children, forked before the first thread
// exists. So no fork happens with threads running, the parent-death signal hangs on a process and
// not on a thread, and when the gateway is killed its children are ended by the spawner, which
// notices.
//
// Each child leads a session and process group of its own; has descriptors 0-2 only; cannot gain
// privileges; has an empty signal mask and default dispositions. When it ends, the rest of its
// group is killed.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/fd.h"

namespace net {

// A resource limit for a child (setrlimit), soft and hard.
class ChildLimit {
 public:
  ChildLimit(int resource, std::uint64_t value) : resource_(resource), value_(value) {}
  int resource() const { return resource_; }  // RLIMIT_...
  std::uint64_t value() const { return value_; }

 private:
  int resource_;
  std::uint64_t value_;
};

// What to start. No shell is involved.
class Command {
 public:
  // `program` is looked up in the PATH of `environment`, or is a path if it has a slash.
  explicit Command(std::string named) : program(std::move(named)) {}

  std::string program;
  std::vector<std::string> arguments;    // without the program's name
  std::vector<std::string> environment;  // "NAME=value", exactly what the child gets
  std::string folder;                    // to run in; empty: the gateway's
  std::vector<ChildLimit> limits;
  // How long the group has between TERM and KILL when the Child object is destroyed.
  Duration grace = std::chrono::seconds(2);
};

class Spawner {
 public:
  // Forks. Must be called before any thread is started and before secrets are read: the new process
  // keeps a copy of the memory. Throws std::system_error.
  Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;
  // Ends the process, which kills all children, and waits for it.
  ~Spawner();

  int pid() const { return pid_; }
  // For Child, from any thread: sends one order with its descriptors. Fault::unavailable if the
  // spawner is gone, Fault::too_many if it is busy (try again), Fault::too_large if the command is
  // too long.
  Result<> send(const std::string& order, const int (&descriptors)[4]) const;

 private:
  Fd orders_;
  int pid_ = -1;
};

}  // namespace net
