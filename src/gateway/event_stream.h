#pragma once
// A response body that is an event stream of JSON-RPC messages (MCP 2025-11-25, transports).
// Messages are fetched ahead of the client by a bounded number; a comment every fifteen seconds
// keeps idle connections open through whatever stands between.

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/signal.h"
#include "base/task_group.h"
#include "http/body.h"
#include "http/message.h"
#include "net/loop.h"

namespace gateway {

// Where a stream's messages come from.
class MessageSource {
 public:
  MessageSource() = default;
  MessageSource(const MessageSource&) = delete;
  MessageSource& operator=(const MessageSource&) = delete;
  virtual ~MessageSource() = default;
  // The next JSON-RPC text, or nothing at the end.
  virtual Task<std::optional<std::string>> next() = 0;
};

class EventStream final : public http::BodySource {
 public:
  EventStream(net::Loop& loop, std::unique_ptr<MessageSource> source)
      : loop_(loop), source_(std::move(source)), fetching_(loop) {}

  // `first`, if it is there, is sent at once. Otherwise a comment is, so that the client learns
  // that the stream is open.
  void begin_with(std::optional<std::string> first);

  Task<Result<std::optional<std::string>>> read(Deadline deadline) override;

 private:
  Task<> fetch();
  Task<Result<>> until_changed();

  net::Loop& loop_;
  std::unique_ptr<MessageSource> source_;
  std::string opening_;
  bool has_begun_ = false;
  bool is_over_ = false;
  std::deque<std::string> messages_;
  std::size_t bytes_ahead_ = 0;
  Signal changed_;
  TaskGroup fetching_;  // last: its task uses everything above
};

// 200, text/event-stream.
http::Response stream_response(net::Loop& loop, std::unique_ptr<MessageSource> source,
                               std::optional<std::string> first);

}  // namespace gateway
