// The strings extension, but for format(): charAt, indexOf, replace, split, substring, ...

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "cel/detail_library.h"
#include "cel/text.h"

namespace cel {
namespace {

Value out_of_range(std::string_view what) {
  return Value::error(ErrorCode::out_of_range, what);
}

// The byte where that code point begins, or the end of the text for the number behind the last.
std::optional<std::size_t> byte_at(std::string_view text, const Value& index) {
  if (index.as_int() < 0) return std::nullopt;
  return byte_of_code_point(text, static_cast<std::size_t>(index.as_int()));
}

Value char_at(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  if (!evaluation.spend_bytes(text.size())) return evaluation.out_of_fuel();
  const auto byte = byte_at(text, arguments[1]);
  if (!byte) return out_of_range("charAt()");
  if (*byte == text.size()) return Value::of_string("");
  return Value::of_string(text.substr(*byte, code_point_length(text, *byte)));
}

// What was found at a byte, as the number of a code point.
Value code_point_number(std::string_view text, std::size_t byte) {
  if (byte == std::string_view::npos) return Value::of_int(-1);
  return Value::of_int(static_cast<std::int64_t>(count_code_points(text.substr(0, byte))));
}

Value index_of(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  const std::string_view pattern = arguments[1].as_string();
  if (!evaluation.spend(search_cost(text, pattern))) return evaluation.out_of_fuel();
  const auto begin = arguments.size() > 2 ? byte_at(text, arguments[2]) : 0;
  if (!begin) return out_of_range("indexOf()");
  return code_point_number(text, text.find(pattern, *begin));
}

Value last_index_of(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  const std::string_view pattern = arguments[1].as_string();
  if (!evaluation.spend(search_cost(text, pattern))) return evaluation.out_of_fuel();
  const auto begin = arguments.size() > 2 ? byte_at(text, arguments[2]) : text.size();
  if (!begin) return out_of_range("lastIndexOf()");
  return code_point_number(text, text.rfind(pattern, *begin));
}

// A copy with every byte changed by `change`, which leaves non-ASCII bytes alone.
Value changed(Evaluation& evaluation, std::string_view text, char (*change)(char)) {
  if (!evaluation.spend_bytes(text.size())) return evaluation.out_of_fuel();
  char* memory = evaluation.arena().make_text(text.size());
  if (memory == nullptr) return evaluation.out_of_memory();
  std::transform(text.begin(), text.end(), memory, change);
  return Value::of_string({memory, text.size()});
}

Value lower_ascii(Evaluation& evaluation, Arguments arguments) {
  return changed(evaluation, arguments[0].as_string(), base::lower);
}

Value upper_ascii(Evaluation& evaluation, Arguments arguments) {
  return changed(evaluation, arguments[0].as_string(), base::upper);
}

Value reverse(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  if (!evaluation.spend_bytes(text.size())) return evaluation.out_of_fuel();
  char* memory = evaluation.arena().make_text(text.size());
  if (memory == nullptr) return evaluation.out_of_memory();
  for (std::size_t byte = 0; byte < text.size();) {
    const std::size_t length = code_point_length(text, byte);
    text.copy(memory + text.size() - byte - length, length, byte);
    byte += length;
  }
  return Value::of_string({memory, text.size()});
}

// How many bytes of white space (of Unicode) the text begins with; 0 if none.
std::size_t space_length(std::string_view text) {
  static constexpr std::array<std::string_view, 25> spaces{
      " ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\xc2\x85", "\xc2\xa0", "\u1680",
      "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",   "\u2007",   "\u2008",
      "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
  for (const std::string_view space : spaces) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}

Value trim(Evaluation& evaluation, Arguments arguments) {
  std::string_view text = arguments[0].as_string();
  if (!evaluation.spend_bytes(text.size())) return evaluation.out_of_fuel();
  while (const std::size_t length = space_length(text)) text.remove_prefix(length);
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xc0) == 0x80) --last;
    if (space_length(text.substr(last)) == 0) break;
    text.remove_suffix(text.size() - last);
  }
  return Value::of_string(text);
}

// A count in an argument; without one, or with a negative one, all.
std::size_t limit_of(Arguments arguments, std::size_t place) {
  if (arguments.size() <= place || arguments[place].as_int() < 0) {
    return std::numeric_limits<std::size_t>::max();
  }
  return static_cast<std::size_t>(arguments[place].as_int());
}

// Where `pattern` is next at or after `begin`; an empty one is found between code points, too.
std::size_t find_next(std::string_view text, std::string_view pattern, std::size_t begin) {
  return begin > text.size() ? std::string_view::npos : text.find(pattern, begin);
}

Value replace(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  const std::string_view pattern = arguments[1].as_string();
  const std::string_view with = arguments[2].as_string();
  std::size_t left = limit_of(arguments, 3);
  if (!evaluation.spend(search_cost(text, pattern))) return evaluation.out_of_fuel();
  std::string result;
  std::size_t begin = 0;
  while (left-- > 0) {
    const std::size_t found = find_next(text, pattern, begin);
    if (found == std::string_view::npos) break;
    result += text.substr(begin, found - begin);
    result += with;
    begin = found + pattern.size();
    if (!evaluation.spend(1 + with.size() / 32)) return evaluation.out_of_fuel();
    if (result.size() > Arena::default_cap) return evaluation.out_of_memory();
    if (!pattern.empty()) continue;
    // One code point on, so that the empty pattern is found only once at each place.
    if (begin >= text.size()) {
      begin = text.size();
      break;
    }
    const std::size_t length = code_point_length(text, begin);
    result += text.substr(begin, length);
    begin += length;
  }
  result += text.substr(begin);
  return evaluation.string(result);
}

