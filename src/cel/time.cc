#include "cel/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include "base/text.h"

namespace cel {
namespace {

constexpr std::int64_t nanos_per_second = 1'000'000'000;

// Reads a text from left to right; each step says whether it fitted.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool is_rest(std::string_view text) const { return rest_ == text; }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  std::string_view digits() {
    std::size_t count = 0;
    while (count < rest_.size() && base::is_digit(rest_[count])) ++count;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  // Exactly so many digits, as a number up to `max`.
  bool number(std::size_t count, int max, int& value) {
    const std::string_view text = rest_.substr(0, count);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.size() != count || error != std::errc() || end != text.data() + count) return false;
    if (!base::is_digit(text.front()) || value > max) return false;
    rest_.remove_prefix(count);
    return true;
  }

 private:
  std::string_view rest_;
};

// Up to nine decimals as nanoseconds.
bool read_fraction(Scanner& scanner, std::uint32_t& nanoseconds) {
  const std::string_view digits = scanner.digits();
  if (digits.empty() || digits.size() > 9) return false;
  std::from_chars(digits.data(), digits.data() + digits.size(), nanoseconds);
  for (std::size_t i = digits.size(); i < 9; ++i) nanoseconds *= 10;
  return true;
}

// "+01:30" in seconds.
bool read_offset(Scanner& scanner, bool needs_sign, int& seconds) {
  const bool is_negative = scanner.peek() == '-';
  const bool has_sign = scanner.take('-') || scanner.take('+');
  int hours = 0;
  int minutes = 0;
  if (needs_sign && !has_sign) return false;
  if (!scanner.number(2, 23, hours) || !scanner.take(':') || !scanner.number(2, 59, minutes)) {
    return false;
  }
  seconds = (hours * 60 + minutes) * 60 * (is_negative ? -1 : 1);
  return true;
}

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Those that begin with another one's name stand before it.
constexpr std::array<Unit, 8> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"\u00b5s", 1'000},
                                     {"\u03bcs", 1'000},
                                     {"ms", 1'000'000},
                                     {"s", nanos_per_second},
                                     {"m", 60 * nanos_per_second},
                                     {"h", 3600 * nanos_per_second}}};

std::optional<std::int64_t> read_unit(Scanner& scanner) {
  for (const Unit& unit : units) {
    if (scanner.take(unit.name)) return unit.nanoseconds;
  }
  return std::nullopt;
}

using Wide = __int128;

// "1.5h" in nanoseconds; what is below a nanosecond is cut off.
std::optional<Wide> read_part(Scanner& scanner) {
  const std::string_view whole = scanner.digits();
  const bool has_point = scanner.take('.');
  const std::string_view decimals = has_point ? scanner.digits() : std::string_view();
  if (whole.empty() && decimals.empty()) return std::nullopt;
  if (whole.size() > 19 || decimals.size() > 30) return std::nullopt;
  const std::optional<std::int64_t> unit = read_unit(scanner);
  if (!unit) return std::nullopt;
  Wide count = 0;
  for (const char c : whole) count = count * 10 + (c - '0');
  Wide total = count * *unit;
  Wide scale = *unit;
  for (const char c : decimals) {
    // Exact while the unit still has decimal places; later digits are below a nanosecond.
    total += (c - '0') * scale / 10;
    if (scale % 10 != 0 && scale < 10) break;
    scale /= 10;
  }
  return total;
}

// With zeros in front, so that it has at least so many digits.
void append_padded(std::string& text, std::int64_t number, std::size_t width) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) text.append(width - digits.size(), '0');
  text += digits;
}

void append_fraction(std::string& text, std::uint32_t nanoseconds) {
  if (nanoseconds == 0) return;
  text += '.';
  append_padded(text, nanoseconds, 9);
  while (text.back() == '0') text.pop_back();
}

cctz::time_point<cctz::seconds> time_point(const Value& timestamp) {
  return cctz::time_point<cctz::seconds>(cctz::seconds(timestamp.seconds()));
}

// Letters, digits and a few signs: what may become a file's name.
bool is_zone_name(std::string_view name) {
  if (name.size() > 64 || name.find("..") != std::string_view::npos) return false;
  if (!base::is_alpha(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return base::is_alnum(c) || c == '/' || c == '_' || c == '+' || c == '-';
  });
}

// The library reads a zone's file and remembers every name it was ever asked for, so only names of
// files that exist reach it.
std::optional<cctz::time_zone> find_named_zone(std::string_view name) {
  static thread_local std::map<std::string, cctz::time_zone, std::less<>> zones;
  if (const auto found = zones.find(name); found != zones.end()) return found->second;
  if (!is_zone_name(name)) return std::nullopt;
  std::error_code error;
  const std::filesystem::path folder = "/usr/share/zoneinfo";
  if (!std::filesystem::is_regular_file(folder / name, error)) return std::nullopt;
  cctz::time_zone zone;
  if (!cctz::load_time_zone(std::string(name), &zone)) return std::nullopt;
  zones.emplace(name, zone);
  return zone;
}

std::optional<cctz::time_zone> find_zone(std::string_view name) {
  if (name.empty() || name == "UTC") return cctz::utc_time_zone();
  if (base::is_digit(name.front()) || name.front() == '+' || name.front() == '-') {
    Scanner scanner(name);
    int seconds = 0;
    if (!read_offset(scanner, false, seconds) || !scanner.at_end()) return std::nullopt;
    return cctz::fixed_time_zone(cctz::seconds(seconds));
  }
  return find_named_zone(name);
}

}  // namespace

