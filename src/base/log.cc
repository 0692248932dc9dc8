#include "base/log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/text.h"

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

// What may stand in a text line without quotes.
constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x21; byte < 0x7f; ++byte) {
    table.at(byte) = byte != '"' && byte != '=' && byte != '\\';
  }
  return table;
}
constexpr std::array<bool, 256> plain = make_plain();

bool is_plain(char c) {
  return plain[static_cast<unsigned char>(c)];
}

#ifdef __SSE2__
// Bit n is set if byte n may stand without quotes: above the space and below DEL, and none of the
// three.
unsigned plain_in(const char* bytes) {
  const auto is = [](__m128i block, char c) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(c)); };
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i printable = _mm_and_si128(_mm_cmpgt_epi8(block, _mm_set1_epi8(0x20)),
                                          _mm_cmplt_epi8(block, _mm_set1_epi8(0x7f)));
  const __m128i special =
      _mm_or_si128(is(block, '"'), _mm_or_si128(is(block, '='), is(block, '\\')));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(special, printable)));
}
#endif

// For what is nearly always shorter than a call of memcpy is worth.
[[gnu::always_inline]] inline void copy_short(char* to, std::string_view text) {
  const char* from = text.data();
  const std::size_t size = text.size();
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else {
    for (std::size_t at = 0; at < size; ++at) to[at] = from[at];
  }
}

// How far behind a text is_plain() may read.
constexpr std::size_t plain_slack = 16;

// Whether a text may stand without quotes. So many bytes behind it may be read, whatever they are.
bool is_plain(const char* text, std::size_t size) {
  std::size_t at = 0;
#ifdef __SSE2__
  for (; size - at > 16; at += 16) {
    if (plain_in(text + at) != 0xffff) return false;
  }
  const unsigned rest = (1U << (size - at)) - 1;
  return size != 0 && (at == size || (plain_in(text + at) & rest) == rest);
#else
  while (at < size && is_plain(text[at])) ++at;
  return at == size && size != 0;
#endif
}

// The size of what may stand between quotes as it is, from the start: printable ASCII.
std::size_t verbatim_size(std::string_view text) {
  std::size_t size = 0;
#ifdef __SSE2__
  for (; text.size() - size >= 16; size += 16) {
    const auto is = [](__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + size));
    const __m128i printable = _mm_and_si128(_mm_cmpgt_epi8(block, _mm_set1_epi8(0x1f)),
                                            _mm_cmplt_epi8(block, _mm_set1_epi8(0x7f)));
    const __m128i special = _mm_or_si128(is(block, '"'), is(block, '\\'));
    if (_mm_movemask_epi8(_mm_andnot_si128(special, printable)) != 0xffff) break;
  }
#endif
  while (size < text.size() && (is_plain(text[size]) || text[size] == ' ' || text[size] == '=')) {
    ++size;
  }
  return size;
}

std::int64_t monotonic_now() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

constexpr auto batching = std::chrono::milliseconds(10);
// A buffer that a burst has made larger is given back.
constexpr std::size_t kept_bytes = std::size_t{512} * 1024;
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

void LogLine::grow(std::size_t bytes) {
  const auto used = static_cast<std::size_t>(at_ - begin_);
  std::string larger(2 * used + bytes, '\0');
  std::copy(begin_, at_, larger.begin());
  grown_ = std::move(larger);
  begin_ = grown_.data();
  at_ = begin_ + used;
  end_ = begin_ + grown_.size();
}

void LogLine::append(std::string_view text) {
  if (static_cast<std::size_t>(end_ - at_) < text.size()) grow(text.size());
  copy_short(at_, text);
  at_ += text.size();
}

void LogLine::append(char c) {
  if (at_ == end_) grow(1);
  *at_++ = c;
}

template <class Number>
void LogLine::append_number(Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  append({digits.data(), end});
}

void LogLine::append_digits(std::int64_t value, int width) {
  std::array<char, 10> digits{};
  for (int i = width - 1; i >= 0; --i) {
    digits.at(static_cast<std::size_t>(i)) = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  append({digits.data(), static_cast<std::size_t>(width)});
}

// RFC 3339 in UTC with microseconds. The part before the point changes once a second, so it is
// kept.
void LogLine::append_time(WallTime at) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch());
  const std::time_t seconds = static_cast<std::time_t>(since.count() / 1'000'000);
  thread_local std::time_t kept_second = -1;
  thread_local std::string kept;
  if (seconds == kept_second) {
    append(kept);
  } else {
    const auto begin = static_cast<std::size_t>(at_ - begin_);
    std::tm parts{};
    (void)gmtime_r(&seconds, &parts);  // fails only beyond the year 2147483647
    append_digits(parts.tm_year + 1900, 4);
    for (const auto& [sign, value] : {std::pair{'-', parts.tm_mon + 1},
                                      {'-', parts.tm_mday},
                                      {'T', parts.tm_hour},
                                      {':', parts.tm_min},
                                      {':', parts.tm_sec}}) {
      append(sign);
      append_digits(value, 2);
    }
    kept.assign(begin_ + begin, at_);
    kept_second = seconds;
  }
  append('.');
  append_digits(since.count() % 1'000'000, 6);
  append('Z');
}

