#pragma once
// The ways to reach an MCP server, behind one interface: a Target is configured, a Session is one
// MCP session with it (for a stdio target: one child process), a Conversation is one request in
// flight.
//
// A Session and its Conversations live on one loop, the one that opened it (their home core), and
// are used from no other thread. A Target may be used from every loop. What comes from the server
// is read (next, next_unsolicited), never called back. A Session outlives its Conversations.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/credentials.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/call.h"
#include "mcp/era.h"
#include "mcp/message.h"
#include "mcp/name.h"
#include "upstream/vitals.h"

namespace upstream {

class Site;

// Requests of the gateway's own to a session that has the tasks extension, which no server gets:
// from now on (or no longer) the session tells what becomes of params.taskId, as
// notifications/tasks/status with the members that tasks/get would answer. Refused if the server
// does not tell of that task.
inline constexpr std::string_view watch_task = "agentgateway/tasks/watch";
inline constexpr std::string_view unwatch_task = "agentgateway/tasks/unwatch";

// Names a server's question (sampling, elicitation, roots, ping) towards the client. Session-wide
// unique, random start, below 2^53, so it can be used as the JSON-RPC id of the question that the
// client gets.
enum class QuestionId : std::uint64_t {};

// Something that the server said.
class Event {
 public:
  enum class Kind {
    progress,      // on the call it came from; the client's own token is restored
    notification,  // log message, list_changed, resources/updated, cancelled (of a question), ...
    question,      // a request that wants Session::answer()
    result,        // the call's end: a result or an error
    // The server ended the stream of the answer before the result, to be polled (2025-11-25,
    // transports), which goes on by itself. Only to calls that tell_pauses().
    pause,
  };

  Event(Kind kind, mcp::Message message) : kind_(kind), message_(std::move(message)) {}
  Event(Kind kind, mcp::Message message, mcp::ParamsEdit edit)
      : kind_(kind),
        message_(std::move(message)),
        edit_(std::make_unique<const mcp::ParamsEdit>(std::move(edit))) {}
  Event(QuestionId question, mcp::Message message)
      : kind_(Kind::question), message_(std::move(message)), question_(question) {}
  static Event pause(Duration back_after);

  Kind kind() const { return kind_; }
  // As the server wrote it, under the server's ids and tokens. Of a result: message().result() or
  // .error(); write it with mcp::response_text(client's id, message()). A pause has none to show.
  const mcp::Message& message() const { return message_; }
  mcp::Message take_message() && { return std::move(message_); }
  std::string_view method() const { return message_.method(); }
  // Of questions only.
  QuestionId question() const { return question_; }
  // The server did not say which of several calls it asks for, so it may be another than the one
  // that this came on.
  bool is_guess() const { return is_guess_; }
  Event& be_guess(bool is_guess) {
    is_guess_ = is_guess;
    return *this;
  }
  // Of pauses only: how long the server wants nobody to come back.
  Duration back_after() const { return back_after_; }
  // The JSON-RPC text for the client, one line; not for results and pauses. A question carries its
  // QuestionId.
  std::string text() const;

  // How text() differs from the message.
  const mcp::ParamsEdit& edit() const;
  // Ids of tasks under other names: params.taskId, and what says which task this belongs to (as
  // JSON text; empty: left out).
  void rename_task(std::optional<std::string> task_id, std::optional<std::string> related_task);
  // Of results: the same with another response, as JSON-RPC text.
  static Result<Event> result(std::string response);

 private:
  Kind kind_;
  mcp::Message message_;
  std::unique_ptr<const mcp::ParamsEdit> edit_;  // null: none
  QuestionId question_{};
  bool is_guess_ = false;
  Duration back_after_{};
};

// One request in flight. Destroying it before its result tells the server (notifications/cancelled)
// and forgets the id: a late answer is dropped.
class Conversation {
 public:
  virtual ~Conversation() = default;
  // What comes next, up to and including the one Event::Kind::result, after which it must not be
  // called. Errors end it, too: Fault::timed_out at the call's deadline, Fault::upstream_failed if
  // the server died, closed its output or answered with something that is no JSON-RPC response.
  virtual Task<Result<Event>> next() = 0;
  // Ends it as destroying it does, for one that somebody else reads: next() gives Fault::cancelled,
  // also to who waits in it.
  virtual void cancel() = 0;
};

class Session {
 public:
  virtual ~Session() = default;

