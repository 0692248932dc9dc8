#include "upstream/several.h"

#include <algorithm>
#include <utility>

#include "base/before.h"
#include "base/random.h"
#include "base/sleep.h"
#include "mcp/write.h"
#include "upstream/detail_dialog.h"
#include "upstream/detail_several_session.h"

namespace upstream {
namespace {

// Whatever a target takes for its handshake.
constexpr Duration opened_within = std::chrono::seconds(30);

class SeveralTarget final : public Target {
 public:
  explicit SeveralTarget(std::shared_ptr<const SeveralPlace> place) : place_(std::move(place)) {}
  // It has none of its own: rules and records know the targets behind it.
  const mcp::TargetName& name() const override { return name_; }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site> site, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    if (!initialize_params.is_object()) {
      co_return failed(Fault::bad_request, "initialize needs params");
    }
    CO_TRY(json::Document params, json::Document::parse(std::string(initialize_params.raw())));
    SeveralOpening opening(std::move(site), std::move(params), std::move(credentials));
    Scheduler& scheduler = co_await this_scheduler();
    SystemRandom random;
    auto session = std::make_unique<SeveralSession>(scheduler, place_, random, std::move(opening));
    CO_TRY(co_await session->bring_up(deadline));
    co_return std::unique_ptr<Session>(std::move(session));
  }

  Task<Result<std::unique_ptr<Session>>> resume(
      std::shared_ptr<Site> site, Portable portable, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    CO_TRY(json::Document params, json::Document::parse(std::string(portable.params.raw())));
    CO_TRY(json::Document states, json::Document::parse(std::string(portable.state.raw())));
    SeveralOpening opening(std::move(site), std::move(params), std::move(credentials));
    opening.states = std::move(states);
    Scheduler& scheduler = co_await this_scheduler();
    SystemRandom random;
    auto session = std::make_unique<SeveralSession>(scheduler, place_, random, std::move(opening));
    CO_TRY(co_await session->bring_up(deadline));
    co_return std::unique_ptr<Session>(std::move(session));
  }

 private:
  const mcp::TargetName name_;
  std::shared_ptr<const SeveralPlace> place_;
};

}  // namespace

std::unique_ptr<Target> make_several_target(std::shared_ptr<const mcp::Naming> naming,
                                            std::vector<std::shared_ptr<Target>> targets,
                                            SeveralSettings settings, const Log& log) {
  return std::make_unique<SeveralTarget>(std::make_shared<const SeveralPlace>(
      std::move(naming), std::move(targets), std::move(settings), log));
}

bool SeveralSession::Branch::has(std::string_view capability) const {
  if (!session) return false;
  const auto all = session->initialized().result()->find("capabilities");
  return all && all->find(capability);
}

SeveralSession::SeveralSession(Scheduler& scheduler, std::shared_ptr<const SeveralPlace> place,
                               Random& random, SeveralOpening opening)
    : scheduler_(scheduler),
      place_(std::move(place)),
      opening_(std::move(opening)),
      is_shared_(opening_.states.has_value()),
      branches_(place_->targets.size()),
      next_question_(random_start(random)),
      tasks_(scheduler) {}

Task<Result<>> SeveralSession::bring_up(Deadline deadline) {
  for (std::size_t i = 0; i < branches_.size(); ++i) tasks_.spawn(join(*this, i));
  co_await until_decided(deadline);
  const Error* failure = first_failure();
  if (failure != nullptr && is_over(*failure)) co_return tl::unexpected<Error>(*failure);
  const bool is_enough = may_leave_out() ? is_any_up() : failure == nullptr && !is_undecided();
  if (!is_enough && failure != nullptr) co_return tl::unexpected<Error>(*failure);
  if (!is_enough) {
    co_return failed(Fault::timed_out, "the targets did not answer initialize in time");
  }
  CO_TRY(greet());
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    if (branches_[i].failure) leave_out(i, *branches_[i].failure);
  }
  co_return Result<>();
}