std::optional<Value> read_timestamp(std::string_view text) {
  Scanner scanner(text);
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  const bool has_date = scanner.number(4, 9999, year) && scanner.take('-') &&
                        scanner.number(2, 12, month) && scanner.take('-') &&
                        scanner.number(2, 31, day);
  if (!has_date || !(scanner.take('T') || scanner.take('t'))) return std::nullopt;
  const bool has_time = scanner.number(2, 23, hour) && scanner.take(':') &&
                        scanner.number(2, 59, minute) && scanner.take(':') &&
                        scanner.number(2, 59, second);
  if (!has_time) return std::nullopt;
  std::uint32_t nanoseconds = 0;
  if (scanner.take('.') && !read_fraction(scanner, nanoseconds)) return std::nullopt;
  int offset = 0;
  const bool is_utc = scanner.take('Z') || scanner.take('z');
  if ((!is_utc && !read_offset(scanner, true, offset)) || !scanner.at_end()) return std::nullopt;
  const cctz::civil_second civil(year, month, day, hour, minute, second);
  // A day that the month does not have is carried over: the calendar disagrees with the text.
  if (civil.month() != month || civil.day() != day) return std::nullopt;
  const auto local = cctz::convert(civil, cctz::utc_time_zone());
  const std::int64_t seconds = local.time_since_epoch().count() - offset;
  if (seconds < timestamp_min || seconds > timestamp_max) return std::nullopt;
  return Value::of_timestamp(seconds, nanoseconds);
}

std::optional<Value> read_duration(std::string_view text) {
  if (text.size() > 256) return std::nullopt;
  Scanner scanner(text);
  const bool is_negative = scanner.peek() == '-';
  if (!scanner.take('-')) scanner.take('+');
  if (scanner.at_end()) return std::nullopt;
  if (scanner.is_rest("0")) return Value::of_duration(0);
  Wide total = 0;
  while (!scanner.at_end()) {
    const auto part = read_part(scanner);
    if (!part) return std::nullopt;
    total += *part;
    if (total > Wide{1} << 64) return std::nullopt;
  }
  if (is_negative) total = -total;
  if (total > std::numeric_limits<std::int64_t>::max() ||
      total < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return Value::of_duration(static_cast<std::int64_t>(total));
}

std::string timestamp_text(const Value& timestamp) {
  const auto civil = cctz::convert(time_point(timestamp), cctz::utc_time_zone());
  std::string text;
  append_padded(text, civil.year(), 4);
  const std::array<std::pair<char, int>, 5> parts{{{'-', civil.month()},
                                                   {'-', civil.day()},
                                                   {'T', civil.hour()},
                                                   {':', civil.minute()},
                                                   {':', civil.second()}}};
  for (const auto& [separator, number] : parts) {
    text += separator;
    append_padded(text, number, 2);
  }
  append_fraction(text, timestamp.nanoseconds());
  return text + 'Z';
}

std::string duration_text(const Value& duration) {
  const std::int64_t total = duration.as_duration();
  std::string text = total < 0 ? "-" : "";
  text += std::to_string(std::abs(total / nanos_per_second));
  append_fraction(text, static_cast<std::uint32_t>(std::abs(total % nanos_per_second)));
  return text + 's';
}

Value shift_timestamp(const Value& timestamp, std::int64_t nanoseconds) {
  std::int64_t seconds = timestamp.seconds() + nanoseconds / nanos_per_second;
  std::int64_t rest = timestamp.nanoseconds() + nanoseconds % nanos_per_second;
  if (rest < 0) {
    rest += nanos_per_second;
    --seconds;
  } else if (rest >= nanos_per_second) {
    rest -= nanos_per_second;
    ++seconds;
  }
  if (seconds < timestamp_min || seconds > timestamp_max) {
    return Value::error(ErrorCode::out_of_range, "timestamp");
  }
  return Value::of_timestamp(seconds, static_cast<std::uint32_t>(rest));
}

Value timestamp_difference(const Value& left, const Value& right) {
  const std::int64_t seconds = left.seconds() - right.seconds();
  const std::int64_t rest = static_cast<std::int64_t>(left.nanoseconds()) -
                            static_cast<std::int64_t>(right.nanoseconds());
  std::int64_t total = 0;
  if (__builtin_mul_overflow(seconds, nanos_per_second, &total) ||
      __builtin_add_overflow(total, rest, &total)) {
    return Value::error(ErrorCode::out_of_range, "duration");
  }
  return Value::of_duration(total);
}

std::optional<CalendarTime> calendar_time(const Value& timestamp, std::string_view zone) {
  const auto found = find_zone(zone);
  if (!found) return std::nullopt;
  const cctz::civil_second civil = cctz::convert(time_point(timestamp), *found);
  CalendarTime time;
  time.year = civil.year();
  time.month = civil.month();
  time.day = civil.day();
  time.hour = civil.hour();
  time.minute = civil.minute();
  time.second = civil.second();
  const cctz::civil_day day(civil);
  // The library counts from Monday.
  time.day_of_week = (static_cast<int>(cctz::get_weekday(day)) + 1) % 7;
  time.day_of_year = cctz::get_yearday(day);
  return time;
}

}  // namespace cel
