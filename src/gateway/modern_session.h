#pragma once
// One upstream session that serves the stateless requests of one caller, on its home core. It is
// shared by requests that cannot be asked anything; one that can be asked has it alone, because
// nothing on the wire says to which request a server's question belongs.
//
// What would surprise: a call outlives the HTTP request that began it. When the server asks, the
// client's request ends with the questions, and the call waits here (parked) for the request that
// brings the answers.

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/signal.h"
#include "base/task_group.h"
#include "gateway/catalogue.h"
#include "gateway/modern_board.h"
#include "mcp/modern.h"
#include "mcp/modern_result.h"
#include "policy/exchange.h"
#include "upstream/upstream.h"

namespace gateway {

using StreamId = std::uint64_t;

// What the server said of itself when the session was opened.
struct ServerFace {
  std::string initialized;  // the result of initialize, JSON text
  std::string server_info;  // its serverInfo, JSON text; empty if it has none
  bool has_tasks = false;   // the extension
};

// A client's answer to the question of that key.
struct InputResponse {
  std::string key;
  std::string result;  // JSON text of an object
};

// A client's request, with what its caller was found to be allowed. It goes from core to core.
class ModernOrder {
 public:
  using Kind = policy::McpSubject::Kind;
  ModernOrder(mcp::Message the_request, Deadline the_deadline)
      : request(std::move(the_request)), deadline(the_deadline) {}

  mcp::Message request;  // under an id that no other request of the gateway has
  Deadline deadline;
  Kind kind = Kind::none;  // of what it names; none for what needs not to be looked up
  std::string name;
  bool is_allowed = true;
  bool is_alone = false;       // it has the session to itself
  bool follows_tasks = false;  // its client declares the tasks extension
  mcp::AskCapabilities asks;   // what its client may be asked
  std::optional<mcp::LogLevel> log_level;
  // Answers that came with the request, for a server that will ask under those keys of its own.
  std::vector<InputResponse> given;
};

// What comes next of a call: something that the server said, or questions that want answers.
class Turn {
 public:
  explicit Turn(upstream::Event the_event) : event(std::move(the_event)) {}
  explicit Turn(std::vector<mcp::InputRequest> the_questions)
      : questions(std::move(the_questions)) {}

  std::optional<upstream::Event> event;
  std::vector<mcp::InputRequest> questions;
};

class ModernSession {
 public:
  using Upstream = std::unique_ptr<upstream::Session>;

  // Begins to open the session. With `reads_on`, what the server says outside of calls is read from
  // the start, else when somebody listens. All but `board` must outlive this.
  ModernSession(Scheduler& scheduler, Task<Result<Upstream>> opening, bool reads_on,
                std::shared_ptr<Board> board);
  ModernSession(const ModernSession&) = delete;
  ModernSession& operator=(const ModernSession&) = delete;
  ~ModernSession();

  // Waits until the session is open; the error if it cannot be.
  Task<Result<std::shared_ptr<const ServerFace>>> face();
  // The names of the server's tools or prompts.
  Task<Result<std::vector<std::string>>> names(ModernOrder::Kind kind);
  // What that tool's requests repeat in headers; nothing if it is not listed.
  Task<Result<std::vector<mcp::MirroredArgument>>> mirrored(std::string tool);

  // Sends a request to the server. `stream` is the caller's name for it, never used before. False:
  // the server has no such thing, or the caller may not use it, which takes the same work.
  Task<Result<bool>> begin(StreamId stream, ModernOrder order);
  // What comes next of it. One reader at a time.
  Task<Result<Turn>> next(StreamId stream);
  // Nobody reads it for now: it waits for answers until then and is given up afterwards.
  Task<> park(StreamId stream, Deadline until);
  // Answers what that call was asked; keys that it did not ask under are ignored.
  // Fault::not_found: there is no such call any more.
  Task<Result<>> answer(StreamId stream, std::vector<InputResponse> responses);
  // The client is gone: what was asked is refused, then the server is told that it is cancelled.
  Task<> abandon(StreamId stream);

  // Subscribes to updates of that resource or task, once for all who ask.
  Task<Result<>> subscribe(Notice what);
  Task<> unsubscribe(Notice what);
  // From now on what the server says outside of calls is read.
  Task<> read_on();

 private:
  struct Call;
  using CallPlace = std::shared_ptr<Call>;
  using OwnCall = Task<Result<upstream::Event>>;

  Task<> open(Task<Result<Upstream>> opening);
  Task<Result<>> until_open();
  Task<Result<bool>> is_there(const ModernOrder& order);
  Task<Result<>> set_level(mcp::LogLevel level);
  OwnCall call_own(std::string method, std::string params);
  Task<> read(CallPlace call);
  Task<> take(Call& call, upstream::Event event);
  Task<> take_question(Call& call, upstream::Event event);
  Task<Result<>> pass_answer(upstream::QuestionId question, std::string result);
  static void take_notification(Call& call, upstream::Event event);
  Task<> refuse(upstream::QuestionId question, mcp::Code code, std::string_view why);
  Task<> refuse_asked(CallPlace call);
  Task<> give_up_parked();
  Task<> pump();
  void observe(const upstream::Event& event);
  CallPlace find(StreamId stream) const;
  upstream::Event take_first(StreamId stream, const CallPlace& call);

  Scheduler& scheduler_;
  Upstream upstream_;  // null until it is open
  std::shared_ptr<const ServerFace> face_;
  std::optional<Error> failed_;
  Signal opened_;
  bool reads_on_;
  bool is_pumping_ = false;
  bool is_giving_up_ = false;
  bool has_tasks_ = false;  // its server has
  std::shared_ptr<Board> board_;
  std::optional<mcp::LogLevel> level_;        // the server's, as far as it was set
  std::map<Notice, std::size_t> subscribed_;  // how many want it
  std::unordered_map<StreamId, CallPlace> calls_;
  std::optional<Catalogue> tools_;
  std::optional<Catalogue> prompts_;
  TaskGroup background_;  // last: its tasks use everything above
};

}  // namespace gateway