// Splits between code points.
Value split_characters(Evaluation& evaluation, std::string_view text, std::size_t limit) {
  ListBuilder list(evaluation);
  for (std::size_t count = 1; !text.empty(); ++count) {
    const std::size_t length = count == limit ? text.size() : code_point_length(text, 0);
    if (!list.add(Value::of_string(text.substr(0, length)))) return evaluation.out_of_fuel();
    text.remove_prefix(length);
  }
  return list.finish();
}

Value split(Evaluation& evaluation, Arguments arguments) {
  std::string_view text = arguments[0].as_string();
  const std::string_view separator = arguments[1].as_string();
  const std::size_t limit = limit_of(arguments, 2);
  if (!evaluation.spend(search_cost(text, separator))) return evaluation.out_of_fuel();
  ListBuilder list(evaluation);
  if (limit == 0) return list.finish();
  if (separator.empty()) return split_characters(evaluation, text, limit);
  for (std::size_t count = 1; count < limit; ++count) {
    const std::size_t found = text.find(separator);
    if (found == std::string_view::npos) break;
    if (!list.add(Value::of_string(text.substr(0, found)))) return evaluation.out_of_fuel();
    text.remove_prefix(found + separator.size());
  }
  if (!list.add(Value::of_string(text))) return evaluation.out_of_fuel();
  return list.finish();
}

Value substring(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  if (!evaluation.spend_bytes(text.size())) return evaluation.out_of_fuel();
  const auto begin = byte_at(text, arguments[1]);
  const auto end = arguments.size() > 2 ? byte_at(text, arguments[2]) : text.size();
  if (!begin || !end || *begin > *end) return out_of_range("substring()");
  return Value::of_string(text.substr(*begin, *end - *begin));
}

Value join(Evaluation& evaluation, Arguments arguments) {
  const std::string_view separator =
      arguments.size() > 1 ? arguments[1].as_string() : std::string_view();
  std::string result;
  Cursor cursor;
  Value element;
  while (arguments[0].as_list().next(cursor, evaluation.arena(), element)) {
    if (!element.is(Kind::string)) return Value::error(ErrorCode::no_such_overload, "join");
    if (cursor.index > 1) result += separator;
    result += element.as_string();
    const std::size_t touched = separator.size() + element.as_string().size();
    if (!evaluation.spend(1 + touched / 32)) return evaluation.out_of_fuel();
    if (result.size() > Arena::default_cap) return evaluation.out_of_memory();
  }
  return evaluation.string(result);
}

Value quote(Evaluation& evaluation, Arguments arguments) {
  static constexpr std::string_view special = "\a\b\f\n\r\t\v\\\"";
  static constexpr std::string_view letters = "abfnrtv\\\"";
  const std::string_view text = arguments[0].as_string();
  if (!evaluation.spend_bytes(text.size())) return evaluation.out_of_fuel();
  std::string result = "\"";
  for (const char c : text) {
    const std::size_t found = special.find(c);
    if (found != std::string_view::npos) {
      result += '\\';
      result += letters[found];
    } else {
      result += c;
    }
  }
  return evaluation.string(result + '"');
}

Value strip_prefix(Evaluation&, Arguments arguments) {
  std::string_view text = arguments[0].as_string();
  const std::string_view prefix = arguments[1].as_string();
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return Value::of_string(text);
}

Value strip_suffix(Evaluation&, Arguments arguments) {
  std::string_view text = arguments[0].as_string();
  const std::string_view suffix = arguments[1].as_string();
  if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
  return Value::of_string(text);
}

constexpr std::array table{
    Overload{"charAt", "string.(int) -> string", char_at},
    Overload{"indexOf", "string.(string) -> int", index_of},
    Overload{"indexOf", "string.(string, int) -> int", index_of},
    Overload{"lastIndexOf", "string.(string) -> int", last_index_of},
    Overload{"lastIndexOf", "string.(string, int) -> int", last_index_of},
    Overload{"lowerAscii", "string.() -> string", lower_ascii},
    Overload{"upperAscii", "string.() -> string", upper_ascii},
    Overload{"reverse", "string.() -> string", reverse},
    Overload{"trim", "string.() -> string", trim},
    Overload{"replace", "string.(string, string) -> string", replace},
    Overload{"replace", "string.(string, string, int) -> string", replace},
    Overload{"split", "string.(string) -> list(string)", split},
    Overload{"split", "string.(string, int) -> list(string)", split},
    Overload{"substring", "string.(int) -> string", substring},
    Overload{"substring", "string.(int, int) -> string", substring},
    Overload{"join", "list(string).() -> string", join},
    Overload{"join", "list(string).(string) -> string", join},
    Overload{"strings.quote", "(string) -> string", quote},
    Overload{"stripPrefix", "string.(string) -> string", strip_prefix},
    Overload{"stripSuffix", "string.(string) -> string", strip_suffix},
};

}  // namespace

std::span<const Overload> string_functions() {
  return table;
}

}  // namespace cel
