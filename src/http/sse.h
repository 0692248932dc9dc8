#pragma once
// Event streams (WHATWG HTML, 9.2): reading and writing. The reader gives the same events however
// the bytes are split.

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/limits.h"

namespace http {

class Event {
 public:
  Event() = default;
  Event(std::string the_name, std::string the_text, std::string the_id = {})
      : name(std::move(the_name)), data(std::move(the_text)), id(std::move(the_id)) {}

  std::string name = "message";
  std::string data;
  std::string id;  // the last id that the stream gave, at this event or before it
  bool operator==(const Event&) const = default;
};

class EventReader {
 public:
  explicit EventReader(std::size_t line_bytes = event_line_bytes_max)
      : line_bytes_max_(line_bytes) {}

  // Takes the next bytes. Fault::too_large for a line, or for an event's data, beyond the limit;
  // the stream must be given up then. Events that were complete before can still be taken.
  Result<> push(std::string_view bytes);
  // The next complete event. What is incomplete at the end of a stream is no event.
  std::optional<Event> next();

  // The last `retry:`, the time a client should wait before it connects again.
  std::optional<Duration> retry() const { return retry_; }
  const std::string& last_id() const { return last_id_; }

 private:
  Result<> end_line(std::string_view rest);
  Result<> take_line(std::string_view line);
  Result<> take_data(std::string_view value);
  void take_retry(std::string_view value);
  Result<> take_field(std::string_view name, std::string_view value);
  void dispatch();

  std::size_t line_bytes_max_;
  std::string line_;  // an incomplete line
  bool skip_line_feed_ = false;
  bool is_first_line_ = true;
  std::string name_;
  std::string data_;
  bool has_data_ = false;
  std::string last_id_;
  std::optional<Duration> retry_;
  std::deque<Event> events_;
};

// An event as bytes, with its empty line. Line breaks in the data become several data lines; in
// name or id, where they cannot be said, they are left out. The name "message" and an empty id are
// not written.
std::string format_event(const Event& event);
// The same, appended to `out`.
void append_event(std::string& out, std::string_view name, std::string_view data,
                  std::string_view id);
// A line that readers ignore; keeps idle connections open.
std::string format_comment(std::string_view text);
std::string format_retry(Duration wait);

}  // namespace http
