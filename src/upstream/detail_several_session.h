#pragma once
// A session with several targets: one session with each, opened side by side. One that fails where
// it may (FailureMode::open) is left out, tried again, and announced to the client as a change of
// the lists.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "mcp/task.h"
#include "upstream/detail_session_memory.h"
#include "upstream/detail_several_text.h"
#include "upstream/several.h"
#include "upstream/site.h"

namespace upstream {

// What all sessions of one such target share; immutable.
class SeveralPlace {
 public:
  SeveralPlace(std::shared_ptr<const mcp::Naming> its_naming,
               std::vector<std::shared_ptr<Target>> its_targets, SeveralSettings its_settings,
               const Log& its_log)
      : naming(std::move(its_naming)),
        targets(std::move(its_targets)),
        settings(std::move(its_settings)),
        log(its_log) {}

  const std::shared_ptr<const mcp::Naming> naming;
  const std::vector<std::shared_ptr<Target>> targets;
  const SeveralSettings settings;
  const Log log;
};

// How a session with several targets is opened.
class SeveralOpening {
 public:
  SeveralOpening(std::shared_ptr<Site> its_site, json::Document its_params,
                 std::shared_ptr<const auth::CurrentCredentials> its_credentials)
      : site(std::move(its_site)),
        params(std::move(its_params)),
        credentials(std::move(its_credentials)) {}

  std::shared_ptr<Site> site;
  json::Document params;  // of initialize
  // Of a session that was shared: an array, one state for each target in their order.
  std::optional<json::Document> states;
  std::shared_ptr<const auth::CurrentCredentials> credentials;
};

class SeveralSession final : public Session {
 public:
  // One target's part. Its session is shared with the conversations it has, so that it can be
  // replaced while they last.
  class Branch {
   public:
    std::shared_ptr<Session> session;  // null: there is none (yet, or any more)
    mcp::TaskOffer tasks;
    SessionMemory memory;
    std::optional<Error> failure;  // of the last try to open it
    bool is_opening = true;
    bool is_out = false;                // left out of lists, and tried again
    bool is_silent = false;             // says nothing unasked any more
    std::vector<std::string> repeated;  // names that it lists twice and that were reported

    bool has(std::string_view capability) const;
  };

  SeveralSession(Scheduler& scheduler, std::shared_ptr<const SeveralPlace> place, Random& random,
                 SeveralOpening opening);
  ~SeveralSession() override = default;

  // On an error the session is of no use.
  Task<Result<>> bring_up(Deadline deadline);

  const mcp::Message& initialized() const override { return *answer_; }
  mcp::Revision revision() const override { return revision_; }
  // Whether any of them has it.
  bool has_tasks_extension() const override;
  Task<Result<std::unique_ptr<Conversation>>> start(mcp::Call call) override;
  std::optional<Result<std::unique_ptr<Conversation>>> start_now(const mcp::Call& call) override;
  Task<Result<>> notify(std::string_view method, json::Value params) override;
  Task<Result<>> answer(QuestionId question, const mcp::Message& response) override;
  Task<Result<>> refuse(QuestionId question, mcp::Code code, std::string_view why) override;
  Task<Result<Event>> next_unsolicited() override;
  // Nothing unless each target has a session, and each of those is portable.
  std::optional<std::string> portable_state() const override;
  void share() override;
  void unshare() override;

  // For its conversations.
  Scheduler& scheduler() { return scheduler_; }
  const SeveralPlace& place() const { return *place_; }
  Branch& branch(std::size_t number) { return branches_[number]; }
  std::size_t size() const { return branches_.size(); }
  Owner owner(std::size_t number) const { return Owner(*place_->naming, number); }
  bool may_leave_out() const { return place_->settings.failure == FailureMode::open; }
  // Whether all is over because of one target. One that can have a new session, unless another
  // process has the old one, is no reason.
  bool is_over(const Error& why) const {
    return why.fault() == Fault::not_found && (is_shared_ || !may_leave_out());
  }
  // Who said something.
  struct Speaker {
    std::size_t number;
    std::shared_ptr<Session> session;
  };
  // The event as the client is to see it; nothing if it is not for the client. `method` is that of
  // the call it came on.
  Result<std::optional<Event>> exposed(const Speaker& speaker, Event event,
                                       std::string_view method);
  // That target gave no answer: it is left out until it does.
  void leave_out(std::size_t number, const Error& why);
  void report_refused(std::size_t number, const std::string& method);
  // Once per name and session.
  void report_repeated(std::size_t number, const std::string& name);

