#include "auth/revocations.h"

#include <charconv>

#include "base/text.h"

namespace auth {
namespace {

tl::unexpected<Error> unreadable(std::string why) {
  return failed(Fault::bad_request, std::move(why));
}

// Takes the next word off the line: up to a space, or a JSON string.
Result<std::string> next_word(std::string_view& line) {
  line = base::trim(line);
  if (line.empty()) return unreadable("something is missing at its end");
  std::size_t end = 0;
  if (line.front() == '"') {
    for (end = 1; end < line.size() && line[end] != '"'; ++end) {
      if (line[end] == '\\') ++end;
    }
    end = std::min(end + 1, line.size());
    const auto document = json::Document::parse(std::string(line.substr(0, end)));
    const auto text = document ? document->root().as_string() : std::nullopt;
    if (!text) return unreadable("what stands in quotes is no JSON string");
    std::string word(*text);
    line.remove_prefix(end);
    return word;
  }
  end = std::min(line.find_first_of(" \t"), line.size());
  std::string word(line.substr(0, end));
  line.remove_prefix(end);
  return word;
}

// The two digits at `at`; nothing if they are not, or above `most`.
std::optional<unsigned> two_digits(std::string_view text, std::size_t at, unsigned most) {
  if (!base::is_digit(text[at]) || !base::is_digit(text[at + 1])) return std::nullopt;
  const auto number = static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0'));
  return number <= most ? std::optional(number) : std::nullopt;
}

// RFC 3339, 5.6, in UTC and whole seconds: 2026-11-23T08:00:00Z.
std::optional<WallTime> date_of(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  if (text.size() != form.size()) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '0' ? !base::is_digit(text[i]) : text[i] != form[i]) return std::nullopt;
  }
  int year = 0;
  std::from_chars(text.data(), text.data() + 4, year);
  const auto month = two_digits(text, 5, 12);
  const auto day = two_digits(text, 8, 31);
  const auto hour = two_digits(text, 11, 23);
  const auto minute = two_digits(text, 14, 59);
  const auto second = two_digits(text, 17, 60);
  constexpr int year_max = 2261;  // the clock counts nanoseconds
  if (!month || !day || !hour || !minute || !second || year < 1970 || year > year_max) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::optional<WallTime> seconds_of(std::string_view text) {
  constexpr std::int64_t seconds_max = 9'000'000'000;
  std::int64_t count = 0;
  const auto read = std::from_chars(text.begin(), text.end(), count);
  if (read.ec != std::errc() || read.ptr != text.end() || count < 0 || count > seconds_max) {
    return std::nullopt;
  }
  return WallTime(std::chrono::seconds(count));
}

Result<WallTime> time_of(const std::string& text) {
  if (const auto time = date_of(text)) return *time;
  if (const auto time = seconds_of(text)) return *time;
  return unreadable("a time is written 2026-11-23T08:00:00Z or as seconds since 1970");
}

}  // namespace

Result<> Revocations::add(std::string_view line) {
  TRY(const std::string kind, next_word(line));
  if (kind != "jti" && kind != "sub") return unreadable("an entry begins with `jti` or `sub`");
  TRY(std::string value, next_word(line));
  if (value.empty()) return unreadable("an empty `" + kind + "`");
  TRY(const Entry entry, read_times(line));
  (kind == "jti" ? tokens_ : subjects_).emplace(std::move(value), entry);
  if (size() > revocations_max) return failed(Fault::too_large, "more than 100,000 entries");
  return {};
}

Result<Revocations::Entry> Revocations::read_times(std::string_view rest) {
  Entry entry;
  while (!base::trim(rest).empty()) {
    TRY(const std::string word, next_word(rest));
    if (word != "until" && word != "before") {
      return unreadable("after the value stands `until` or `before` (quote values with spaces)");
    }
    TRY(const std::string text, next_word(rest));
    TRY(const WallTime time, time_of(text));
    if (word == "until") {
      entry.until = time;
    } else {
      entry.before = time;
    }
  }
  return entry;
}

Result<Revocations> Revocations::parse(std::string_view text) {
  Revocations list;
  list.digest_ = crypto::sha256(text);
  if (!base::is_utf8(text)) return unreadable("it is not UTF-8");
  std::size_t number = 0;
  for (std::string_view line : base::split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = base::trim(line);
    if (line.empty() || line.front() == '#') continue;
    auto added = list.add(line);
    if (!added) {
      return tl::unexpected(std::move(added).error().within("line " + std::to_string(number)));
    }
  }
  return list;
}

bool Revocations::holds(const Entry& entry, json::Value claims, WallTime now) {
  if (now >= entry.until) return false;
  if (!entry.before) return true;
  const auto issued = claims.find("iat");
  const auto seconds = issued ? issued->as_double() : std::nullopt;
  return !seconds ||
         *seconds < std::chrono::duration<double>(entry.before->time_since_epoch()).count();
}

bool Revocations::contains(json::Value claims, WallTime now) const {
  const auto is_in = [&](const auto& entries, std::string_view name) {
    const auto value = claims.find_string(name);
    if (!value) return false;
    const auto [begin, end] = entries.equal_range(*value);
    for (auto entry = begin; entry != end; ++entry) {
      if (holds(entry->second, claims, now)) return true;
    }
    return false;
  };
  return is_in(tokens_, "jti") || is_in(subjects_, "sub");
}

Result<> check_revocations(std::string_view text) {
  TRY([[maybe_unused]] const Revocations list, Revocations::parse(text));
  return {};
}

}  // namespace auth
