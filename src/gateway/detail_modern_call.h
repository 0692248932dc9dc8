#pragma once
// One request of a stateless client in flight; see gateway/modern_call.h.

#include "gateway/modern_call.h"
#include "gateway/modern_task.h"
#include "gateway/request_state.h"
#include "mcp/task.h"

namespace gateway {

// What the client gets next: a message of the stream that its request opened, or the answer.
struct Outcome {
  Outcome(bool final, int the_status, std::string the_text)
      : is_final(final), status(the_status), text(std::move(the_text)) {}
  bool is_final;
  int status;  // of an answer that is the whole response
  std::string text;
};

// Tells the server that nobody waits for that call any more.
Task<> abandon(Scheduler& scheduler, std::unique_ptr<Lease> lease, StreamId stream);

class ModernCall {
 public:
  ModernCall(McpPlace at, const mcp::Method& method, mcp::ModernRequest request,
             mcp::Message message)
      : at_(at),
        method_(method),
        request_(request),
        message_(std::move(message)),
        view_(at_.exchange, at_.backend, std::string_view()) {}
  ModernCall(const ModernCall&) = delete;
  ModernCall& operator=(const ModernCall&) = delete;
  // The client is gone, which is how it cancels (2026-07-28, transports).
  ~ModernCall() {
    if (lease_ && is_begun_ && !is_over_) {
      Scheduler& scheduler = at_.core.loop();
      at_.core.background().spawn(abandon(scheduler, std::move(lease_), stream_));
    }
  }

  // The refusal, if it comes to that before anything is in flight.
  Task<std::optional<http::Response>> begin();
  Task<Outcome> next();

 private:
  using Refused = std::optional<http::Response>;

  Refused judge();
  Refused judge_task();
  Refused check_tasks();
  Task<Refused> begin_new();
  Task<Refused> go_on(std::string_view state);
  Task<Refused> open(bool alone);
  Task<Result<std::unique_ptr<Lease>>> lease(bool alone);
  Task<Refused> check_mirrored();
  Task<Result<bool>> send(bool alone);
  Refused unknown();
  Refused refuse_state(std::string_view why);
  Refused failure(const Error& error);
  tl::expected<std::vector<InputResponse>, std::string> responses() const;
  std::string unknown_data() const;
  bool responses_are_there() const {
    const auto given = message_.params().find("inputResponses");
    return given && given->is_object();
  }
  Task<Outcome> ask(std::vector<mcp::InputRequest> questions);
  Outcome finish(const mcp::Message& answer);
  mcp::ErrorWords words_of(json::Value error) const;
  Outcome finish_error(json::Value error);
  Outcome require_visits(const std::vector<mcp::InputRequest>& visits);
  bool has_accepted() const;
  Refused refuse_declined();
  std::string event_text(const upstream::Event& event) const;
  Outcome failed_outcome(const Error& error);
  Outcome finish_created(json::Value result);
  // Whose the questions of a call are.
  Binding binding() const {
    return Binding(at_.exchange.principal().identity(), at_.route.key, at_.backend.target->number);
  }
  // What a request with answers must have in common with the one that was asked.
  std::string state_subject_text() const {
    return state_subject(message_, request_.asks) + (request_.follows_tasks ? "\ntasks" : "");
  }
  const mcp::Id& id() const { return message_.id(); }

  const McpPlace at_;
  const mcp::Method& method_;
  const mcp::ModernRequest request_;
  const mcp::Message message_;
  const McpView view_;
  mcp::Subject subject_;
  std::optional<TaskName> task_;  // that the request is about
  bool is_nobodys_ = false;
  bool is_allowed_ = true;
  std::unique_ptr<Lease> lease_;
  std::shared_ptr<const ServerFace> face_;
  StreamId stream_ = 0;
  bool is_begun_ = false;
  bool is_over_ = false;
};

}  // namespace gateway
