#pragma once
// For tests: a session whose server says what the test wants.

#include <gtest/gtest.h>

#include "gateway/detail_test_server.h"
#include "gateway/mcp_session.h"

namespace gateway {

class McpSessionTest : public testing::Test {
 protected:
  using Kind = policy::McpSubject::Kind;

  template <class T>
  Task<T> begin(Task<T> task) {
    return begin_on(scheduler_, std::move(task));
  }
  template <class T>
  T run(Task<T> task) {
    return run_on(scheduler_, std::move(task));
  }
  Result<StreamId> start(const std::string& id) {
    const StreamId stream = ++last_stream_;
    const auto started = run(session_.start(stream, tool_call(id), Deadline::never()));
    if (!started) return tl::unexpected(started.error());
    return stream;
  }
  static CallOrder order(const std::string& tool, bool is_allowed) {
    return CallOrder(Kind::tool, tool, is_allowed, tool_call("1"), Deadline::never());
  }
  void cancel(const std::string& id) {
    const auto told = run(session_.notify(message(
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}",
        mcp::Sender::client)));
    EXPECT_TRUE(told);
  }
  Script& call(std::size_t index) { return *heard_.calls.at(index); }
  void page(const std::string& text) { heard_.ready.emplace_back(result(text)); }
  Result<bool> knows(const std::string& name, Kind kind = Kind::tool) {
    return run(session_.knows(kind, name));
  }

  StreamId last_stream_ = 100;
  ManualScheduler scheduler_;
  Heard heard_;
  McpSession session_{scheduler_, std::make_unique<ScriptedSession>(heard_)};
};

}  // namespace gateway
