#include "app/token_words.h"

#include <algorithm>
#include <array>

#include "app/configuration.h"
#include "auth/token.h"
#include "base/text.h"

namespace app {
namespace {

constexpr std::size_t shown_max = 4096;

struct Unit {
  std::int64_t seconds;
  std::string_view name;
};
constexpr std::array<Unit, 6> units{{{31'536'000, "year"},
                                     {2'592'000, "month"},
                                     {86'400, "day"},
                                     {3600, "hour"},
                                     {60, "minute"},
                                     {1, "second"}}};

// "3 hours": the largest unit of which there are two, or the smallest.
std::string rough(std::int64_t seconds) {
  for (const Unit& unit : units) {
    const std::int64_t count = seconds / unit.seconds;
    if (count < 2 && unit.seconds > 1) continue;
    return std::to_string(count) + " " + std::string(unit.name) + (count == 1 ? "" : "s");
  }
  return "";
}

std::string padded(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string date_of(WallTime time) {
  using std::chrono::floor;
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<std::chrono::seconds>(time - day));
  return std::to_string(static_cast<int>(date.year())) + "-" +
         padded(static_cast<unsigned>(date.month())) + "-" +
         padded(static_cast<unsigned>(date.day())) + " " + padded(clock.hours().count()) + ":" +
         padded(clock.minutes().count()) + ":" + padded(clock.seconds().count()) + " UTC";
}

bool is_date(std::string_view name) {
  return name == "exp" || name == "nbf" || name == "iat" || name == "auth_time";
}

}  // namespace

std::string words_of(WallTime time, WallTime now) {
  const std::int64_t away = std::chrono::duration_cast<std::chrono::seconds>(time - now).count();
  return date_of(time) + (away >= 0 ? " (in " + rough(away) + ")" : " (" + rough(-away) + " ago)");
}

std::string words_of_claim(std::string_view name, json::Value value, WallTime now) {
  constexpr double time_max = 253'402'300'799.0;  // the year 9999
  std::string words = base::printable(value.raw(), shown_max);
  const auto seconds = value.as_double();
  if (!is_date(name) || !seconds || !(*seconds >= 0 && *seconds <= time_max)) return words;
  // The clock counts nanoseconds and ends in 2262.
  constexpr double clock_max = 9'000'000'000.0;
  if (*seconds > clock_max) return words + "  far in the future";
  const WallTime time{std::chrono::seconds(static_cast<std::int64_t>(*seconds))};
  return words + "  " + words_of(time, now);
}

Result<std::string> read_token(const std::string& path) {
  constexpr std::string_view space = " \t\r\n";
  auto text = read_whole(path);
  if (!text) {
    // A path that looks like a token is one, on the wrong way; it is not repeated.
    if (path.starts_with("eyJ")) {
      return failed(Fault::bad_request,
                    "give the token in a file or on standard input: on the command line everybody "
                    "on this machine can read it");
    }
    return tl::unexpected(std::move(text).error());
  }
  const std::string name = path == "-" ? "standard input" : path;
  if (text->size() > 2 * auth::token_size_max) {
    return failed(Fault::too_large, name + " is too large for a token");
  }
  std::string_view token = *text;
  token.remove_prefix(std::min(token.find_first_not_of(space), token.size()));
  if (base::starts_with_ignoring_case(token, "bearer ")) token.remove_prefix(7);
  token.remove_prefix(std::min(token.find_first_not_of(space), token.size()));
  token.remove_suffix(token.size() - (token.find_last_not_of(space) + 1));
  if (token.empty()) return failed(Fault::bad_request, "no token in " + name);
  return std::string(token);
}

}  // namespace app
