#include "cel/literal.h"

#include <charconv>
#include <utility>

#include "base/text.h"
#include "cel/number.h"

namespace cel {
namespace {

// Reads the content of a literal between its quotes, escape by escape.
class TextReader {
 public:
  TextReader(std::string_view text, bool is_bytes) : text_(text), is_bytes_(is_bytes) {}

  Literal read() {
    while (place_ < text_.size() && literal_.reason == nullptr) {
      if (text_[place_] == '\\') {
        escape();
      } else {
        literal_.content += text_[place_++];
      }
    }
    return std::move(literal_);
  }

 private:
  void fail(std::size_t begin, const char* reason) {
    literal_.reason = reason;
    literal_.offset = static_cast<std::uint32_t>(begin);
  }

  void escape() {
    static constexpr std::string_view letters = "abfnrtv\\?\"'`";
    static constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\?\"'`";
    const std::size_t begin = place_++;
    if (place_ == text_.size()) return fail(begin, "a backslash at the end");
    const char c = text_[place_++];
    if (const std::size_t found = letters.find(c); found != std::string_view::npos) {
      literal_.content += meanings[found];
    } else if (c == 'x' || c == 'X') {
      numeric(begin, 16, 2);
    } else if (c >= '0' && c <= '3') {
      --place_;
      numeric(begin, 8, 3);
    } else if ((c == 'u' || c == 'U') && !is_bytes_) {
      numeric(begin, 16, c == 'u' ? 4 : 8);
    } else {
      fail(begin, "an unknown escape sequence");
    }
  }

  void numeric(std::size_t begin, int base, std::size_t digits) {
    const std::string_view text = text_.substr(place_, digits);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code, base);
    if (text.size() != digits || error != std::errc() || end != text.data() + digits) {
      return fail(begin, "an escape sequence with too few digits");
    }
    place_ += digits;
    if (is_bytes_) {
      literal_.content += static_cast<char>(code);
    } else if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      fail(begin, "an escape sequence that is no Unicode character");
    } else {
      base::append_utf8(literal_.content, code);
    }
  }

  std::string_view text_;
  bool is_bytes_;
  std::size_t place_ = 0;
  Literal literal_;
};

template <class T>
std::optional<T> read_digits(std::string_view text, int base) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> read_magnitude(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) {
    return read_digits<std::uint64_t>(text.substr(2), 16);
  }
  return read_digits<std::uint64_t>(text, 10);
}

}  // namespace

Literal read_text_literal(std::string_view token, bool is_bytes) {
  const std::size_t quote = token.find_first_of("\"'");
  const bool is_raw = token.substr(0, quote).find_first_of("rR") != std::string_view::npos;
  const std::string_view quoted = token.substr(quote);
  const std::size_t quotes =
      quoted.size() >= 6 && quoted[1] == quoted[0] && quoted[2] == quoted[0] ? 3 : 1;
  const std::string_view text = quoted.substr(quotes, quoted.size() - 2 * quotes);
  Literal literal;
  if (is_raw) {
    literal.content = text;
  } else {
    literal = TextReader(text, is_bytes).read();
    literal.offset += static_cast<std::uint32_t>(quote + quotes);
  }
  return literal;
}

std::optional<std::int64_t> read_int_literal(std::string_view token, bool is_negative) {
  const std::optional<std::uint64_t> magnitude = read_magnitude(token);
  const std::uint64_t limit = std::uint64_t{1} << 63;
  if (!magnitude || *magnitude > limit || (*magnitude == limit && !is_negative)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(is_negative ? 0 - *magnitude : *magnitude);
}

std::optional<std::uint64_t> read_uint_literal(std::string_view token) {
  return read_magnitude(token.substr(0, token.size() - 1));
}

std::optional<double> read_real_literal(std::string_view token) {
  // from_chars wants a digit before the point.
  const std::string text = token.starts_with('.') ? "0" + std::string(token) : std::string(token);
  return read_double(text);
}

}  // namespace cel
