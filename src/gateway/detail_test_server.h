#pragma once
// For tests: a server that does what the test says, and the messages it says it with.

#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/manual_scheduler.h"
#include "base/signal.h"
#include "upstream/upstream.h"

namespace gateway {

using upstream::Event;

inline mcp::Message message(std::string text, mcp::Sender sender = mcp::Sender::server) {
  auto read = mcp::read(std::move(text), sender);
  if (!read) throw std::runtime_error(read.error().why());
  return std::move(*read);
}

inline mcp::Message tool_call(const std::string& id) {
  return message(
      R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/call","params":{"name":"echo"}})",
      mcp::Sender::client);
}

inline Event result(const std::string& text) {
  return Event(Event::Kind::result, message(R"({"jsonrpc":"2.0","id":1,"result":)" + text + "}"));
}
inline Event notification(const std::string& method) {
  return Event(Event::Kind::notification,
               message(R"({"jsonrpc":"2.0","method":")" + method + R"("})"));
}
inline Event question(std::uint64_t number) {
  return Event(upstream::QuestionId{number},
               message(R"({"jsonrpc":"2.0","id":"q","method":"roots/list"})"));
}

// What a test says to one reader, and what became of the reader.
struct Script {
  void say(Result<Event> event) {
    events.push_back(std::move(event));
    changed.notify_all();
  }

  std::string method;
  std::string params;
  Deadline deadline = Deadline::never();
  bool is_own = false;
  bool tells_pauses = false;
  bool keeps_task = false;
  bool is_gone = false;  // the conversation was destroyed
  std::deque<Result<Event>> events;
  Signal changed;
};

inline Task<Result<Event>> next_of(std::shared_ptr<Script> script) {
  while (script->events.empty()) {
    co_await script->changed.wait();
  }
  Result<Event> event = std::move(script->events.front());
  script->events.pop_front();
  co_return event;
}

class ScriptedConversation final : public upstream::Conversation {
 public:
  explicit ScriptedConversation(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  ~ScriptedConversation() override { script_->is_gone = true; }
  Task<Result<Event>> next() override { return next_of(script_); }
  void cancel() override {
    script_->events.clear();
    script_->say(failed(Fault::cancelled, "cancelled"));
  }

 private:
  std::shared_ptr<Script> script_;
};

// What the scripted server was told.
struct Heard {
  std::vector<std::shared_ptr<Script>> calls;  // the scripts of the calls, in their order
  std::vector<std::string> notifications;
  std::string last_params;  // of the last of them
  std::vector<std::uint64_t> answered;
  std::vector<std::uint64_t> refused;
  // What the server has to say to its next calls at once; one that finds none waits.
  std::deque<Result<Event>> ready;
  std::shared_ptr<Script> unsolicited = std::make_shared<Script>();
  std::uint64_t pending_question = 0;  // the only one that can be answered
  bool is_unshared = false;
  bool refuses_calls = false;
  bool is_starting = false;  // calls wait until `started` says otherwise
  Signal started;
};

class ScriptedSession final : public upstream::Session {
 public:
  explicit ScriptedSession(Heard& heard) : heard_(heard) {}
  // `capabilities` is JSON text.
  ScriptedSession(Heard& heard, const std::string& capabilities)
      : heard_(heard),
        initialized_(message(R"({"jsonrpc":"2.0","id":1,"result":{"capabilities":)" + capabilities +
                             "}}")) {}

  const mcp::Message& initialized() const override { return initialized_; }
  mcp::Revision revision() const override { return mcp::latest_legacy; }

  Task<Result<std::unique_ptr<upstream::Conversation>>> start(mcp::Call call) override {
    while (heard_.is_starting) {
      co_await heard_.started.wait();
    }
    if (heard_.refuses_calls) co_return failed(Fault::unavailable, "scripted");
    auto script = std::make_shared<Script>();
    script->method = std::string(call.method());
    script->params = mcp::edited_params(call.params(), call.edit());
    script->keeps_task = call.keeps_task();
    script->is_own = call.is_own();
    script->deadline = call.deadline();
    script->tells_pauses = call.tells_pauses();
    if (!heard_.ready.empty()) {
      script->say(std::move(heard_.ready.front()));
      heard_.ready.pop_front();
    }
    heard_.calls.push_back(script);
    std::unique_ptr<upstream::Conversation> made = std::make_unique<ScriptedConversation>(script);
    co_return made;
  }

  Task<Result<>> notify(std::string_view method, json::Value params) override {
    heard_.notifications.emplace_back(method);
    heard_.last_params = std::string(params.raw());
    co_return Result<>();
  }
  Task<Result<>> answer(upstream::QuestionId id, const mcp::Message&) override {
    const auto number = static_cast<std::uint64_t>(id);
    if (number != heard_.pending_question) co_return failed(Fault::not_found, "not pending");
    heard_.answered.push_back(number);
    co_return Result<>();
  }
  Task<Result<>> refuse(upstream::QuestionId id, mcp::Code, std::string_view) override {
    heard_.refused.push_back(static_cast<std::uint64_t>(id));
    co_return Result<>();
  }
  Task<Result<Event>> next_unsolicited() override { return next_of(heard_.unsolicited); }
  void unshare() override { heard_.is_unshared = true; }

 private:
  Heard& heard_;
  mcp::Message initialized_ = message(R"({"jsonrpc":"2.0","id":1,"result":{}})");
};

// Starts the task and does what can be done at once.
template <class T>
Task<T> begin_on(ManualScheduler& scheduler, Task<T> task) {
  task.start(scheduler, std::noop_coroutine());
  scheduler.run();
  return task;
}

// The value of a task that has nothing to wait for. Throws, which fails the test, if it waits.
template <class T>
T run_on(ManualScheduler& scheduler, Task<T> task) {
  Task<T> begun = begin_on(scheduler, std::move(task));
  if (!begun.is_done()) throw std::runtime_error("the task still waits");
  return begun.take();
}

}  // namespace gateway
