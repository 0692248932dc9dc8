#include "http/sse.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace http {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
// A server that asks for a longer wait is taken at this.
constexpr std::int64_t retry_ms_max = 24LL * 60 * 60 * 1000;

constexpr std::string_view line_breaks = "\r\n";
constexpr std::string_view line_breaks_and_nul("\r\n\0", 3);

// The place of the first CR or LF, or the size of the text.
std::size_t find_line_end(std::string_view text) {
  const void* feed = text.empty() ? nullptr : std::memchr(text.data(), '\n', text.size());
  const std::size_t end =
      feed == nullptr ? text.size()
                      : static_cast<std::size_t>(static_cast<const char*>(feed) - text.data());
  const void* carriage = end == 0 ? nullptr : std::memchr(text.data(), '\r', end);
  return carriage == nullptr
             ? end
             : static_cast<std::size_t>(static_cast<const char*>(carriage) - text.data());
}

// `left_out` are the characters that the field cannot say.
void append_line(std::string& out, std::string_view field, std::string_view text,
                 std::string_view left_out) {
  out.append(field);
  for (const char c : text) {
    if (left_out.find(c) == std::string_view::npos) out.push_back(c);
  }
  out.push_back('\n');
}

}  // namespace

Result<> EventReader::push(std::string_view bytes) {
  while (!bytes.empty()) {
    // CRLF may be cut in two: its LF belongs to the line that the CR has ended.
    if (std::exchange(skip_line_feed_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = find_line_end(bytes);
    if (line_.size() + end > line_bytes_max_) {
      return failed(Fault::too_large, "a line of the event stream is too long");
    }
    if (end == bytes.size()) {
      line_.append(bytes);
      return {};
    }
    skip_line_feed_ = bytes[end] == '\r';
    TRY(end_line(bytes.substr(0, end)));
    bytes.remove_prefix(end + 1);
  }
  return {};
}

// `rest` is the end of a line; the start may be kept from before.
Result<> EventReader::end_line(std::string_view rest) {
  if (line_.empty()) return take_line(rest);
  line_.append(rest);
  const Result<> taken = take_line(line_);
  line_.clear();
  return taken;
}

Result<> EventReader::take_line(std::string_view line) {
  if (std::exchange(is_first_line_, false) && line.starts_with(byte_order_mark)) {
    line.remove_prefix(byte_order_mark.size());
  }
  if (line.empty()) {
    dispatch();
    return {};
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) return {};  // a comment
  std::string_view value;
  if (colon != std::string_view::npos) {
    value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
  }
  return take_field(line.substr(0, colon), value);
}

Result<> EventReader::take_field(std::string_view name, std::string_view value) {
  if (name == "data") return take_data(value);
  if (name == "event") name_ = value;
  if (name == "id" && value.find('\0') == std::string_view::npos) last_id_ = value;
  if (name == "retry") take_retry(value);
  return {};
}

Result<> EventReader::take_data(std::string_view value) {
  if (data_.size() + value.size() > line_bytes_max_) {
    return failed(Fault::too_large, "an event of the stream is too large");
  }
  if (has_data_) data_.push_back('\n');
  data_.append(value);
  has_data_ = true;
  return {};
}

void EventReader::take_retry(std::string_view value) {
  if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) return;
  std::int64_t wait = retry_ms_max;
  const auto error = std::from_chars(value.data(), value.data() + value.size(), wait).ec;
  if (error != std::errc()) wait = retry_ms_max;
  retry_ = std::chrono::milliseconds(std::min(wait, retry_ms_max));
}

void EventReader::dispatch() {
  if (has_data_) {
    events_.emplace_back(name_.empty() ? "message" : std::exchange(name_, {}),
                         std::exchange(data_, {}), last_id_);
  }
  name_.clear();
  data_.clear();
  has_data_ = false;
}

std::optional<Event> EventReader::next() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void append_event(std::string& out, std::string_view name, std::string_view data,
                  std::string_view id) {
  if (!name.empty() && name != "message") append_line(out, "event: ", name, line_breaks);
  if (!id.empty()) append_line(out, "id: ", id, line_breaks_and_nul);
  // CRLF is one break, as it is to a reader.
  while (true) {
    const std::size_t end = find_line_end(data);
    out.append("data: ");
    out.append(data.substr(0, end));
    out.push_back('\n');
    if (end == data.size()) break;
    data.remove_prefix(end + (data.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  out.push_back('\n');
}

std::string format_event(const Event& event) {
  std::string out;
  out.reserve(event.data.size() + event.name.size() + event.id.size() + 32);
  append_event(out, event.name, event.data, event.id);
  return out;
}

std::string format_comment(std::string_view text) {
  std::string out;
  append_line(out, text.empty() ? ":" : ": ", text, line_breaks);
  out.push_back('\n');
  return out;
}

std::string format_retry(Duration wait) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(wait).count();
  return "retry: " + std::to_string(ms) + "\n\n";
}

}  // namespace http