 private:
  struct Asked {
    std::size_t branch;
    std::weak_ptr<Session> session;
    QuestionId question;               // the target's
    std::optional<std::string> token;  // its progress token, as JSON text
  };
  // A call for one target, as that target is to get it.
  struct Addressed {
    std::size_t branch;
    mcp::Call call;
  };
  using Started = Result<std::unique_ptr<Conversation>>;

  static Task<> join(SeveralSession& session, std::size_t number);
  static Task<> retry(SeveralSession& session, std::size_t number);
  static Task<> hear(SeveralSession& session, std::size_t number);
  static Task<> tell(std::shared_ptr<Session> server, std::string method, std::string params);
  static Task<> pass_on(std::shared_ptr<Session> server, std::string method, std::string params);
  void fall_silent(std::size_t number, const Error& why);
  void end(const Error& why);
  Task<Result<>> open_branch(std::size_t number);
  Task<Result<std::unique_ptr<Session>>> reach(std::size_t number, Deadline deadline);
  Task<Result<>> probe(std::size_t number);
  void repeat_memory(Branch& branch);
  Task<> until_decided(Deadline deadline);
  bool is_undecided() const;
  bool is_any_up() const;
  const Error* first_failure() const;
  Result<> greet();
  void announce();

  std::optional<Started> serve_here(const mcp::Call& call);
  bool may_have_task(std::size_t target, const mcp::Call& call) const;
  std::optional<Addressed> address(const mcp::Call& call) const;
  Result<std::optional<Event>> exposed_question(const Speaker& speaker, Event event);
  Result<std::optional<Event>> exposed_notification(const Speaker& speaker, Event event);
  // What an event or a result says of tasks, under the client's ids.
  Result<Event> with_exposed_tasks(std::size_t number, Event event, std::string_view method) const;
  Result<Event> with_exposed_task(std::size_t number, Event event) const;
  // The same of the extension of 2026-07-28.
  Result<Event> with_exposed_handle(std::size_t number, Event event, std::string_view method) const;
  // What the client says its message belongs to (a task's id), as that target knows it, JSON text;
  // empty if it is another target's.
  std::string own_related_task(std::size_t number, std::string_view id) const;
  bool lists_tasks() const;
  Result<> report_progress(json::Value params);
  std::optional<Asked> take_question(QuestionId question);

  bool has_news() const { return !news_.empty() || next_change_ < changes_.size() || ended_; }
  std::optional<Event> take_news();
  Task<> listen();

  Scheduler& scheduler_;
  std::shared_ptr<const SeveralPlace> place_;
  SeveralOpening opening_;
  std::optional<mcp::Message> answer_;
  mcp::Revision revision_ = mcp::latest_legacy;
  bool is_shared_ = false;
  std::vector<Branch> branches_;
  std::uint64_t next_question_;
  std::map<std::uint64_t, Asked> questions_;
  std::deque<Event> news_;            // unsolicited, at most one a target
  std::vector<std::string> changes_;  // kinds of lists of which a change is to be announced
  std::size_t next_change_ = 0;       // of them
  std::optional<Error> ended_;
  Signal changed_;   // a branch was opened or failed
  Signal heard_;     // there is news
  TaskGroup tasks_;  // last: its tasks use everything above
};

// A call that every target (or every one from some on) has a part in.
class Gathering : public Conversation {
 public:
  Gathering(SeveralSession& session, const mcp::Call& call);
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;
  ~Gathering() override = default;

  Task<Result<Event>> next() override;
  void cancel() override;

 protected:
  // Asks that target, within share_of_time().
  virtual Task<Result<>> ask(std::size_t number) = 0;
  // All have answered or failed.
  virtual Result<Event> merged() = 0;
  // Where a failing target is as if it were not there.
  bool is_forgiving() const { return is_own_ || session_.may_leave_out(); }
  void begin(std::size_t number);
  // The result or error of that target.
  Task<Result<mcp::Message>> asked(std::size_t number, std::string method, std::string params,
                                   Deadline by);
  // What one target may take.
  Deadline share_of_time() const;

  SeveralSession& session_;
  std::optional<Error> failure_;  // of all, because of one

 private:
  static Task<> run(Gathering& self, std::size_t number);

  Deadline deadline_;
  bool is_own_;
  std::size_t waiting_ = 0;
  bool is_cancelled_ = false;
  Signal changed_;
  TaskGroup tasks_;  // last
};

// The conversation of a list: of tools, prompts, resources or templates.
std::unique_ptr<Conversation> gather_list(SeveralSession& session, const mcp::Call& call,
                                          mcp::Touches touches, ListPlace from);
// That of logging/setLevel.
std::unique_ptr<Conversation> gather_level(SeveralSession& session, const mcp::Call& call);
// One whose result is known.
std::unique_ptr<Conversation> answered(Event result);

}  // namespace upstream