  // The server's answer to initialize: result() has protocolVersion, capabilities, serverInfo,
  // instructions. It stays what the first handshake said, even if the server was restarted.
  virtual const mcp::Message& initialized() const = 0;
  virtual mcp::Revision revision() const = 0;
  // Whether a call that says so (mcp::Call::follow_tasks) may end as a task of the extension of
  // 2026-07-28: its result then has the resultType "task", the task's members, and a taskId by
  // which tasks/get, tasks/update and tasks/cancel name it.
  virtual bool has_tasks_extension() const { return false; }

  // Sends a request under an id of the gateway's own and with a progress token of its own. If the
  // server died meanwhile it is started again first, which may fail: Fault::unavailable with the
  // reason. Here and from the Conversation, Fault::not_found says that the session is over for good
  // and the client has to start over.
  virtual Task<Result<std::unique_ptr<Conversation>>> start(mcp::Call call) = 0;
  // The same where it needs no waiting; nothing if start() has to be awaited.
  virtual std::optional<Result<std::unique_ptr<Conversation>>> start_now(const mcp::Call& call) {
    (void)call;
    return std::nullopt;
  }

  // Sends a client's notification (roots/list_changed, progress of a question).
  // notifications/initialized was already sent by open() and is dropped here; so is
  // notifications/cancelled, which is told by destroying the Conversation.
  virtual Task<Result<>> notify(std::string_view method, json::Value params) = 0;

  // Answers a question with the client's response. Fault::not_found if no such question is pending;
  // each can be answered once.
  virtual Task<Result<>> answer(QuestionId question, const mcp::Message& response) = 0;
  // Answers a question with an error, e.g. because the client is gone or took too long.
  virtual Task<Result<>> refuse(QuestionId question, mcp::Code code, std::string_view why) = 0;

  // Notifications and questions that belong to no call in flight. One reader at a time (a client's
  // GET stream). While nobody reads, questions go to a call in flight if there is one, and at most
  // 256 events are kept, the newest. Fault::unavailable when the session is over for good.
  virtual Task<Result<Event>> next_unsolicited() = 0;

  // What another process of the gateway needs to go on with this session (Target::resume), as JSON
  // text; nothing if the session lives in this process. It is secret: it names the server's own.
  virtual std::optional<std::string> portable_state() const { return std::nullopt; }
  // From now on other processes may go on with it, and end it. What the server has forgotten is
  // over (Fault::not_found) and not opened again; of an end here the server is not told.
  virtual void share() {}
  // The client ended it, for all: the server is told after all.
  virtual void unshare() {}

  // Is counted as long as it lives.
  void attend(Vitals::Session entry) { entry_ = std::move(entry); }

 private:
  Vitals::Session entry_;
};

// A session that was shared, by whichever process. Both must live until it is gone on with.
class Portable {
 public:
  Portable(json::Value the_params, json::Value the_state) : params(the_params), state(the_state) {}
  json::Value params;  // of initialize
  json::Value state;   // what portable_state() said
};

// A server as the configuration names it.
class Target {
 public:
  virtual ~Target() = default;
  virtual const mcp::TargetName& name() const = 0;
  // host:port of a server that is reached over the network; empty for others. For the log.
  virtual std::string_view endpoint() const { return {}; }
  // Ends its processes, soon, and forgets what failed before; sessions recover as from a crash.
  // False if it has none of its own.
  virtual bool restart() { return false; }
  // Opens a session: starts the server if needed, sends initialize with the client's own params
  // (capabilities and clientInfo unchanged, protocolVersion negotiated) and then
  // notifications/initialized. The session must be used and destroyed on the calling loop, whose
  // `site` it is.
  // Fault::unavailable: cannot be started, or started too often in a short time;
  // Fault::upstream_failed: died or answered nonsense; Fault::timed_out: no answer in time.
  // The Error's words name the cause and are fit for the log, not for the client.
  // `credentials`, if there are any, go with every request that the session sends over HTTP; they
  // may be renewed meanwhile.
  virtual Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site> site, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) = 0;
  Task<Result<std::unique_ptr<Session>>> open(std::shared_ptr<Site> site,
                                              json::Value initialize_params, Deadline deadline) {
    return open(std::move(site), initialize_params, deadline, nullptr);
  }
  // Goes on with a session that was shared; this one is, too. Whether the server still knows it
  // turns out with its first call. Fault::not_found if there is no going on: the target is not of
  // that kind (any more). Else as open().
  virtual Task<Result<std::unique_ptr<Session>>> resume(
      std::shared_ptr<Site> site, Portable session, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials);
};

}  // namespace upstream
