#include "cel/lexer.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cel {
namespace {

bool is_word_start(char c) {
  return base::is_alpha(c) || c == '_';
}
bool is_word(char c) {
  return base::is_alnum(c) || c == '_';
}
bool is_hex(char c) {
  return base::is_digit(c) || (base::lower(c) >= 'a' && base::lower(c) <= 'f');
}

struct Symbol {
  std::string_view text;
  TokenKind kind;
};
// Longer ones first.
constexpr std::array<Symbol, 26> symbols{{
    {"==", TokenKind::equal},       {"!=", TokenKind::not_equal},
    {"<=", TokenKind::less_equal},  {">=", TokenKind::greater_equal},
    {"&&", TokenKind::and_and},     {"||", TokenKind::or_or},
    {"(", TokenKind::left_paren},   {")", TokenKind::right_paren},
    {"[", TokenKind::left_bracket}, {"]", TokenKind::right_bracket},
    {"{", TokenKind::left_brace},   {"}", TokenKind::right_brace},
    {",", TokenKind::comma},        {":", TokenKind::colon},
    {".", TokenKind::dot},          {"?", TokenKind::question},
    {"+", TokenKind::plus},         {"-", TokenKind::minus},
    {"*", TokenKind::star},         {"/", TokenKind::slash},
    {"%", TokenKind::percent},      {"!", TokenKind::bang},
    {"<", TokenKind::less},         {">", TokenKind::greater},
    {"&", TokenKind::bad},          {"|", TokenKind::bad},
}};

// How many letters of a string prefix (r, b, rb, br in any case) stand before a quote; nothing if
// this is no string.
int prefix_length(std::string_view text) {
  int raw = 0;
  int bytes = 0;
  for (std::size_t i = 0; i < text.size() && i < 3; ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') return static_cast<int>(i);
    raw += base::lower(c) == 'r' ? 1 : 0;
    bytes += base::lower(c) == 'b' ? 1 : 0;
    if (raw + bytes != static_cast<int>(i) + 1 || raw > 1 || bytes > 1) return -1;
  }
  return -1;
}

}  // namespace

