#pragma once
// The gateway's side of one legacy session over one ordered channel of messages (a child's pipes, a
// server in process, an HTTP+SSE pair): which calls are in flight, which questions are open, what
// belongs to whom. It does no I/O: what is to be sent waits in outgoing(), what came is given to
// receive().
//
// On such a channel nothing says which call a question or a log message belongs to. It goes to the
// only call in flight; with several to whoever waits for unsolicited events, else to the call
// started last; with none it is kept as unsolicited. Where each call has a channel of its own (the
// answer to a POST), start_apart() and the functions that name a call are used, and what comes on
// a call's channel belongs to that call. What a server says of a task (2025-11-25) it says which;
// it goes to the call that waits for that task's result, if there is one.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/signal.h"
#include "upstream/queue_limits.h"
#include "upstream/upstream.h"

namespace upstream {

// Of what servers say.
inline constexpr json::Limits answer_limits{.depth_max = 128, .members_max = 1'000'000};

class Dialog {
 public:
  // What was dropped, for the log and for tests.
  struct Counts {
    std::uint64_t answers_dropped = 0;        // to no call in flight
    std::uint64_t notifications_dropped = 0;  // unknown, or of a token that is not ours
    std::uint64_t unsolicited_dropped = 0;    // nobody read them
  };
  static constexpr std::size_t calls_max = 256;     // in flight
  static constexpr std::size_t questions_max = 64;  // open
  static constexpr std::size_t task_tokens_max = 256;
  static constexpr std::size_t outgoing_bytes_max = 1 << 20;

  // `era` is the server's. A modern one asks nothing, and what it says under the name of a
  // subscription belongs to the call that made it.
  explicit Dialog(Random& random, const QueueLimits& limits = QueueLimits(),
                  mcp::Era era = mcp::Era::legacy);
  Dialog(const Dialog&) = delete;
  Dialog& operator=(const Dialog&) = delete;
  ~Dialog();

  // Puts the request into outgoing(), without params.task unless the call keeps it. Fault::too_many
  // if calls_max are in flight.
  Result<std::unique_ptr<Conversation>> start(const mcp::Call& call);
  // The same for the gateway's own requests (initialize): nothing but the result comes to them.
  Result<std::unique_ptr<Conversation>> start_own(const mcp::Call& call);
  // A request that its caller sends by itself: it is not put into outgoing().
  struct Apart {
    std::unique_ptr<Conversation> conversation;
    std::uint64_t call = 0;  // the id it is sent under
    std::string request;     // JSON-RPC text
  };
  Result<Apart> start_apart(const mcp::Call& call);
  void notify(std::string_view method, json::Value params);
  Result<> answer(QuestionId question, const mcp::Message& response);
  Result<> refuse(QuestionId question, mcp::Code code, std::string_view why);
  Task<Result<Event>> next_unsolicited();
  // Tells of each task that a client has made (the member `task` of the answer), when it is.
  using OnTask = void (*)(void* context, json::Value task);
  void tell_tasks(OnTask on_task, void* context) {
    on_task_ = on_task;
    on_task_context_ = context;
  }

  // A message from the server.
  void receive(mcp::Message message);
  // A message on that call's own channel; an answer to another call is dropped there.
  void receive(std::uint64_t call, mcp::Message message);
  // Whether that call is in flight.
  bool has(std::uint64_t call) const { return calls_.contains(call); }
  // Ends that call, if it is in flight.
  void fail(std::uint64_t call, const Error& why);
  // The stream of that call's answer ended, to be gone on with after that time.
  void pause(std::uint64_t call, Duration back_after);
  // Until that call's queue has room, or it is over.
  Task<> wait_for_room(std::uint64_t call);
  // A line from the server that is JSON-RPC but wrong: the call it answers fails, if there is one.
  void receive(const mcp::ReadFault& fault);
  // A line that cannot be read at all: the call whose id is in it fails. Ids are random enough not
  // to stand in a banner.
  void receive_unreadable(std::string_view line, const std::string& why);
  // Whether a call's queue is full: whoever receives should wait, so that a slow client slows its
  // own server and the gateway does not grow.
  bool is_full() const { return full_calls_ != 0; }
  Task<> wait_for_room();

