#pragma once
// For tests: a spawner, a loop, a log in memory, and targets whose children play scripts.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.h"
#include "net/spawner.h"
#include "net/test_loop.h"
#include "upstream/stdio.h"

namespace upstream {

class MemoryLog final : public LogSink {
 public:
  void write(std::string_view line) override { text_.append(line); }
  const std::string& text() const { return text_; }
  std::size_t count(std::string_view part) const;

 private:
  std::string text_;
};

// A request to the end of its answer: events other than the result are dropped.
Task<Result<Event>> ask(Session& session, std::string method, std::string params,
                        Deadline deadline);

class StdioPlace;

class StdioWorld {
 public:
  StdioWorld();

  // A target whose child plays `script` (JSON, see tests/peers/stdio_server.py).
  StdioSettings settings(const std::string& script) const;
  std::unique_ptr<Target> target(StdioSettings settings, std::shared_ptr<Vitals> vitals = nullptr);
  std::shared_ptr<const StdioPlace> place(StdioSettings settings,
                                          std::shared_ptr<ChildCount> children = nullptr);
  Result<std::unique_ptr<Session>> open(Target& target);
  // Opens a session with a child that plays `script`; fails the test if it cannot.
  std::unique_ptr<Session> open(const std::string& script);

  // The result's or error's JSON text, or "fault: why".
  std::string ask(Session& session, const std::string& method, const std::string& params = "{}",
                  Duration patience = std::chrono::seconds(20));
  // Starts a request and does not wait for anything.
  std::unique_ptr<Conversation> start(Session& session, const std::string& method,
                                      const std::string& params = "{}");
  template <class T>
  T run(Task<T> task) {
    return net::run_to_end(loop_, std::move(task), std::chrono::seconds(60));
  }

  // Turns the loop until no more than `left` processes with this world's marker are left, at most
  // ten seconds.
  bool is_empty_soon(std::size_t left = 0);
  std::size_t processes() const;

  net::Loop& loop() { return loop_; }
  const MemoryLog& log() const { return log_; }

 private:
  std::string marker_;
  net::Spawner spawner_;
  net::Loop loop_;
  MemoryLog log_;
};

std::size_t open_descriptors();

}  // namespace upstream
