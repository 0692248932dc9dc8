#pragma once
// For tests: a server over HTTP whose every answer the test says, in memory and on a clock that is
// moved by hand.

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.h"
#include "base/manual_scheduler.h"
#include "base/random.h"
#include "base/signal.h"
#include "upstream/detail_modern_http.h"

namespace upstream {

class HttpWorld;

// The server's end of one connection.
class ServerEnd {
 public:
  void say(std::string bytes);
  void close();
  void reset();
  bool is_open() const { return is_open_; }  // by the gateway

 private:
  friend class HttpWorld;
  friend class ScriptedConnection;
  enum class State { open, closed, reset };
  std::deque<std::string> pieces_;
  State state_ = State::open;
  bool is_open_ = true;
  std::string received_;
  Signal changed_;
};

// One request as the server got it.
class ServedRequest {
 public:
  std::string method;
  std::string path;
  std::string head;  // all of it, in lower case
  std::string body;
  std::shared_ptr<ServerEnd> end;

  // The value of a field; empty if there is none.
  std::string header(std::string_view name) const;
  std::string rpc_method() const;
  std::string id() const;  // as JSON text
  bool is(std::string_view rpc) const { return rpc_method() == rpc; }

  // Whole answers with their framing.
  void answer(std::string_view status, std::string_view type, std::string_view text,
              std::string_view more_head = {}) const;
  void answer_json(std::string_view text) const { answer("200 OK", "application/json", text); }
  // {"jsonrpc":"2.0","id":<id>,"result":<result>}
  void answer_result(std::string_view result) const;
  void answer_status(std::string_view status) const { answer(status, {}, {}); }
  // An event stream, chunked: its head, events, its end.
  void begin_events() const;
  void event(std::string_view data, std::string_view id = {}) const;
  void raw_chunk(std::string_view bytes) const;
  void end_events() const;
};

std::string result_text(std::string_view id, std::string_view result);
inline constexpr std::string_view hello =
    R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},)"
    R"("serverInfo":{"name":"scripted","version":"1"}})";

class HttpWorld {
 public:
  using Serve = std::function<void(ServedRequest&)>;

  HttpWorld();
  ~HttpWorld();
  HttpWorld(const HttpWorld&) = delete;
  HttpWorld& operator=(const HttpWorld&) = delete;

  // What the server does with each request that shake_hands() leaves over.
  Serve serve = [](ServedRequest& request) { request.answer_result("{}"); };
  // Answers initialize, notifications, GET (405) and DELETE as a server with sessions does.
  bool shakes_hands = true;
  std::string session_id = "session-1";
  std::string hello_result = std::string(hello);
  bool is_down = false;    // connections are refused
  bool is_silent = false;  // connections are never made
  std::string capabilities = "{}";
  std::string revision = "2025-11-25";  // that the client asks for
  bool tells_pauses = false;            // calls do
  HttpSettings settings;

  // Opens a session whose calls are numbered from 1.
  Result<std::unique_ptr<Session>> open();
  std::unique_ptr<Session> open_well();
  // The same as a target does it: with a server of either era, which is remembered.
  Result<std::unique_ptr<Session>> open_either();
  // Goes on with a session in that state, as another process.
  Result<std::unique_ptr<Session>> resume(const std::string& state);
  std::unique_ptr<Conversation> start(Session& session, const std::string& method,
                                      const std::string& params = "{}",
                                      Duration patience = std::chrono::minutes(10));
  // The result's or error's JSON text, or "fault: why".
  std::string ask(Session& session, const std::string& method, const std::string& params = "{}",
                  Duration patience = std::chrono::minutes(10));
  std::string next(Conversation& conversation);
  std::string next_unsolicited(Session& session);

  template <class T>
  T run(Task<T> task) {
    task.start(scheduler, std::noop_coroutine());
    for (int steps = 0; !task.is_done() && steps < 20'000; ++steps) {
      scheduler.advance(std::chrono::milliseconds(50));
    }
    if (!task.is_done()) throw std::runtime_error("the task never ended");
    return task.take();
  }
  void advance(Duration by) { scheduler.advance(by); }

  const EraMemory& era() const { return place_->era; }

  std::vector<ServedRequest> with(std::string_view rpc_method) const;
  std::vector<ServedRequest> of(std::string_view http_method) const;
  const std::string& log() const { return log_.text; }

  std::vector<ServedRequest> requests;  // all, in their order
  std::size_t connections = 0;
  ManualScheduler scheduler;
  std::shared_ptr<Site> site;

 private:
  friend class ScriptedConnector;
  friend class ScriptedConnection;
  class TextLog final : public LogSink {
   public:
    void write(std::string_view line) override { text.append(line); }
    std::string text;
  };
  void take(const std::shared_ptr<ServerEnd>& end);
  bool shake_hands(ServedRequest& request);
  std::string initialize_params() const;
  std::shared_ptr<HttpPlace> place();

  TextLog log_;
  std::shared_ptr<HttpPlace> place_;
};

}  // namespace upstream