  // Ends every call in flight with `why` and forgets questions and what was to be sent. The Dialog
  // goes on with the next server process.
  void fail(const Error& why);
  // The same, and there will be no next one: next_unsolicited() fails, too.
  void close(const Error& why);

  // An id for a message that is no call.
  std::uint64_t take_id() { return next_id_++; }

  bool has_outgoing() const { return !outgoing_.empty(); }
  std::size_t outgoing_bytes() const { return outgoing_bytes_; }
  std::string take_outgoing();
  // Whether what is sent next has to wait: the server does not read.
  bool is_congested() const { return outgoing_bytes_ > outgoing_bytes_max; }
  // Fault::timed_out with `late` if it is still so then.
  Task<Result<>> until_sendable(Deadline deadline, std::string_view late);
  // Notified when there is something to send, and when there is less of it.
  Signal& outgoing_changed() { return outgoing_changed_; }

  std::size_t calls() const { return calls_.size(); }
  std::size_t questions() const { return questions_.size(); }
  const Counts& counts() const { return counts_; }

 private:
  class InFlight;  // a Conversation
  struct Question {
    mcp::Id asked;             // the server's id
    std::string related_task;  // JSON text; empty: it belongs to no task
  };
  struct TaskToken;
  enum class Owner { client, gateway };

  Result<Apart> begin(const mcp::Call& call, Owner owner);
  Result<std::unique_ptr<Conversation>> begin_here(const mcp::Call& call, Owner owner);
  void send(std::string line);
  InFlight* call_of(const mcp::Id& id) const;
  struct Likely {
    InFlight* call;  // null: none
    bool is_guess;   // of several
  };
  Likely likely_call(const mcp::Message& said) const;
  InFlight* call_for_task(std::string_view task) const;
  void note_task(std::uint64_t number, const InFlight& call, json::Value result);
  InFlight* subscriber(const mcp::Message& notification) const;
  void receive_response(mcp::Message message);
  void receive_question(mcp::Message message);
  void receive_notification(mcp::Message message);
  void receive_progress(mcp::Message message);
  void receive_late_progress(const TaskToken& of, mcp::Message message);
  void receive_cancelled(mcp::Message message);
  void deliver(Event event);
  void keep_unsolicited(Event event);
  std::size_t unsolicited_bytes() const;
  static Task<Result<>> until_room_to_send(Dialog& dialog);
  void hand_over_questions(InFlight& call);

  const QueueLimits limits_;
  mcp::Era era_;
  std::uint64_t next_id_;
  std::uint64_t next_question_;
  std::map<std::uint64_t, InFlight*> calls_;
  InFlight* speaking_ = nullptr;  // whose own channel the message being received came on
  std::map<std::uint64_t, Question> questions_;
  std::size_t full_calls_ = 0;
  std::size_t task_calls_ = 0;  // that wait for the result of a task
  // The progress tokens of calls that became tasks, which are good as long as these: by the id that
  // such a call had.
  struct TaskToken {
    std::string token;  // the client's, as JSON text
    std::string task;
    bool is_clients;  // who knows of the task, and follows it anywhere
  };
  std::map<std::uint64_t, TaskToken> task_tokens_;
  OnTask on_task_ = nullptr;
  void* on_task_context_ = nullptr;
  std::deque<Event> unsolicited_;
  std::deque<std::string> outgoing_;
  std::size_t outgoing_bytes_ = 0;
  std::optional<Error> closed_;
  Counts counts_;
  Signal outgoing_changed_;
  Signal unsolicited_changed_;
  Signal room_;
};

// A number to count ids from: random, so that an answer cannot be guessed across sessions, and
// small enough that servers which read numbers as doubles return it exactly.
std::uint64_t random_start(Random& random);

}  // namespace upstream
