#pragma once
// Log lines: an event name and key=value fields, never prose with holes.
//
//   log.info("child exited", {{"target", name}, {"status", code}});
//
// Any thread may log. A line is formatted where it arises and put into the sink's bounded memory; a
// thread of its own writes it out, so a blocked pipe or a full disk drops lines (and counts them)
// instead of stalling a request.

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <variant>

#include "base/clock.h"

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json };

std::string_view name_of(LogLevel level);

// A field's value; views must live until the line is written, which is at once.
class LogValue {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  LogValue(T number) {  // NOLINT(google-explicit-constructor): {"status", 200} is the point
    if constexpr (std::is_same_v<T, bool>) {
      value_ = number;
    } else if constexpr (std::is_floating_point_v<T>) {
      value_ = static_cast<double>(number);
    } else if constexpr (std::is_signed_v<T>) {
      value_ = static_cast<std::int64_t>(number);
    } else {
      value_ = static_cast<std::uint64_t>(number);
    }
  }
  // NOLINTBEGIN(google-explicit-constructor): {"target", name} is the point
  LogValue(std::string_view text) : value_(text) {}
  LogValue(const char* text) : value_(std::string_view(text)) {}
  LogValue(const std::string& text) : value_(std::string_view(text)) {}
  // NOLINTEND(google-explicit-constructor)

 private:
  friend class LogLine;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value_;
};

struct LogField {
  std::string_view key;
  LogValue value;
};

// One line being made. Whatever bytes a value holds, the result is one line: text values are quoted
// where they need it, and control characters and others that deceive a reader (base::is_deceptive)
// escaped; invalid UTF-8 becomes U+FFFD in JSON and \x..
// in text.
class LogLine {
 public:
  LogLine(LogFormat format, WallTime at, LogLevel level, std::string_view event);
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;
  ~LogLine() = default;
  void add(std::string_view key, const LogValue& value);
  // The same for a text, which most values are.
  void add(std::string_view key, std::string_view text);
  void add(std::string_view key, const char* text) { add(key, std::string_view(text)); }
  void add(std::string_view key, const std::string& text) { add(key, std::string_view(text)); }
  // The same under a key that is known when the program is made: what most lines consist of.
  template <std::size_t size>
  void add_text(const char (&key)[size], std::string_view text) {
    if (format_ == LogFormat::json || static_cast<std::size_t>(end_ - at_) <= size) {
      return add(std::string_view(key, size - 1), text);
    }
    *at_ = ' ';
    std::memcpy(at_ + 1, key, size - 1);
    at_[size] = '=';
    at_ += size + 1;
    append_value(text);
  }
  // Ends the line; with its line feed. The text lives as long as the LogLine.
  std::string_view finish();

 private:
  void begin_field(std::string_view key);
  // In text lines only.
  void append_value(std::string_view text);
  void append_quoted(std::string_view text);
  void append_escaped_byte(unsigned char byte);
  void append_escaped(std::string_view character);
  void append_utf16_unit(char32_t unit);
  void append_time(WallTime at);
  void append_digits(std::int64_t value, int width);
  template <class Number>
  void append_number(Number number);
  void append(std::string_view text);
  void append(char c);
  void grow(std::size_t bytes);

  LogFormat format_;
  // Nearly all lines fit here, and a line that is made where it lives costs no allocation.
  std::array<char, 1024> first_;
  std::string grown_;
  char* begin_ = first_.data();
  char* at_ = first_.data();
  char* end_ = first_.data() + first_.size();
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(std::string_view line) = 0;
};

// Writes to a descriptor from a thread of its own. What could not be written is told in a line of
// its own as soon as there is room again. The destructor writes what is left for at most one
// second.
class LogWriter final : public LogSink {
 public:
  static constexpr std::size_t default_bytes_max = std::size_t{4} << 20;  // about 10,000 lines

  // `descriptor` is borrowed and must stay open. `format`: of the line about lost lines.
  explicit LogWriter(int descriptor, std::size_t bytes_max = default_bytes_max,
                     LogFormat format = LogFormat::text);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter() override;

  void write(std::string_view line) override;
  // Lines that were lost, so far.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void run();
  void report_lost(std::string& taken);
  bool write_out(std::string_view text);
  bool wait_writable() const;

  const int descriptor_;
  const std::size_t bytes_max_;
  const LogFormat format_;
  std::size_t piece_bytes_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string pending_;
  bool is_stopping_ = false;
  std::atomic<std::int64_t> give_up_at_{INT64_MAX};  // monotonic nanoseconds
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t reported_ = 0;  // of them; the thread's own
  std::thread thread_;
};

// The handle that code logs with; cheap to copy. The sink must outlive it.
class Log {
 public:
  Log(LogSink& sink, LogFormat format, LogLevel least)
      : sink_(&sink), format_(format), least_(least) {}

  bool is_on(LogLevel level) const { return level >= least_; }
  LogFormat format() const { return format_; }

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    put(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    put(LogLevel::info, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    put(LogLevel::warn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    put(LogLevel::error, event, fields);
  }
  // A line that was made elsewhere, such as an access record.
  void write(LogLine& line) const { sink_->write(line.finish()); }

 private:
  void put(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const;

  LogSink* sink_;
  LogFormat format_;
  LogLevel least_;
};
