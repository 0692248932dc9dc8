#pragma once
// One client's MCP session with its one server, in the session-based revisions. It lives on one
// core, its home; other cores talk to it through net::Home. Requests in flight belong to the
// session and not to the HTTP exchange that brought them: a client that goes away does not cancel
// its call (MCP 2025-11-25, transports: a disconnection is no cancellation).

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/deadline.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "gateway/catalogue.h"
#include "gateway/event_stream.h"
#include "gateway/session_tasks.h"
#include "mcp/message.h"
#include "mcp/method.h"
#include "mcp/task.h"
#include "policy/exchange.h"
#include "upstream/upstream.h"

namespace gateway {

using StreamId = std::uint64_t;

// A client's request, with what its caller was found to be allowed. It goes from core to core.
class CallOrder {
 public:
  using Kind = policy::McpSubject::Kind;
  CallOrder(Kind the_kind, std::string the_name, bool allowed, mcp::Message the_request,
            Deadline the_deadline)
      : kind(the_kind),
        name(std::move(the_name)),
        is_allowed(allowed),
        request(std::move(the_request)),
        deadline(the_deadline) {}

  Kind kind;         // of what it names; none for what needs not to be looked up
  std::string name;  // as the session's lists say it
  bool is_allowed;
  mcp::Message request;
  Deadline deadline;
  bool can_come_back = false;  // its client, for the rest of a stream that ends early
  // Of a request about a task: what params.taskId stands for.
  std::unique_ptr<const TaskName> task;
  // It may belong to the task that it says; otherwise it belongs to none.
  bool may_relate = false;
};

// What a call is about, for its whole life.
struct CallFacts {
  mcp::Id id;
  mcp::Touches touches;
  mcp::Subject subject;
};

// A stream that broke off, for the client that comes back for the rest of it.
class BrokenStream {
 public:
  BrokenStream(CallFacts the_facts, StreamRest the_rest, bool over, bool paused)
      : facts(std::move(the_facts)), rest(std::move(the_rest)), is_over(over), is_paused(paused) {}
  CallFacts facts;
  StreamRest rest;
  bool is_over;    // the call's end is in the rest
  bool is_paused;  // its client was told to come back
};

class McpSession {
 public:
  // `tasks` for a client that may have some; null for others.
  McpSession(Scheduler& scheduler, std::unique_ptr<upstream::Session> upstream,
             std::unique_ptr<SessionTasks> tasks = nullptr);
  McpSession(const McpSession&) = delete;
  McpSession& operator=(const McpSession&) = delete;
  ~McpSession();

  // The answer to the client's initialize.
  std::string greeting(const mcp::Id& id) const;
  // What the client may do about tasks.
  mcp::TaskOffer tasks() const { return tasks_ ? offer_ : mcp::TaskOffer(); }
  mcp::Revision revision() const { return upstream_->revision(); }

  // Does what a client asks, up to the first thing that comes of it; the rest is for next().
  // Nothing: the server has no tool or prompt of that name, or the caller may not use it, which
  // takes the same work. Errors and `stream` as start() and next() say.
  Task<Result<std::optional<upstream::Event>>> call(StreamId stream, CallOrder order);

  // Sends a client's request to the server. `stream` is the caller's name for it, never used before
  // in this session, so that leave() can be said whatever became of the answer to start().
  // Fault::conflict if the client has a request of that id in flight already, Fault::too_many if it
  // has too many of them, Fault::cancelled if the client takes it back meanwhile.
  Task<Result<>> start(StreamId stream, mcp::Message request, Deadline deadline);
  // What comes next of that request, up to its result. Fault::cancelled once the client cancelled
  // it.
  Task<Result<upstream::Event>> next(StreamId stream);
  // Nobody reads that request's events any more: it goes on, its result is dropped, and what it
  // asks is refused.
  Task<> leave(StreamId stream);

  // The same, but the client may come back for what comes of it. Kept are the streams that broke
  // off last. A client that was told to come back is still asked.
  Task<> detach(StreamId stream, BrokenStream broken);
  // The client is back: what it may not have got yet. Fault::not_found if there is no such stream.
  Task<Result<BrokenStream>> reattach(StreamId stream);
  // What comes next of a stream that was reattached, up to its result; Fault::not_found when it is
  // over.
  Task<Result<upstream::Event>> next_kept(StreamId stream);

  // A client's notification. notifications/cancelled ends the request it names.
  Task<Result<>> notify(mcp::Message notification);
  // A client's answer to a question of the server. One that nobody waits for is dropped.
  Task<Result<>> respond(mcp::Message response);

  // The session is over: its listener is told to end, nothing new is begun, and it goes when the
  // last request that holds it does.
  Task<> end();
  // The same because the client said so: also for other processes that may go on with it.
  Task<> end_for_all();