void LogLine::append_escaped_byte(unsigned char byte) {
  if (format_ == LogFormat::json && byte >= 0x80) {
    append("\\ufffd");
    return;
  }
  append(format_ == LogFormat::json ? "\\u00" : "\\x");
  append(hex_digits[byte >> 4]);
  append(hex_digits[byte & 15]);
}

void LogLine::append_utf16_unit(char32_t unit) {
  append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) append(hex_digits[(unit >> shift) & 15U]);
}

// A terminal obeys such characters, or shows their neighbours in another order.
void LogLine::append_escaped(std::string_view character) {
  if (format_ != LogFormat::json) {
    for (const char byte : character) append_escaped_byte(static_cast<unsigned char>(byte));
    return;
  }
  const char32_t scalar = base::scalar_of(character, character.size());
  if (scalar < 0x10000) return append_utf16_unit(scalar);
  append_utf16_unit(0xD800 + ((scalar - 0x10000) >> 10));
  append_utf16_unit(0xDC00 + (scalar & 0x3FFU));
}

void LogLine::append_quoted(std::string_view text) {
  append('"');
  for (;;) {
    const std::size_t verbatim = verbatim_size(text);
    append(text.substr(0, verbatim));
    text.remove_prefix(verbatim);
    if (text.empty()) break;
    const char c = text[0];
    const std::size_t length = base::utf8_length(text);
    if (c == '"' || c == '\\') {
      append('\\');
      append(c);
    } else if (c == '\n') {
      append("\\n");
    } else if (c == '\t') {
      append("\\t");
    } else if (length == 0) {
      append_escaped_byte(static_cast<unsigned char>(c));
    } else if (base::is_deceptive(base::scalar_of(text, length))) {
      append_escaped(text.substr(0, length));
    } else {
      append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  append('"');
}

LogLine::LogLine(LogFormat format, WallTime at, LogLevel level, std::string_view event)
    : format_(format) {
  if (format == LogFormat::json) {
    append("{\"time\":\"");
    append_time(at);
    append("\",\"level\":\"");
    append(name_of(level));
    append("\",\"event\":");
    append_quoted(event);
    return;
  }
  append_time(at);
  append(' ');
  append(name_of(level));
  append(' ');
  append(event);
}

void LogLine::begin_field(std::string_view key) {
  if (format_ == LogFormat::json) {
    append(',');
    append_quoted(key);
    append(':');
    return;
  }
  if (static_cast<std::size_t>(end_ - at_) < key.size() + 2) grow(key.size() + 2);
  *at_ = ' ';
  copy_short(at_ + 1, key);
  at_ += key.size() + 2;
  at_[-1] = '=';
}

void LogLine::add(std::string_view key, std::string_view text) {
  begin_field(key);
  if (format_ == LogFormat::json) return append_quoted(text);
  append_value(text);
}

void LogLine::append_value(std::string_view text) {
  // Copied first and judged then, where it may be read 16 bytes at a time.
  if (static_cast<std::size_t>(end_ - at_) < text.size() + plain_slack) {
    grow(text.size() + plain_slack);
  }
  copy_short(at_, text);
  if (is_plain(at_, text.size())) {
    at_ += text.size();
  } else {
    append_quoted(text);
  }
}

void LogLine::add(std::string_view key, const LogValue& value) {
  if (const auto* text = std::get_if<std::string_view>(&value.value_)) return add(key, *text);
  begin_field(key);
  if (const auto* flag = std::get_if<bool>(&value.value_)) {
    append(*flag ? "true" : "false");
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.value_)) {
    append_number(*whole);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value.value_)) {
    append_number(*natural);
  } else {
    append_number(std::get<double>(value.value_));
  }
}

std::string_view LogLine::finish() {
  if (format_ == LogFormat::json) append('}');
  append('\n');
  return {begin_, at_};
}

void Log::put(LogLevel level, std::string_view event,
              std::initializer_list<LogField> fields) const {
  if (!is_on(level)) return;
  LogLine line(format_, std::chrono::system_clock::now(), level, event);
  for (const LogField& field : fields) line.add(field.key, field.value);
  sink_->write(line.finish());
}

LogWriter::LogWriter(int descriptor, std::size_t bytes_max, LogFormat format)
    : descriptor_(descriptor),
      bytes_max_(bytes_max),
      format_(format),
      piece_bytes_max_(std::size_t{64} << 10) {
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
    report_lost(taken);
    const bool written = write_out(taken);
    if (taken.capacity() > kept_bytes) std::string().swap(taken);
    lock.lock();
    if (!written && is_stopping_) return;
  }
}

// After the lines that were kept, since those that were lost are younger.
void LogWriter::report_lost(std::string& taken) {
  const std::uint64_t lost = dropped() - reported_;
  if (lost == 0) return;
  LogLine line(format_, std::chrono::system_clock::now(), LogLevel::warn, "log lines lost");
  line.add("count", lost);
  taken += line.finish();
  reported_ += lost;
}

bool LogWriter::write_out(std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, piece_bytes_max_);
    const bool is_writable = wait_writable();
    const ssize_t written = is_writable ? ::write(descriptor_, piece.data(), piece.size()) : -1;
    if (!is_writable || (written < 0 && errno != EINTR && errno != EAGAIN)) {
      const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
      dropped_.fetch_add(lines, std::memory_order_relaxed);
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
