#pragma once
// A session with a server over Streamable HTTP. Each call is a POST whose answer is read by a task
// of its own (HttpCall); notifications, answers and cancellations are POSTed one after the other by
// another task; a third reads the GET stream, once there is a reason to have one.
//
// The server's session may end under the client's: a server that was restarted knows it no longer.
// It is opened again, with the client's own initialize, when the next call is refused for that
// reason. A call that is refused so was not executed, so it is sent once more; calls that were
// being executed fail.
//
// One that is shared with other processes is not opened again: nobody knows whether another one
// ended it.

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/shared_work.h"
#include "base/task_group.h"
#include "upstream/detail_dialog.h"
#include "upstream/detail_era_memory.h"
#include "upstream/detail_handshake.h"
#include "upstream/detail_http_answer.h"
#include "upstream/detail_session_memory.h"
#include "upstream/site.h"
#include "upstream/streamable_http.h"

namespace upstream {

// What all sessions of one target share.
class HttpPlace {
 public:
  HttpPlace(mcp::TargetName its_name, HttpSettings its_settings, const Log& its_log,
            std::shared_ptr<Vitals> its_vitals = nullptr)
      : name(std::move(its_name)),
        settings(std::move(its_settings)),
        authority(settings.endpoint.authority()),
        log(its_log),
        vitals(its_vitals ? std::move(its_vitals) : std::make_shared<Vitals>()) {}

  // What came of an exchange that was to end by `deadline`. Fault::unavailable: the server was not
  // reached, or not in time.
  Result<http::Response> heard(Result<http::Response> response, Deadline deadline,
                               Instant now) const;

  const mcp::TargetName name;
  const HttpSettings settings;
  const std::string authority;
  const Log log;
  const std::shared_ptr<Vitals> vitals;  // never null
  EraMemory era;
  std::atomic<bool> is_older{false};  // it was reached over HTTP+SSE
  // On all cores.
  std::atomic<std::size_t> calls{0};
  std::atomic<std::size_t> streams{0};
};

// One of a bounded number, as long as it lives.
class Slot {
 public:
  // Nothing if there are `most` already.
  static std::optional<Slot> take(std::atomic<std::size_t>& count, std::size_t most);
  Slot(Slot&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Slot& operator=(Slot&&) = delete;
  ~Slot() {
    if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  explicit Slot(std::atomic<std::size_t>& count) : count_(&count) {}
  std::atomic<std::size_t>* count_;
};

class HttpSession final : public Session {
 public:
  HttpSession(std::shared_ptr<Site> site, std::shared_ptr<HttpPlace> place, Random& random,
              InitializeParams params,
              std::shared_ptr<const auth::CurrentCredentials> credentials = nullptr);
  // Tells the server that the session is over (DELETE), for which nobody waits, unless others may
  // go on with it.
  ~HttpSession() override;

  // Opens the session with the server. On an error this one is of no use.
  Task<Result<>> bring_up(Deadline deadline);
  // Instead of it: goes on with the one that another process shared. The server is told nothing.
  Result<> go_on(json::Value state);

  // After bring_up() failed: whether the server refused the first message in the way of one that
  // speaks HTTP+SSE only (2025-11-25, transports, backwards compatibility).
  bool may_be_older() const { return may_be_older_; }

  const mcp::Message& initialized() const override { return handshake_->answer(); }
  mcp::Revision revision() const override { return handshake_->revision(); }
  Task<Result<std::unique_ptr<Conversation>>> start(mcp::Call call) override;
  std::optional<Result<std::unique_ptr<Conversation>>> start_now(const mcp::Call& call) override;
  Task<Result<>> notify(std::string_view method, json::Value params) override;
  Task<Result<>> answer(QuestionId question, const mcp::Message& response) override;
  Task<Result<>> refuse(QuestionId question, mcp::Code code, std::string_view why) override;
  Task<Result<Event>> next_unsolicited() override;
  std::optional<std::string> portable_state() const override;
  void share() override { is_shared_ = tells_nobody_ = true; }
  void unshare() override { tells_nobody_ = false; }

  // For tests.
  const Dialog& dialog() const { return dialog_; }

 private:
  friend class HttpCall;

  // How the server knows this session. The number changes when it is opened again.
  struct Link {
    std::uint64_t number = 0;
    std::string id;         // empty: the server has no sessions
    http::Headers headers;  // of every POST
  };

  void relink(std::string id, mcp::Revision revision);
  Result<std::unique_ptr<Conversation>> begin(const mcp::Call& call);
  http::Request post_of(std::string text) const;
  http::Request get_of(const std::string& last_id) const;
  Task<Result<http::Response>> send(http::Request request, Deadline deadline);
  Task<Result<Handshake>> shake_hands(Deadline deadline);
  Task<Result<mcp::Message>> first_answer(http::Response response, const mcp::Id& id,
                                          Deadline deadline);
  Task<Result<mcp::Message>> first_of_stream(http::Body body, const mcp::Id& id, Deadline deadline);
  Task<Result<>> tell(std::string text, Deadline deadline);
  // Whether the server said that it does not know the session.
  bool is_lost(const Refusal& refusal) const;
  // Opens the session anew, unless that was done since it had that number. Fault::not_found if the
  // session is shared, or the server is not the one that the client knows.
  Task<Result<>> reopen(std::uint64_t lost, Deadline deadline);
  Task<Result<>> open_again(Deadline deadline);
  Error end(std::string_view why);
  void repeat(std::string_view method, const std::string& params);

  static Task<> feed(HttpSession& session);
  static Task<> listen(HttpSession& session);
  void listen_from_now_on();
  Task<Result<>> listen_once(std::string& last_id, Duration& wait);
  Error no_stream(int status) const;
  void hear(std::string text);
  Task<Result<>> until_relinked(std::uint64_t number);
  static Task<> repeat_one(HttpSession& session, std::unique_ptr<Conversation> conversation);
  static Task<> say_goodbye(Site& site, std::shared_ptr<const HttpPlace> place,
                            http::Request request);

  std::shared_ptr<Site> site_;
  std::shared_ptr<HttpPlace> place_;
  InitializeParams params_;
  std::shared_ptr<const auth::CurrentCredentials> credentials_;  // null: none
  bool may_be_asked_;  // the client said that it answers questions
  std::optional<Handshake> handshake_;
  Link link_;
  Dialog dialog_;
  SessionMemory memory_;
  SharedWork opening_;
  bool may_be_older_ = false;
  bool is_shared_ = false;
  bool tells_nobody_ = false;  // of its end
  bool is_listening_ = false;
  TaskGroup tasks_;  // last: its tasks use everything above
};

}  // namespace upstream