// Where some may be left out, those that are up do not wait for them for long.
Task<> SeveralSession::until_decided(Deadline deadline) {
  const Deadline joined = Deadline::in(scheduler_.now(), place_->settings.joined_within);
  while (is_undecided()) {
    const bool is_partial = may_leave_out() && is_any_up();
    const Deadline patience = is_partial ? joined.or_sooner(deadline) : deadline;
    const bool is_notified = co_await changed_.wait(patience);
    if (!is_notified) co_return;
  }
}

bool SeveralSession::is_undecided() const {
  bool is_any_opening = false;
  for (const Branch& branch : branches_) {
    if (branch.failure && !may_leave_out()) return false;
    is_any_opening = is_any_opening || branch.is_opening;
  }
  return is_any_opening;
}

bool SeveralSession::is_any_up() const {
  for (const Branch& branch : branches_) {
    if (branch.session) return true;
  }
  return false;
}

// One that is the end of all comes before others.
const Error* SeveralSession::first_failure() const {
  const Error* first = nullptr;
  for (const Branch& branch : branches_) {
    if (!branch.failure) continue;
    if (is_over(*branch.failure)) return &*branch.failure;
    if (first == nullptr) first = &*branch.failure;
  }
  return first;
}

// One who is late finds the client told already that lists may change, and says that they did.
Task<> SeveralSession::join(SeveralSession& session, std::size_t number) {
  Result<> opened = co_await session.open_branch(number);
  Branch& branch = session.branches_[number];
  branch.is_opening = false;
  session.changed_.notify_all();
  if (!session.answer_) co_return;
  if (!opened) {
    session.leave_out(number, opened.error());
    co_return;
  }
  session.repeat_memory(branch);
  session.announce();
}

// A new session with that target, or the one that was shared.
Task<Result<std::unique_ptr<Session>>> SeveralSession::reach(std::size_t number,
                                                             Deadline deadline) {
  std::shared_ptr<const auth::CurrentCredentials> credentials;
  if (opening_.credentials) {
    credentials = std::make_shared<const auth::CurrentCredentials>(
        opening_.credentials, place_->naming->target(number).text());
  }
  Target& target = *place_->targets[number];
  const json::Value params = opening_.params.root();
  if (!opening_.states) {
    co_return co_await target.open(opening_.site, params, deadline, std::move(credentials));
  }
  std::size_t left = number;
  for (const json::Value state : opening_.states->root().elements()) {
    if (left-- > 0) continue;
    const Portable portable(params, state);
    co_return co_await target.resume(opening_.site, portable, deadline, std::move(credentials));
  }
  co_return failed(Fault::not_found, "the session had fewer targets");
}

Task<Result<>> SeveralSession::open_branch(std::size_t number) {
  const Deadline deadline = Deadline::in(scheduler_.now(), opened_within);
  auto opened = co_await reach(number, deadline);
  Branch& branch = branches_[number];
  if (!opened) {
    // There is no such program, or no such host: nothing that a client could look for elsewhere.
    const Fault fault = opened.error().fault();
    const bool is_missing = fault == Fault::not_found && !opening_.states;
    branch.failure =
        Error(is_missing ? Fault::unavailable : fault,
              "target " + place_->naming->target(number).text() + ": " + opened.error().why());
    co_return tl::unexpected<Error>(*branch.failure);
  }
  branch.session = std::move(*opened);
  branch.tasks = mcp::task_offer(*branch.session->initialized().result());
  branch.failure.reset();
  branch.is_silent = false;
  co_return Result<>();
}

Result<> SeveralSession::greet() {
  std::vector<Greeting> greetings;
  bool is_incomplete = false;
  revision_ = mcp::latest_legacy;
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    const Branch& branch = branches_[i];
    is_incomplete = is_incomplete || !branch.session;
    if (!branch.session) continue;
    greetings.push_back(
        Greeting{place_->naming->target(i).text(), *branch.session->initialized().result()});
    revision_ = std::min(revision_, branch.session->revision());
  }
  const GreetingFacts facts{revision_, place_->settings.version, may_leave_out(), is_incomplete};
  TRY(mcp::Message answer,
      message_of(mcp::result_text(mcp::Id(1), joint_greeting(greetings, facts))));
  answer_.emplace(std::move(answer));
  return {};
}

void SeveralSession::end(const Error& why) {
  ended_ = why;
  heard_.notify_all();
}

