#pragma once
// A session whose server is in this process: what it has to say is known at once, or is worked out
// apart (a call of a REST service).

#include <memory>
#include <optional>
#include <string>

#include "upstream/detail_dialog.h"
#include "upstream/detail_handshake.h"
#include "upstream/upstream.h"

namespace upstream {

class LocalSession : public Session {
 public:
  explicit LocalSession(Random& random, QueueLimits limits = QueueLimits());

  // Opens the session with initialize. On an error it is of no use.
  Task<Result<>> open(json::Value params, Deadline deadline);

  const mcp::Message& initialized() const override { return handshake_->answer(); }
  mcp::Revision revision() const override { return handshake_->revision(); }
  Task<Result<std::unique_ptr<Conversation>>> start(mcp::Call call) override;
  std::optional<Result<std::unique_ptr<Conversation>>> start_now(const mcp::Call& call) override;
  Task<Result<>> notify(std::string_view method, json::Value params) override;
  Task<Result<>> answer(QuestionId question, const mcp::Message& response) override;
  Task<Result<>> refuse(QuestionId question, mcp::Code code, std::string_view why) override;
  Task<Result<Event>> next_unsolicited() override;
  std::optional<std::string> portable_state() const override { return "{}"; }  // there is none

 protected:
  // The answer to a request, as JSON text.
  virtual std::string answer_of(const mcp::Message& request) const = 0;
  virtual Result<std::unique_ptr<Conversation>> start_at_once(const mcp::Call& call);
  // Answers what the dialog has to send; nobody is told of what was given up.
  void serve();

  Dialog dialog_;

 private:
  std::optional<Handshake> handshake_;
};

}  // namespace upstream
