#pragma once
// Source text as tokens. The lexer never fails: text it cannot read is a token of kind `bad` that
// carries the reason, and it goes on behind it.

#include <cstdint>
#include <string_view>

namespace cel {

enum class TokenKind : std::uint8_t {
  end,
  bad,
  identifier,  // also reserved words; in, true, false and null are kinds of their own
  quoted,      // `content-type` in back quotes
  integer,
  uinteger,
  real,
  string,
  bytes,
  word_true,
  word_false,
  word_null,
  word_in,
  left_paren,
  right_paren,
  left_bracket,
  right_bracket,
  left_brace,
  right_brace,
  comma,
  colon,
  dot,
  question,
  plus,
  minus,
  star,
  slash,
  percent,
  bang,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  and_and,
  or_or,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  const char* reason = nullptr;  // of a bad token
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Token next();
  std::string_view text(const Token& token) const {
    return source_.substr(token.begin, token.end - token.begin);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return place_ + ahead < source_.size() ? source_[place_ + ahead] : '\0';
  }
  bool at_end() const { return place_ >= source_.size(); }
  void skip_space();
  void skip_digits();
  Token finish(TokenKind kind, std::uint32_t begin) const;
  Token bad(std::uint32_t begin, const char* reason) const;
  Token word(std::uint32_t begin);
  Token number(std::uint32_t begin);
  Token hexadecimal(std::uint32_t begin);
  bool exponent();
  // `prefix`: how many letters stand before the quote.
  Token string(std::uint32_t begin, std::uint32_t prefix);
  Token back_quoted(std::uint32_t begin);
  Token punctuation(std::uint32_t begin);

  std::string_view source_;
  std::uint32_t place_ = 0;
};

// Words that may name fields and methods but no variables.
bool is_reserved(std::string_view word);

}  // namespace cel