bool is_reserved(std::string_view word) {
  static constexpr std::array<std::string_view, 18> words{
      "as",  "break", "const",   "continue",  "else",   "for", "function", "if",    "import",
      "let", "loop",  "package", "namespace", "return", "var", "void",     "while", "in"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

Token Lexer::next() {
  skip_space();
  const std::uint32_t begin = place_;
  if (at_end()) return finish(TokenKind::end, begin);
  const char c = peek();
  if (const int prefix = prefix_length(source_.substr(place_)); prefix >= 0) {
    return string(begin, static_cast<std::uint32_t>(prefix));
  }
  if (is_word_start(c)) return word(begin);
  if (base::is_digit(c) || (c == '.' && base::is_digit(peek(1)))) return number(begin);
  if (c == '`') return back_quoted(begin);
  return punctuation(begin);
}

void Lexer::skip_space() {
  while (!at_end()) {
    const char c = peek();
    if (c == '/' && peek(1) == '/') {
      while (!at_end() && peek() != '\n') ++place_;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++place_;
    } else {
      return;
    }
  }
}

void Lexer::skip_digits() {
  while (base::is_digit(peek())) ++place_;
}

Token Lexer::finish(TokenKind kind, std::uint32_t begin) const {
  return {kind, begin, place_, nullptr};
}

Token Lexer::bad(std::uint32_t begin, const char* reason) const {
  return {TokenKind::bad, begin, place_, reason};
}

Token Lexer::word(std::uint32_t begin) {
  while (is_word(peek())) ++place_;
  const std::string_view text = source_.substr(begin, place_ - begin);
  if (text == "true") return finish(TokenKind::word_true, begin);
  if (text == "false") return finish(TokenKind::word_false, begin);
  if (text == "null") return finish(TokenKind::word_null, begin);
  if (text == "in") return finish(TokenKind::word_in, begin);
  return finish(TokenKind::identifier, begin);
}

Token Lexer::number(std::uint32_t begin) {
  if (peek() == '0' && base::lower(peek(1)) == 'x') return hexadecimal(begin);
  skip_digits();
  bool is_real = false;
  if (peek() == '.' && base::is_digit(peek(1))) {
    ++place_;
    skip_digits();
    is_real = true;
  }
  if (base::lower(peek()) == 'e') is_real = exponent() || is_real;
  if (!is_real && base::lower(peek()) == 'u') {
    ++place_;
    return finish(TokenKind::uinteger, begin);
  }
  if (is_word(peek())) {
    while (is_word(peek())) ++place_;
    return bad(begin, "a number is followed by letters");
  }
  return finish(is_real ? TokenKind::real : TokenKind::integer, begin);
}

bool Lexer::exponent() {
  const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
  if (!base::is_digit(peek(1 + sign))) return false;
  place_ += static_cast<std::uint32_t>(1 + sign);
  skip_digits();
  return true;
}

Token Lexer::hexadecimal(std::uint32_t begin) {
  place_ += 2;
  const std::uint32_t digits = place_;
  while (is_hex(peek())) ++place_;
  if (place_ == digits) return bad(begin, "0x must be followed by hexadecimal digits");
  if (base::lower(peek()) != 'u') return finish(TokenKind::integer, begin);
  ++place_;
  return finish(TokenKind::uinteger, begin);
}

Token Lexer::string(std::uint32_t begin, std::uint32_t prefix) {
  const std::string_view letters = source_.substr(begin, prefix);
  const bool is_raw = letters.find_first_of("rR") != std::string_view::npos;
  const bool is_bytes = letters.find_first_of("bB") != std::string_view::npos;
  place_ += prefix;
  const bool is_triple = peek(1) == peek() && peek(2) == peek();
  const std::string_view quotes = source_.substr(place_, is_triple ? 3 : 1);
  place_ += static_cast<std::uint32_t>(quotes.size());
  while (!at_end()) {
    if (source_.substr(place_).starts_with(quotes)) {
      place_ += static_cast<std::uint32_t>(quotes.size());
      return finish(is_bytes ? TokenKind::bytes : TokenKind::string, begin);
    }
    const bool is_line_end = peek() == '\n' || peek() == '\r';
    if (is_line_end && !is_triple) break;
    const bool is_escape = peek() == '\\' && !is_raw && place_ + 1 < source_.size();
    place_ += is_escape ? 2 : 1;
  }
  return bad(begin, "the string is not closed");
}

Token Lexer::back_quoted(std::uint32_t begin) {
  ++place_;
  while (is_word(peek()) || (peek() != '\0' && std::string_view(".-/ ").find(peek()) < 4)) ++place_;
  if (peek() != '`' || place_ == begin + 1) {
    return bad(begin, "a quoted field name has letters, digits, '_', '.', '-', '/' and spaces");
  }
  ++place_;
  return finish(TokenKind::quoted, begin);
}

Token Lexer::punctuation(std::uint32_t begin) {
  const std::string_view rest = source_.substr(place_);
  for (const Symbol& symbol : symbols) {
    if (!rest.starts_with(symbol.text)) continue;
    place_ += static_cast<std::uint32_t>(symbol.text.size());
    if (symbol.kind != TokenKind::bad) return finish(symbol.kind, begin);
    return bad(begin, symbol.text == "&" ? "'&' must be doubled: &&" : "'|' must be doubled: ||");
  }
  if (rest.front() == '=') {
    ++place_;
    return bad(begin, "'=' must be doubled: ==");
  }
  const std::size_t length = std::max<std::size_t>(1, base::utf8_length(rest));
  place_ += static_cast<std::uint32_t>(length);
  return bad(begin, "a character that has no meaning here");
}

}  // namespace cel