void SeveralSession::leave_out(std::size_t number, const Error& why) {
  Branch& branch = branches_[number];
  // What is over for good is opened anew, if others may stay meanwhile; else the client starts
  // over.
  if (is_over(why)) return end(why);
  if (may_leave_out() && why.fault() == Fault::not_found) branch.session.reset();
  if (std::exchange(branch.is_out, true)) return;
  place_->log.warn("target left out",
                   {{"target", place_->naming->target(number).text()}, {"reason", why.why()}});
  announce();
  tasks_.spawn(retry(*this, number));
}

Task<> SeveralSession::retry(SeveralSession& session, std::size_t number) {
  const SeveralSettings& settings = session.place_->settings;
  Duration wait = settings.retried_after;
  for (;;) {
    co_await sleep_until(Deadline::in(session.scheduler_.now(), wait));
    Result<> answers = co_await session.probe(number);
    if (answers) break;
    wait = std::min(wait * 2, settings.retried_at_most);
  }
  session.branches_[number].is_out = false;
  session.place_->log.info("target is back",
                           {{"target", session.place_->naming->target(number).text()}});
  session.announce();
}

// Whether that target can be used again.
Task<Result<>> SeveralSession::probe(std::size_t number) {
  Branch& branch = branches_[number];
  if (!branch.session) {
    CO_TRY(co_await open_branch(number));
    repeat_memory(branch);
    co_return Result<>();
  }
  const std::shared_ptr<Session> server = branch.session;
  const Deadline deadline = Deadline::in(scheduler_.now(), place_->settings.listed_within);
  mcp::Call call("ping", json::Value(), deadline);
  call.make_own();
  auto begun = co_await server->start(std::move(call));
  Result<Event> answer = tl::unexpected<Error>(Error(Fault::internal, ""));
  if (begun) {
    answer = co_await (*begun)->next();
  } else {
    answer = tl::unexpected<Error>(begun.error());
  }
  if (answer) co_return Result<>();  // that it answers is enough
  if (is_over(answer.error())) end(answer.error());
  if (!ended_ && answer.error().fault() == Fault::not_found) branch.session.reset();
  co_return tl::unexpected<Error>(answer.error());
}

// A session that is new to its server: the client's wishes are older. Nobody waits for the answers.
void SeveralSession::repeat_memory(Branch& branch) {
  branch.memory.each([&](std::string_view method, const std::string& params) {
    tasks_.spawn(tell(branch.session, std::string(method), params));
  });
}

Task<> SeveralSession::tell(std::shared_ptr<Session> server, std::string method,
                            std::string params) {
  auto document = json::Document::parse(std::move(params));
  if (!document) co_return;
  Scheduler& scheduler = co_await this_scheduler();
  const Deadline deadline = Deadline::in(scheduler.now(), std::chrono::seconds(10));
  mcp::Call call(method, document->root(), deadline);
  call.make_own();
  auto begun = co_await server->start(std::move(call));
  if (begun) {
    [[maybe_unused]] auto answer = co_await (*begun)->next();
  }
}

// What the client knows of the lists is old.
void SeveralSession::announce() {
  if (!may_leave_out() || !answer_) return;
  changes_.clear();
  next_change_ = 0;
  const auto capabilities = answer_->result()->find("capabilities");
  for (const char* kind : {"tools", "prompts", "resources"}) {
    if (capabilities && capabilities->find(kind)) changes_.emplace_back(kind);
  }
  heard_.notify_all();
}

void SeveralSession::report_refused(std::size_t number, const std::string& method) {
  place_->log.warn("target refused its part of a list",
                   {{"target", place_->naming->target(number).text()}, {"method", method}});
}

void SeveralSession::report_repeated(std::size_t number, const std::string& name) {
  constexpr std::size_t names_max = 100;
  std::vector<std::string>& reported = branches_[number].repeated;
  const bool is_known = std::find(reported.begin(), reported.end(), name) != reported.end();
  if (is_known || reported.size() >= names_max) return;
  reported.push_back(name);
  place_->log.warn("name listed twice",
                   {{"target", place_->naming->target(number).text()}, {"name", name}});
}

}  // namespace upstream
