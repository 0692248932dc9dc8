#include "http/freshness.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "http/detail_line.h"

namespace http {
namespace {

using std::chrono::seconds;

constexpr seconds age_max = std::chrono::hours(24 * 365);

// Exactly `count` digits at `at`.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t count) {
  int number = 0;
  const char* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + count, number);
  if (error != std::errc() || end != begin + count || *begin == '-') return std::nullopt;
  return number;
}

std::optional<unsigned> month_named(std::string_view name) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* const found = std::find(months.begin(), months.end(), name);
  if (found == months.end()) return std::nullopt;
  return static_cast<unsigned>(found - months.begin()) + 1;
}

// The value of `max-age=`, in quotes or not.
std::optional<seconds> max_age(std::string_view directive) {
  constexpr std::string_view name = "max-age=";
  if (!equals_lower(directive.substr(0, name.size()), name)) return std::nullopt;
  directive.remove_prefix(name.size());
  if (directive.starts_with('"')) directive.remove_prefix(1);
  std::int64_t age = 0;
  const char* const begin = directive.data();
  const auto [end, error] = std::from_chars(begin, begin + directive.size(), age);
  if (error == std::errc::result_out_of_range) return age_max;
  if (end == begin || age < 0) return seconds(0);
  return std::min(seconds(age), age_max);
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  constexpr std::string_view pattern = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.size() != pattern.size() || text.substr(25) != " GMT" || text[3] != ',') {
    return std::nullopt;
  }
  const auto day = number_at(text, 5, 2);
  const auto month = month_named(text.substr(8, 3));
  const auto year = number_at(text, 12, 4);
  const auto hour = number_at(text, 17, 2);
  const auto minute = number_at(text, 20, 2);
  const auto second = number_at(text, 23, 2);
  if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + seconds(*second);
}

std::optional<seconds> freshness_of(const Headers& headers, WallTime now) {
  std::optional<seconds> fresh;
  bool is_stale = false;
  for (const std::string_view value : headers.all("cache-control")) {
    each_element(value, [&](std::string_view element) {
      if (equals_lower(element, "no-store") || equals_lower(element, "no-cache")) is_stale = true;
      if (const auto age = max_age(element)) fresh = std::min(fresh.value_or(*age), *age);
    });
  }
  if (is_stale) return seconds(0);
  if (fresh) return fresh;
  const auto expires = headers.find("expires");
  if (!expires) return std::nullopt;
  const auto until = parse_http_date(*expires);
  if (!until) return seconds(0);
  const auto date = headers.find("date");
  const WallTime from = date ? parse_http_date(*date).value_or(now) : now;
  return std::clamp(std::chrono::duration_cast<seconds>(*until - from), seconds(0), age_max);
}

}  // namespace http
