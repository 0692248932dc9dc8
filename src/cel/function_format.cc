// "%s is %.2f".format([name, number])

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "cel/detail_library.h"
#include "cel/time.h"

namespace cel {
namespace {

constexpr int default_precision = 6;
constexpr int precision_max = 1000;

// Writes one formatted text; the first problem stops it.
class Formatter {
 public:
  explicit Formatter(Evaluation& evaluation) : evaluation_(evaluation) {}

  Value format(std::string_view pattern, const List& arguments) {
    while (!pattern.empty() && error_.empty()) {
      const std::size_t percent = std::min(pattern.find('%'), pattern.size());
      append(pattern.substr(0, percent));
      pattern.remove_prefix(percent);
      if (!pattern.empty()) clause(pattern, arguments);
    }
    if (evaluation_.is_aborted()) return evaluation_.out_of_fuel();
    if (!error_.empty()) return bad_argument(evaluation_, error_);
    return evaluation_.string(text_);
  }

 private:
  void fail(std::string_view why) {
    if (error_.empty()) error_ = why;
  }
  void append(std::string_view more) {
    if (!evaluation_.spend_bytes(more.size())) return fail("budget exceeded");
    if (text_.size() + more.size() > Arena::default_cap)
      return fail("format(): the text is too long");
    text_ += more;
  }

  // `pattern` begins with a percent sign.
  void clause(std::string_view& pattern, const List& arguments) {
    pattern.remove_prefix(1);
    if (pattern.starts_with('%')) {
      pattern.remove_prefix(1);
      return append("%");
    }
    int precision = default_precision;
    if (pattern.starts_with('.') && !read_precision(pattern, precision)) {
      return fail("format(): a bad precision");
    }
    if (pattern.empty()) return fail("format(): a clause without its letter");
    const char letter = pattern.front();
    pattern.remove_prefix(1);
    if (next_ >= arguments.size()) return fail("format(): there are too few arguments");
    if (!evaluation_.spend(1 + next_ / 32)) return fail("budget exceeded");
    apply(letter, precision, arguments.at(next_++, evaluation_.arena()));
  }

  static bool read_precision(std::string_view& pattern, int& precision) {
    pattern.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(pattern.data(), pattern.data() + pattern.size(), precision);
    if (error != std::errc() || precision < 0 || precision > precision_max) return false;
    pattern.remove_prefix(static_cast<std::size_t>(end - pattern.data()));
    return true;
  }

  void apply(char letter, int precision, const Value& value) {
    switch (letter) {
      case 's':
        return text_of(value);
      case 'd':
        return decimal(value);
      case 'f':
        return real(value, std::chars_format::fixed, precision);
      case 'e':
        return real(value, std::chars_format::scientific, precision);
      case 'b':
        if (value.is(Kind::boolean)) return append(value.as_bool() ? "1" : "0");
        return integer(value, 2);
      case 'o':
        return integer(value, 8);
      case 'x':
      case 'X':
        return hexadecimal(value, letter == 'X');
      default:
        return fail("format(): an unknown clause");
    }
  }

  void decimal(const Value& value) {
    if (!value.is(Kind::real)) return integer(value, 10);
    if (!std::isfinite(value.as_double())) return append(double_text(value.as_double()));
    std::array<char, 400> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                            value.as_double(), std::chars_format::fixed);
    append({buffer.data(), end});
  }

  void integer(const Value& value, int base) {
    std::array<char, 72> buffer{};
    char* const last = buffer.data() + buffer.size();
    if (value.is(Kind::integer)) {
      append({buffer.data(), std::to_chars(buffer.data(), last, value.as_int(), base).ptr});
    } else if (value.is(Kind::uinteger)) {
      append({buffer.data(), std::to_chars(buffer.data(), last, value.as_uint(), base).ptr});
    } else {
      fail("format(): the clause takes a whole number");
    }
  }

  void hexadecimal(const Value& value, bool is_upper) {
    const std::size_t begin = text_.size();
    if (value.is(Kind::string) || value.is(Kind::bytes)) {
      static constexpr std::string_view digits = "0123456789abcdef";
      for (const char c : value.text()) {
        const auto byte = static_cast<unsigned char>(c);
        const std::array<char, 2> pair{digits[byte >> 4U], digits[byte & 15U]};
        append({pair.data(), pair.size()});
        if (!error_.empty()) return;
      }
    } else {
      integer(value, 16);
    }
    if (!is_upper) return;
    std::transform(text_.begin() + static_cast<std::ptrdiff_t>(begin), text_.end(),
                   text_.begin() + static_cast<std::ptrdiff_t>(begin),
                   [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
  }

  void real(const Value& value, std::chars_format format, int precision) {
    double number = 0;
    if (value.is(Kind::real)) {
      number = value.as_double();
    } else if (value.is(Kind::integer)) {
      number = static_cast<double>(value.as_int());
    } else if (value.is(Kind::uinteger)) {
      number = static_cast<double>(value.as_uint());
    } else {
      return fail("format(): the clause takes a number");
    }
    if (!std::isfinite(number)) return append(double_text(number));
    std::array<char, 400 + precision_max> buffer{};
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, format, precision);
    append({buffer.data(), end});
  }

  // Recursion follows the value, whose depth is limited.
  void text_of(const Value& value) {
    if (!evaluation_.spend(1)) return fail("budget exceeded");
    switch (value.kind()) {
      case Kind::null:
        return append("null");
      case Kind::boolean:
        return append(value.as_bool() ? "true" : "false");
      case Kind::integer:
      case Kind::uinteger:
        return integer(value, 10);
      case Kind::real:
        return append(double_text(value.as_double()));
      case Kind::string:
      case Kind::bytes:
      case Kind::type:
        return append(value.text());
      case Kind::list:
        return list_text(value.as_list());
      case Kind::map:
        return map_text(value.as_map());
      case Kind::timestamp:
        return append(timestamp_text(value));
      case Kind::duration:
        return append(duration_text(value));
      case Kind::ip:
        return append(address_text(value.address()));
      case Kind::cidr:
        return append(cidr_text(value));
      default:
        return fail("format(): a value that has no text");
    }
  }

  void list_text(const List& list) {
    append("[");
    Cursor cursor;
    Value element;
    bool is_first = true;
    while (error_.empty() && list.next(cursor, evaluation_.arena(), element)) {
      if (!is_first) append(", ");
      is_first = false;
      text_of(element);
    }
    append("]");
  }

  // The entries in the order of their keys' texts.
  void map_text(const Map& map) {
    std::vector<std::string> entries;
    const std::size_t begin = text_.size();
    Cursor cursor;
    Entry entry;
    while (error_.empty() && map.next(cursor, evaluation_.arena(), entry)) {
      if (!evaluation_.spend(1)) return fail("budget exceeded");
      text_of(entry.key);
      append(": ");
      text_of(entry.value);
      entries.push_back(text_.substr(begin));
      text_.resize(begin);
    }
    std::sort(entries.begin(), entries.end());
    append("{");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) append(", ");
      append(entries[i]);
    }
    append("}");
  }

  Evaluation& evaluation_;
  std::string text_;
  std::string_view error_;
  std::size_t next_ = 0;
};

Value format(Evaluation& evaluation, Arguments arguments) {
  return Formatter(evaluation).format(arguments[0].as_string(), arguments[1].as_list());
}

constexpr std::array table{Overload{"format", "string.(list(dyn)) -> string", format}};

}  // namespace

std::span<const Overload> format_functions() {
  return table;
}

}  // namespace cel
