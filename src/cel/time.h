#pragma once
// Timestamps and durations: their texts, their arithmetic, and the calendar in any zone. Timestamps
// reach from year 1 to 9999, durations are a signed 64-bit count of nanoseconds.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cel/value.h"

namespace cel {

inline constexpr std::int64_t timestamp_min = -62135596800;  // 0001-01-01T00:00:00Z
inline constexpr std::int64_t timestamp_max = 253402300799;  // 9999-12-31T23:59:59Z

// RFC 3339. Nothing if it is malformed or out of range.
std::optional<Value> read_timestamp(std::string_view text);
// Numbers with units: "1h30m", "-1.5s", "100ns". Nothing if it is malformed or out of range.
std::optional<Value> read_duration(std::string_view text);
// In UTC, with as many decimals (0, 3, 6, 9 or less) as needed: "2009-02-13T23:31:30Z".
std::string timestamp_text(const Value& timestamp);
// In seconds: "6347s", "1.5s".
std::string duration_text(const Value& duration);

// Errors of code out_of_range or overflow if the result is out of range.
Value shift_timestamp(const Value& timestamp, std::int64_t nanoseconds);
Value timestamp_difference(const Value& left, const Value& right);

struct CalendarTime {
  std::int64_t year = 0;
  int month = 0;  // 1..12
  int day = 0;    // 1..31
  int hour = 0;
  int minute = 0;
  int second = 0;
  int day_of_week = 0;  // 0 is Sunday
  int day_of_year = 0;  // 1..366
};
// `zone`: empty or "UTC", an IANA name, or an offset such as "+01:30" (the sign may be left out).
// Nothing if there is no such zone.
std::optional<CalendarTime> calendar_time(const Value& timestamp, std::string_view zone);

}  // namespace cel
