#include "base/log.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && c != '"' && c != '=' && c != '\\';
}

// The size of what may stand between quotes as it is, from the start: printable ASCII.
std::size_t verbatim_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && (is_plain(text[size]) || text[size] == ' ' || text[size] == '=')) {
    ++size;
  }
  return size;
}

void append_escaped_byte(std::string& out, LogFormat format, unsigned char byte) {
  if (format == LogFormat::json && byte >= 0x80) {
    out += "\\ufffd";
    return;
  }
  out += format == LogFormat::json ? "\\u00" : "\\x";
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 15];
}

void append_quoted(std::string& out, LogFormat format, std::string_view text) {
  out += '"';
  for (;;) {
    const std::size_t verbatim = verbatim_size(text);
    out.append(text.substr(0, verbatim));
    text.remove_prefix(verbatim);
    if (text.empty()) break;
    const char c = text[0];
    const std::size_t length = base::utf8_length(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (length == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      append_escaped_byte(out, format, static_cast<unsigned char>(c));
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append_text(std::string& out, LogFormat format, std::string_view text) {
  bool plain = !text.empty() && format == LogFormat::text;
  for (std::size_t i = 0; plain && i < text.size(); ++i) plain = is_plain(text[i]);
  if (plain) {
    out += text;
  } else {
    append_quoted(out, format, text);
  }
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_digits(std::string& out, std::int64_t value, int width) {
  std::array<char, 10> digits{};
  for (int i = width - 1; i >= 0; --i) {
    digits.at(static_cast<std::size_t>(i)) = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits.data(), static_cast<std::size_t>(width));
}

// RFC 3339 in UTC with microseconds. The date part changes once a second, so it is kept.
void append_time(std::string& out, WallTime at) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch());
  const std::time_t seconds = static_cast<std::time_t>(since.count() / 1'000'000);
  thread_local std::time_t kept_second = -1;
  thread_local std::string kept;
  if (seconds != kept_second) {
    std::tm parts{};
    (void)gmtime_r(&seconds, &parts);  // fails only beyond the year 2147483647
    kept.clear();
    append_digits(kept, parts.tm_year + 1900, 4);
    for (const auto& [sign, value] : {std::pair{'-', parts.tm_mon + 1},
                                      {'-', parts.tm_mday},
                                      {'T', parts.tm_hour},
                                      {':', parts.tm_min},
                                      {':', parts.tm_sec}}) {
      kept += sign;
      append_digits(kept, value, 2);
    }
    kept_second = seconds;
  }
  out += kept;
  out += '.';
  append_digits(out, since.count() % 1'000'000, 6);
  out += 'Z';
}

std::int64_t monotonic_now() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

constexpr auto batching = std::chrono::milliseconds(2);
constexpr auto farewell = std::chrono::seconds(1);

}  // namespace

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

LogLine::LogLine(LogFormat format, WallTime at, LogLevel level, std::string_view event)
    : format_(format) {
  text_.reserve(512);
  if (format == LogFormat::json) {
    text_ += "{\"time\":\"";
    append_time(text_, at);
    text_ += "\",\"level\":\"";
    text_ += name_of(level);
    text_ += "\",\"event\":";
    append_quoted(text_, format, event);
    return;
  }
  append_time(text_, at);
  text_ += ' ';
  text_ += name_of(level);
  text_ += ' ';
  text_ += event;
}

void LogLine::add(std::string_view key, const LogValue& value) {
  if (format_ == LogFormat::json) {
    text_ += ',';
    append_quoted(text_, format_, key);
    text_ += ':';
  } else {
    text_ += ' ';
    text_ += key;
    text_ += '=';
  }
  if (const auto* text = std::get_if<std::string_view>(&value.value_)) {
    append_text(text_, format_, *text);
  } else if (const auto* flag = std::get_if<bool>(&value.value_)) {
    text_ += *flag ? "true" : "false";
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.value_)) {
    append_number(text_, *whole);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value.value_)) {
    append_number(text_, *natural);
  } else {
    append_number(text_, std::get<double>(value.value_));
  }
}

std::string LogLine::take() {
  if (format_ == LogFormat::json) text_ += '}';
  text_ += '\n';
  return std::move(text_);
}

void Log::put(LogLevel level, std::string_view event,
              std::initializer_list<LogField> fields) const {
  if (!is_on(level)) return;
  LogLine line(format_, std::chrono::system_clock::now(), level, event);
  for (const LogField& field : fields) line.add(field.key, field.value);
  sink_->write(line.take());
}

LogWriter::LogWriter(int descriptor, std::size_t bytes_max)
    : descriptor_(descriptor), bytes_max_(bytes_max), piece_bytes_max_(std::size_t{64} << 10) {
  struct stat status{};
  if (fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))) {
    piece_bytes_max_ = 4096;  // PIPE_BUF: after POLLOUT a write of this size does not block
  }
  thread_ = std::thread(&LogWriter::run, this);
}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    give_up_at_ = monotonic_now() + std::chrono::nanoseconds(farewell).count();
  }
  changed_.notify_one();
  thread_.join();
}

void LogWriter::write(std::string_view line) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (pending_.size() + line.size() > bytes_max_) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    was_empty = pending_.empty();
    pending_ += line;
  }
  if (was_empty) changed_.notify_one();
}

void LogWriter::run() {
  std::string taken;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_stopping_ || !pending_.empty(); });
    if (pending_.empty()) return;
    // A short pause gathers the lines of a busy moment into one write and one wake-up.
    if (!is_stopping_) changed_.wait_for(lock, batching, [this] { return is_stopping_; });
    taken.clear();
    std::swap(taken, pending_);
    lock.unlock();
    const bool written = write_out(taken);
    lock.lock();
    if (!written && is_stopping_) return;
  }
}

bool LogWriter::write_out(std::string_view text) {
  while (!text.empty()) {
    if (!wait_writable()) return false;
    const std::string_view piece = text.substr(0, piece_bytes_max_);
    const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
    if (written < 0 && errno != EINTR && errno != EAGAIN) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool LogWriter::wait_writable() const {
  while (monotonic_now() < give_up_at_.load()) {
    pollfd waiting{descriptor_, POLLOUT, 0};
    const int ready = poll(&waiting, 1, 100);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}
