#pragma once
// A call in flight over HTTP: its POST, and the task that reads the answer to its end.

#include "upstream/detail_http_session.h"

namespace upstream {

class HttpCall final : public Conversation {
 public:
  // Sends the request at once. The session must outlive it.
  HttpCall(HttpSession& session, Dialog::Apart call, Slot slot, Deadline deadline,
           bool is_repeatable);
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;
  ~HttpCall() override = default;

  Task<Result<Event>> next() override { return conversation_->next(); }
  void cancel() override;

 private:
  static Task<> run(HttpCall& call);
  Task<Result<>> talk();
  Result<> take_refusal(Refusal refusal);
  Task<Result<>> take_whole(http::Response response);
  Task<Result<>> follow(http::Response response);
  enum class StreamEnd { result, ended, broken };  // by the server, or by something else
  static Result<StreamEnd> end_by(const Error& error);
  Task<Result<StreamEnd>> read_to_end(EventMessages& events);
  Task<Result<EventMessages>> resume(std::string last_id, Duration wait);
  Result<bool> take(std::string text);
  void fail(const Error& why);
  void distrust();
  Scheduler& scheduler() const { return session_.site_->scheduler(); }

  HttpSession& session_;
  std::uint64_t id_;
  std::string request_;
  Deadline deadline_;
  bool is_repeatable_;
  Slot slot_;
  std::unique_ptr<Conversation> conversation_;
  Task<> run_;  // last: it uses everything above
};

}  // namespace upstream
