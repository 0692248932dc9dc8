#pragma once
// A session with a server over HTTP+SSE. The Dialog lives as long as the session; the stream may
// break off and be opened again under it, with the client's own initialize, its log level and its
// subscriptions: when the next call comes, or at once if the client listens. Calls in flight fail
// then, since the server that knew them has forgotten the session.

#include <memory>
#include <optional>
#include <string>

#include "base/shared_work.h"
#include "http/sse.h"
#include "upstream/detail_dialog.h"
#include "upstream/detail_handshake.h"
#include "upstream/detail_http_session.h"
#include "upstream/detail_restarts.h"
#include "upstream/detail_session_memory.h"
#include "upstream/legacy_sse.h"

namespace upstream {

// Where messages go, out of the data of the event `endpoint`: a reference (RFC 3986, 4.1) that is
// resolved against the stream's own address. Fault::upstream_failed if it leads to another origin,
// or is none.
Result<std::string> post_path_of(std::string_view said, const HttpSettings& settings);

// How the requests of a session are sent.
class SseWire {
 public:
  SseWire(std::shared_ptr<Site> site, std::shared_ptr<HttpPlace> place,
          std::shared_ptr<const auth::CurrentCredentials> credentials)
      : site_(std::move(site)), place_(std::move(place)), credentials_(std::move(credentials)) {}

  const HttpPlace& place() const { return *place_; }
  HttpPlace& place() { return *place_; }
  Site& site() const { return *site_; }
  Scheduler& scheduler() const { return site_->scheduler(); }
  Deadline in(Duration wait) const { return Deadline::in(scheduler().now(), wait); }

  // Fault::unavailable: the server was not reached.
  Task<Result<http::Response>> send(http::Request request, Deadline deadline) const;
  // A message for the server, which takes it without an answer (2xx).
  Task<Result<>> post(std::string path, std::string text, Deadline deadline) const;
  // From now on messages say that they are of that revision.
  void speak(mcp::Revision revision) { revision_ = std::string(mcp::text_of(revision)); }

 private:
  std::shared_ptr<Site> site_;
  std::shared_ptr<HttpPlace> place_;
  std::shared_ptr<const auth::CurrentCredentials> credentials_;  // null: none
  std::string revision_;                                         // empty: not agreed on yet
};

// The events of a stream, whatever their name.
class SseStream {
 public:
  SseStream(http::Body body, std::size_t event_bytes_max)
      : body_(std::move(body)), reader_(event_bytes_max) {}
  // Nothing at its end.
  Task<Result<std::optional<http::Event>>> next(Deadline deadline);

 private:
  http::Body body_;
  http::EventReader reader_;
};

// One stream and the tasks that serve it. It ends by itself and says so in reason(); it must be
// destroyed from outside its tasks, then.
class SseRun {
 public:
  SseRun(SseWire& wire, Dialog& dialog, SseStream stream, std::string post_path, Slot slot,
         Wakeup& over);
  SseRun(const SseRun&) = delete;
  SseRun& operator=(const SseRun&) = delete;
  ~SseRun() = default;

  const std::string& post_path() const { return post_path_; }
  // Why it ended; empty while it runs. `over` was queued, and the dialog's calls have failed.
  const std::string& reason() const { return reason_; }
  // initialize was answered: a message that is not taken is no longer the end of it.
  void prove() { is_proven_ = true; }
  void end(const std::string& why);

 private:
  static Task<> read(SseRun& run);
  static Task<> feed(SseRun& run);
  void take(std::string text);

  SseWire& wire_;
  Dialog& dialog_;
  SseStream stream_;
  const std::string post_path_;
  Slot slot_;
  Wakeup& over_;
  bool is_proven_ = false;
  std::uint64_t skipped_ = 0;
  std::string reason_;
  TaskGroup tasks_;  // last: its tasks use everything above
};

class SseSession final : public Session {
 public:
  SseSession(SseWire wire, Random& random, InitializeParams params);
  ~SseSession() override;

  // Opens the stream and the session. On an error this one is of no use.
  Task<Result<>> bring_up(Deadline deadline);

  const mcp::Message& initialized() const override { return handshake_->answer(); }
  mcp::Revision revision() const override { return handshake_->revision(); }
  Task<Result<std::unique_ptr<Conversation>>> start(mcp::Call call) override;
  std::optional<Result<std::unique_ptr<Conversation>>> start_now(const mcp::Call& call) override;
  Task<Result<>> notify(std::string_view method, json::Value params) override;
  Task<Result<>> answer(QuestionId question, const mcp::Message& response) override;
  Task<Result<>> refuse(QuestionId question, mcp::Code code, std::string_view why) override;
  Task<Result<Event>> next_unsolicited() override;

  // For tests.
  const Dialog& dialog() const { return dialog_; }

 private:
  friend class SseCall;

  static void on_over(void* session);
  void notice_end();
  Task<Result<>> connect(Deadline deadline);
  Task<Result<std::string>> first_event(SseStream& stream, Deadline deadline);
  Task<Result<>> revive(Deadline deadline);
  Task<Result<>> reopen(Deadline deadline);
  static Task<> reconnect(SseSession& session);
  Result<std::unique_ptr<Conversation>> begin(const mcp::Call& call);
  void repeat(std::string_view method, const std::string& params);

  SseWire wire_;
  InitializeParams params_;
  std::optional<Handshake> handshake_;
  Dialog dialog_;
  SessionMemory memory_;
  Restarts restarts_;
  Instant started_;
  bool is_up_ = false;
  bool is_over_ = false;  // for good
  SharedWork reviving_;
  bool is_listening_ = false;
  bool is_reconnecting_ = false;
  Wakeup over_;
  std::unique_ptr<SseRun> run_;
  TaskGroup tasks_;  // last: its tasks use everything above
};

// A call in flight: the task that POSTs it. The session must outlive it.
class SseCall final : public Conversation {
 public:
  SseCall(SseSession& session, Dialog::Apart call, Slot slot, Deadline deadline);
  SseCall(const SseCall&) = delete;
  SseCall& operator=(const SseCall&) = delete;
  ~SseCall() override = default;

  Task<Result<Event>> next() override { return conversation_->next(); }
  void cancel() override;

 private:
  static Task<> run(SseCall& call);

  SseSession& session_;
  std::uint64_t id_;
  std::string request_;
  Deadline deadline_;
  Slot slot_;
  std::unique_ptr<Conversation> conversation_;
  Task<> run_;  // last: it uses everything above
};

// A session over HTTP+SSE with the server at that place.
Task<Result<std::unique_ptr<Session>>> open_sse_session(SseWire wire, InitializeParams params,
                                                        Deadline deadline);

}  // namespace upstream
