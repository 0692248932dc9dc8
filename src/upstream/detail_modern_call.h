#pragma once
// A call in flight to a server of the modern revision: as many requests as it takes until the
// server has all the answers that it requires (2026-07-28, MRTR).

#include "json/value.h"
#include "upstream/detail_modern_session.h"

namespace upstream {

class ModernCall final : public Conversation {
 public:
  // Sends the request at once. The session must outlive it. `params` are those of the server.
  ModernCall(ModernSession& session, Dialog::Apart call, const mcp::Call& order,
             json::Document params);
  ModernCall(const ModernCall&) = delete;
  ModernCall& operator=(const ModernCall&) = delete;
  ~ModernCall() override;

  Task<Result<Event>> next() override { return conversation_->next(); }
  void cancel() override;

  // The client's answer to one of its questions.
  void take_answer(std::uint64_t asked, const mcp::Message& response);

 private:
  enum class Next { over, again, questions, wait };
  class Asked {
   public:
    std::string key;
    bool is_elicitation = false;
  };

  static Task<> run(ModernCall& call);
  Task<Result<>> talk();
  Task<Result<Next>> ask_once();
  Task<Result<Next>> take_response(mcp::Message response);
  Task<Result<Next>> take_error(json::Value error);
  Result<Next> take_requirement(json::Value result);
  Result<Next> take_task(json::Value result);
  Result<> check_task(json::Value task) const;
  Task<Result<>> until_ready(Next next);
  Task<Result<>> wait_a_while();
  bool is_mirrored() const;
  Task<Result<>> know_tool(bool anew);
  Task<Result<>> list_tools();
  static Task<Result<mcp::Message>> last_of(ModernAnswer& answer);
  Task<Result<>> until_answered();
  ModernOrder order() const;
  void take_notification(mcp::Message message);
  void take_result(json::Value result);
  void ask_client(const mcp::InputRequired& required);
  void give(std::string text);
  void stop();
  Scheduler& scheduler() const { return session_.channel_->scheduler(); }
  json::Value params() const { return params_.root(); }

  ModernSession& session_;
  std::uint64_t id_;
  std::string method_;
  json::Document params_;
  Deadline deadline_;
  bool follows_tasks_;
  std::uint64_t request_id_;  // of the round that is in flight
  mcp::ModernRetry retry_;
  std::map<std::uint64_t, Asked> asked_;  // what the client has not answered yet
  std::optional<Error> unanswered_;       // what makes going on impossible
  int rounds_ = 0;                        // of questions
  int waits_ = 0;
  Duration wait_ = std::chrono::milliseconds(50);
  bool has_refreshed_ = false;
  Signal answered_;
  std::unique_ptr<Conversation> conversation_;
  Task<> run_;  // last: it uses everything above
};

}  // namespace upstream
