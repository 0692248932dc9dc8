// The getters of timestamps (in UTC or a zone) and durations.

#include <array>

#include "cel/detail_library.h"
#include "cel/time.h"

namespace cel {
namespace {

// The time in the zone that the second argument names, if there is one, given to `part`.
template <class Part>
Value of_calendar(Evaluation& evaluation, Arguments arguments, Part part) {
  const std::string_view zone = arguments.size() > 1 ? arguments[1].as_string() : "UTC";
  // A zone's name may have to be looked for among the system's files.
  if (!evaluation.spend(arguments.size() > 1 ? 32 : 0)) return evaluation.out_of_fuel();
  const auto time = calendar_time(arguments[0], zone);
  if (!time) return bad_argument(evaluation, "there is no such time zone");
  return Value::of_int(part(*time));
}

Value full_year(Evaluation& evaluation, Arguments arguments) {
  return of_calendar(evaluation, arguments, [](const CalendarTime& time) { return time.year; });
}
Value month(Evaluation& evaluation, Arguments arguments) {
  return of_calendar(evaluation, arguments,
                     [](const CalendarTime& time) { return time.month - 1; });
}
Value date(Evaluation& evaluation, Arguments arguments) {
  return of_calendar(evaluation, arguments, [](const CalendarTime& time) { return time.day; });
}
Value day_of_month(Evaluation& evaluation, Arguments arguments) {
  return of_calendar(evaluation, arguments, [](const CalendarTime& time) { return time.day - 1; });
}
Value day_of_week(Evaluation& evaluation, Arguments arguments) {
  return of_calendar(evaluation, arguments,
                     [](const CalendarTime& time) { return time.day_of_week; });
}
Value day_of_year(Evaluation& evaluation, Arguments arguments) {
  return of_calendar(evaluation, arguments,
                     [](const CalendarTime& time) { return time.day_of_year - 1; });
}
Value hours(Evaluation& evaluation, Arguments arguments) {
  return of_calendar(evaluation, arguments, [](const CalendarTime& time) { return time.hour; });
}
Value minutes(Evaluation& evaluation, Arguments arguments) {
  return of_calendar(evaluation, arguments, [](const CalendarTime& time) { return time.minute; });
}
Value seconds(Evaluation& evaluation, Arguments arguments) {
  return of_calendar(evaluation, arguments, [](const CalendarTime& time) { return time.second; });
}
Value milliseconds(Evaluation& evaluation, Arguments arguments) {
  const std::uint32_t part = arguments[0].nanoseconds() / 1'000'000;
  return of_calendar(evaluation, arguments, [&](const CalendarTime&) { return part; });
}

constexpr std::int64_t second = 1'000'000'000;

Value duration_hours(Evaluation&, Arguments arguments) {
  return Value::of_int(arguments[0].as_duration() / (3600 * second));
}
Value duration_minutes(Evaluation&, Arguments arguments) {
  return Value::of_int(arguments[0].as_duration() / (60 * second));
}
Value duration_seconds(Evaluation&, Arguments arguments) {
  return Value::of_int(arguments[0].as_duration() / second);
}
// The part below a second, as the specification's tests have it; not the total.
Value duration_milliseconds(Evaluation&, Arguments arguments) {
  return Value::of_int(arguments[0].as_duration() % second / 1'000'000);
}

constexpr std::array table{
    Overload{"getFullYear", "timestamp.() -> int", full_year},
    Overload{"getFullYear", "timestamp.(string) -> int", full_year},
    Overload{"getMonth", "timestamp.() -> int", month},
    Overload{"getMonth", "timestamp.(string) -> int", month},
    Overload{"getDate", "timestamp.() -> int", date},
    Overload{"getDate", "timestamp.(string) -> int", date},
    Overload{"getDayOfMonth", "timestamp.() -> int", day_of_month},
    Overload{"getDayOfMonth", "timestamp.(string) -> int", day_of_month},
    Overload{"getDayOfWeek", "timestamp.() -> int", day_of_week},
    Overload{"getDayOfWeek", "timestamp.(string) -> int", day_of_week},
    Overload{"getDayOfYear", "timestamp.() -> int", day_of_year},
    Overload{"getDayOfYear", "timestamp.(string) -> int", day_of_year},
    Overload{"getHours", "timestamp.() -> int", hours},
    Overload{"getHours", "timestamp.(string) -> int", hours},
    Overload{"getHours", "duration.() -> int", duration_hours},
    Overload{"getMinutes", "timestamp.() -> int", minutes},
    Overload{"getMinutes", "timestamp.(string) -> int", minutes},
    Overload{"getMinutes", "duration.() -> int", duration_minutes},
    Overload{"getSeconds", "timestamp.() -> int", seconds},
    Overload{"getSeconds", "timestamp.(string) -> int", seconds},
    Overload{"getSeconds", "duration.() -> int", duration_seconds},
    Overload{"getMilliseconds", "timestamp.() -> int", milliseconds},
    Overload{"getMilliseconds", "timestamp.(string) -> int", milliseconds},
    Overload{"getMilliseconds", "duration.() -> int", duration_milliseconds},
};

}  // namespace

std::span<const Overload> time_functions() {
  return table;
}

}  // namespace cel
