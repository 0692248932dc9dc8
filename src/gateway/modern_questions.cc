// What a server asks of a stateless client, and the request that brings the answers.

#include <algorithm>

#include "base/sleep.h"
#include "gateway/caller.h"
#include "gateway/detail_modern_call.h"
#include "gateway/refuse.h"
#include "mcp/write.h"

namespace gateway {
namespace {

// What the server is told of the end of a call has this long to reach it before its session ends.
constexpr auto parting = std::chrono::seconds(1);
constexpr std::string_view no_such_state = "Invalid or expired requestState";

}  // namespace

Task<> abandon(Scheduler& scheduler, std::unique_ptr<Lease> lease, StreamId stream) {
  [[maybe_unused]] auto told = co_await lease->session().home.ask(&ModernSession::abandon, stream);
  co_await sleep_until(Deadline::in(scheduler.now(), parting));
}

ModernCall::Refused ModernCall::refuse_state(std::string_view why) {
  at_.exchange.record.error = why;
  const RpcError error{mcp::Code::invalid_params, no_such_state, R"({"retry":"startOver"})"};
  return refuse_call(at_.exchange, 200, id(), error);
}

tl::expected<std::vector<InputResponse>, std::string> ModernCall::responses() const {
  std::vector<InputResponse> all;
  const auto given = message_.params().find("inputResponses");
  if (!given) return all;
  if (!given->is_object())
    return tl::unexpected<std::string>("'params.inputResponses' must be an object");
  for (const json::Member response : given->members()) {
    if (!response.value.is_object()) {
      return tl::unexpected<std::string>("what is in 'params.inputResponses' must be objects");
    }
    all.push_back(InputResponse{std::string(response.name), mcp::one_line(response.value.raw())});
  }
  return all;
}

// The request brings answers: the call that asked goes on. Whether the state is another caller's,
// of another request, old or made up is for the record only.
Task<ModernCall::Refused> ModernCall::go_on(std::string_view state) {
  auto given = responses();
  if (!given) {
    const mcp::ModernFault fault(400, mcp::Code::invalid_params, given.error());
    co_return refuse_modern(at_.exchange, id(), fault);
  }
  const Shared& shared = at_.core.shared();
  const std::string subject = state_subject_text();
  const auto number =
      open_state(shared.session_ids, state, binding(), subject, shared.clock.wall());
  if (!number) co_return refuse_state("the requestState is none of this request's");
  if (*number == nothing_parked) {
    if (!has_accepted()) co_return refuse_declined();
    co_return co_await begin_new();
  }
  auto credentials = co_await backend_credentials(at_.route, at_.exchange);
  if (!credentials) co_return failure(credentials.error());
  auto parked = shared.modern->take_parked(*number);
  if (!parked) co_return refuse_state("no call waits under this requestState");
  lease_ = std::move(parked->lease);
  stream_ = parked->stream;
  is_begun_ = true;
  lease_->session().credentials->set(std::move(*credentials));
  auto face = co_await lease_->session().home.ask(&ModernSession::face);
  if (!face) co_return failure(face.error());
  face_ = std::move(*face);
  const StreamId stream = stream_;
  auto answered =
      co_await lease_->session().home.ask(&ModernSession::answer, stream, std::move(*given));
  if (answered) co_return std::nullopt;
  if (answered.error().fault() == Fault::not_found) {
    co_return refuse_state("the call that waited is over");
  }
  co_return failure(answered.error());
}

// Whether the user went wherever the server said.
bool ModernCall::has_accepted() const {
  const auto given = message_.params().find("inputResponses");
  if (!given || given->size() == 0) return false;
  const json::Members responses = given->members();
  return std::all_of(responses.begin(), responses.end(), [](const json::Member& response) {
    return response.value.find_string("action") == "accept";
  });
}

ModernCall::Refused ModernCall::refuse_declined() {
  at_.exchange.record.error = "the user did not do what the server requires";
  const RpcError error{mcp::Code::invalid_params, "What the server requires was declined", {}};
  return refuse_call(at_.exchange, 200, id(), error);
}

// The server does nothing before its user has visited an address; the call is made again then.
Outcome ModernCall::require_visits(const std::vector<mcp::InputRequest>& visits) {
  const Shared& shared = at_.core.shared();
  const Duration wait = shared.modern->limits().parked_for;
  const auto end = shared.clock.wall() + std::chrono::duration_cast<WallTime::duration>(wait);
  const std::string state =
      seal_state(shared.session_ids, nothing_parked, binding(), state_subject_text(), end);
  const std::string result = mcp::input_required_result(visits, state, face_->server_info);
  return Outcome(true, 200, mcp::result_text(id(), result));
}

// The client's request ends with what the server wants to know; the call waits.
Task<Outcome> ModernCall::ask(std::vector<mcp::InputRequest> questions) {
  const Shared& shared = at_.core.shared();
  ModernPool& pool = *shared.modern;
  const Duration wait = pool.limits().parked_for;
  const StreamId stream = stream_;
  const Deadline until = Deadline::in(at_.core.loop().now(), wait);
  auto parked = co_await lease_->session().home.ask(&ModernSession::park, stream, until);
  if (!parked) co_return failed_outcome(parked.error());
  const SessionNumber number = shared.session_ids.make();
  const std::string subject = state_subject_text();
  const auto end = shared.clock.wall() + std::chrono::duration_cast<WallTime::duration>(wait);
  const std::string state = seal_state(shared.session_ids, number, binding(), subject, end);
  is_over_ = true;
  ParkedCall call(std::move(lease_), stream, shared.clock.now() + wait);
  for (ParkedCall& evicted : pool.park(number, std::move(call))) {
    Scheduler& scheduler = at_.core.loop();
    at_.core.background().spawn(abandon(scheduler, std::move(evicted.lease), evicted.stream));
  }
  const std::string result = mcp::input_required_result(questions, state, face_->server_info);
  co_return Outcome(true, 200, mcp::result_text(id(), result));
}

}  // namespace gateway
