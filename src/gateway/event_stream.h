#pragma once
// A response body that is an event stream of JSON-RPC messages (MCP 2025-11-25, transports).
// Messages are fetched ahead of the client by a bounded number; a comment every fifteen seconds
// keeps idle connections open through whatever stands between.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/signal.h"
#include "base/task_group.h"
#include "http/body.h"
#include "http/message.h"
#include "net/loop.h"

namespace http {
class Event;
}

namespace gateway {

// What a client may not have got of a stream that broke off, for the one that it comes back with.
struct StreamRest {
  struct Sent {
    std::uint64_t number;
    std::string text;
  };
  std::deque<Sent> sent;   // the last ones and those that were not sent yet, in their order
  std::uint64_t next = 1;  // number of the first event that is none of these
};

// Ids of a stream's events: what Last-Event-ID says when a client comes back (2025-11-25,
// transports: resumability). Without a name there are none.
struct EventIds {
  std::string name;
  std::uint64_t first = 1;
  // Begin with an event that says nothing but its id, so that there is one to come back with before
  // the first message has arrived, and after how long (2025-11-25, transports: polling).
  bool is_primed = false;
  Duration back_after = std::chrono::seconds(1);

  std::string id(std::uint64_t number) const;
  struct Place {
    std::string name;
    std::uint64_t number;
  };
  // Nothing if it is no id of ours.
  static std::optional<Place> read(std::string_view id);
};

// Where a stream's messages come from.
class MessageSource {
 public:
  MessageSource() = default;
  MessageSource(const MessageSource&) = delete;
  MessageSource& operator=(const MessageSource&) = delete;
  virtual ~MessageSource() = default;
  // The next JSON-RPC text, or nothing at the end.
  virtual Task<std::optional<std::string>> next() = 0;
  // Asked at the end: after how long the client is to come back for the rest, where that was not
  // the end of all (2025-11-25, transports: polling). The stream's events must have ids.
  virtual std::optional<Duration> pause() const { return std::nullopt; }
  // The client is gone before the end of all, on a stream whose events have ids. Told last.
  virtual void interrupted(StreamRest&& rest) { (void)rest; }
};

class EventStream final : public http::BodySource {
 public:
  EventStream(net::Loop& loop, std::unique_ptr<MessageSource> source, EventIds ids = EventIds())
      : loop_(loop),
        source_(std::move(source)),
        ids_(std::move(ids)),
        next_(ids_.first),
        fetching_(loop) {}
  ~EventStream() override;

  // `first`, if it is there, is sent at once. Otherwise a comment is, so that the client learns
  // that the stream is open.
  void begin_with(std::optional<std::string> first);
  // The same with an event that is no message.
  void begin_with(const http::Event& opening);

  Task<Result<std::optional<std::string>>> read(Deadline deadline) override;

 private:
  Task<> fetch();
  void write(std::string& out, std::string text);
  Task<Result<>> until_changed();
  void append_return(std::string& out, Duration back_after);
  std::optional<std::string> end();

  net::Loop& loop_;
  std::unique_ptr<MessageSource> source_;
  const EventIds ids_;
  std::uint64_t next_;                 // number of the next event that is written
  std::deque<StreamRest::Sent> sent_;  // the last ones, if they have ids
  std::size_t sent_bytes_ = 0;
  bool is_read_out_ = false;
  std::optional<Duration> back_after_;  // as the client was told
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
                               std::optional<std::string> first, EventIds ids = EventIds());
// The same, begun by an event that is no message.
http::Response stream_response(net::Loop& loop, std::unique_ptr<MessageSource> source,
                               const http::Event& opening);

}  // namespace gateway