  // Becomes the one listener to what belongs to no request; the one before is told to end.
  Task<StreamId> listen();
  // Fault::conflict when another listener took over, Fault::unavailable when the session is over.
  Task<Result<upstream::Event>> next_unsolicited(StreamId listener);

  // Whether the server lists a tool or prompt of that name; other kinds are always known.
  Task<Result<bool>> knows(policy::McpSubject::Kind kind, std::string name);
  // The work that a name which is not there costs, for one that is refused.
  Task<Result<>> pretend(policy::McpSubject::Kind kind);

 private:
  struct InFlight;
  struct TaskPart;
  struct Kept;
  class Claim;
  // A client's request.
  struct Begun {
    StreamId stream;
    Claim* claim;  // until it is in flight
  };

  Result<> admit(const mcp::Id& id) const;
  // Sends it without waiting; nothing if that cannot be done.
  std::optional<Result<>> begin_now(Claim& claim, const mcp::Call& call);
  Task<Result<>> begin(Claim& claim, const mcp::Call& call);
  void enter(Claim& claim, const mcp::Call& call,
             std::unique_ptr<upstream::Conversation> conversation);
  Task<Result<bool>> look_up(const Claim& claim, const CallOrder& order);
  Task<Result<bool>> look_up(const CallOrder& order);
  Task<> until_cancelled(const Claim& claim);
  bool is_surely_known(const CallOrder& order) const;
  Task<> until_replaced(StreamId listener);
  Task<> finish(std::shared_ptr<InFlight> flight);
  Task<> keep_on(StreamId stream, std::shared_ptr<Kept> kept);
  Task<> keep(Kept& kept, upstream::Event event);
  std::shared_ptr<Kept> kept_of(StreamId stream) const;
  void drop(Kept& kept);
  void drop_old_streams();
  bool may_pause() const;
  Task<> refuse(upstream::QuestionId question);
  Task<> refuse_asked(StreamId stream);
  Task<> refuse_old_questions();
  struct Asked;
  bool is_anothers(Asked& asked) const;
  void note_question(StreamId stream, const upstream::Event& event);
  void forget(StreamId stream);
  void observe(const upstream::Event& event);
  Catalogue* list_of(std::string_view method);
  static void learn(Catalogue* list, const upstream::Event& event);
  void drop_client_id(const mcp::Id& id);
  std::unique_ptr<TaskPart> task_part(const CallOrder& order, mcp::Call& call);
  std::unique_ptr<TaskPart> listing(json::Value params, mcp::ParamsEdit& edit) const;
  void relate(const CallOrder& order, std::string_view sealed, mcp::ParamsEdit& edit,
              std::unique_ptr<TaskPart>& part) const;
  std::string own_related_task(std::string_view sealed) const;
  std::optional<std::string> client_task(std::string_view id) const;
  // What the server said, about tasks under the client's ids; nothing if it is not for the client.
  Result<std::optional<upstream::Event>> exposed(const InFlight* flight, upstream::Event event);
  Result<upstream::Event> exposed_result(const InFlight& flight, upstream::Event event);
  static Result<upstream::Event> exposed_error(const TaskPart& part, upstream::Event event);
  Result<upstream::Event> exposed_plain(upstream::Event event) const;
  static Result<upstream::Event> exposed_task(const TaskPart& part, const upstream::Event& event);
  Result<upstream::Event> exposed_page(const upstream::Event& event) const;

  Scheduler& scheduler_;
  std::unique_ptr<upstream::Session> upstream_;
  const mcp::TaskOffer offer_;  // the server's
  const std::unique_ptr<SessionTasks> tasks_;
  bool is_ended_ = false;
  StreamId last_listener_ = 0;
  std::unordered_map<StreamId, std::shared_ptr<InFlight>> in_flight_;
  std::map<std::uint64_t, std::shared_ptr<Kept>> kept_;  // by when the stream broke off
  std::uint64_t last_kept_ = 0;
  Signal kept_changed_;
  struct Asked {
    StreamId stream;
    Instant at;
    // Of the calls in flight then, if any may be the one that it was asked for.
    std::vector<StreamId> others;
  };
  std::map<upstream::QuestionId, Asked> asked_;  // of the client, and not answered yet
  bool is_expiring_ = false;                     // refuse_old_questions() runs
  std::unordered_map<mcp::Id, Begun> by_client_id_;
  Signal claim_cancelled_;
  StreamId listener_ = 0;
  Signal listener_changed_;
  Catalogue tools_;
  Catalogue prompts_;
  TaskGroup background_;  // last: its tasks use everything above
};

}  // namespace gateway
