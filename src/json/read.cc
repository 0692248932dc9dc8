#include <algorithm>
#include <bit>
#include <memory>
#include <optional>
#include <vector>

#include <simdjson.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/text.h"
#include "json/value.h"

namespace json {
namespace {

// Objects up to this size are compared name by name: quicker than sorting them.
constexpr std::size_t few_members = 12;
// Above this, the thread's index of tokens (four bytes a byte of text) is given back after use.
constexpr std::size_t kept_capacity = std::size_t{1} << 20;
constexpr std::size_t capacity_min = std::size_t{1} << 12;

// simdjson's first stage: one vectorised pass that validates UTF-8, refuses control characters in
// strings and open strings, and finds the offset where each token starts. The grammar, the spans
// and the numbers are read from those offsets here: simdjson's own second stage loses the text of
// numbers. It reads nothing beyond the text it is given.
class TokenIndex {
 public:
  simdjson::error_code build(std::string_view text) {
    if (!parser_ || parser_->capacity() < text.size()) {
      const std::size_t wanted = std::max(text.size() + text.size() / 2, capacity_min);
      const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
          std::min<std::size_t>(wanted, simdjson::SIMDJSON_MAXSIZE_BYTES), 1, parser_);
      if (error) return error;
    }
    return parser_->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                           simdjson::stage1_mode::regular);
  }
  void release_if_large() {
    if (parser_ && parser_->capacity() > kept_capacity) parser_.reset();
  }
  const std::uint32_t* begin() const { return parser_->structural_indexes.get(); }
  const std::uint32_t* end() const { return begin() + parser_->n_structural_indexes; }

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
};

// The value of four hexadecimal digits, or -1.
std::int32_t hex4(std::string_view digits) {
  if (digits.size() < 4) return -1;
  std::int32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const char c = base::lower(digits[i]);
    const bool is_hex_letter = c >= 'a' && c <= 'f';
    if (!base::is_digit(c) && !is_hex_letter) return -1;
    value = value * 16 + (is_hex_letter ? c - 'a' + 10 : c - '0');
  }
  return value;
}

bool is_high_surrogate(std::int32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(std::int32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// The scalar value of the \u escape at the start of `text` ("\u0041", or a surrogate pair), and its
// size in bytes; size 0 if it is malformed or a lone surrogate.
struct UnicodeEscape {
  char32_t scalar = 0;
  std::size_t size = 0;
};

UnicodeEscape unicode_escape(std::string_view text) {
  const std::int32_t first = hex4(text.substr(std::min<std::size_t>(2, text.size())));
  if (first < 0 || is_low_surrogate(first)) return {};
  if (!is_high_surrogate(first)) return {static_cast<char32_t>(first), 6};
  if (text.size() < 12 || text[6] != '\\' || text[7] != 'u') return {};
  const std::int32_t second = hex4(text.substr(8));
  if (!is_low_surrogate(second)) return {};
  return {static_cast<char32_t>(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), 12};
}

// What a one-character escape stands for; 0 if it is none.
char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// The offset of the first '"' or '\' at or after `from`.
std::size_t find_special(std::string_view text, std::size_t from) {
#ifdef __SSE2__
  for (; from + 16 <= text.size(); from += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + from));
    const __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hit));
    if (mask != 0) return from + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (from < text.size() && text[from] != '"' && text[from] != '\\') ++from;
  return from;
}

// Whether a scalar may end before this character.
bool ends_scalar(char c) {
  return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\n' || c == '\r' || c == '\t' ||
         c == ':';
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && base::is_digit(text[at])) ++at;
  return at;
}

// The offset after the digits at `at`, of which there is at least one, or nothing.
std::optional<std::size_t> digits_end(std::string_view text, std::size_t at) {
  const std::size_t end = skip_digits(text, at);
  if (end == at) return std::nullopt;
  return end;
}

// The offset after the exponent at `at`, if there is one; nothing if it has no digits.
std::optional<std::size_t> exponent_end(std::string_view text, std::size_t at) {
  if (at == text.size() || base::lower(text[at]) != 'e') return at;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  return digits_end(text, at);
}

// The offset after the number that starts at `at` (RFC 8259, 6), or nothing if there is none.
std::optional<std::size_t> number_end(std::string_view text, std::size_t at) {
  if (text[at] == '-') ++at;
  const bool is_zero = at < text.size() && text[at] == '0';
  std::optional<std::size_t> end = is_zero ? at + 1 : digits_end(text, at);
  if (end && *end < text.size() && text[*end] == '.') end = digits_end(text, *end + 1);
  return end ? exponent_end(text, *end) : std::nullopt;
}

// What a Reader needs while it reads and nobody afterwards.
struct Scratch {
  std::vector<std::uint32_t> open;      // the containers that have no end yet
  std::vector<std::string_view> names;  // of the object that ends; dangling between documents

  void clear() {
    open.clear();
    names.clear();
  }
  void release_if_large() {
    if (names.capacity() * sizeof(std::string_view) > kept_capacity) names = {};
  }
};

// Fills a Table from the tokens. A method that returns false has set the error.
class Reader {
 public:
  Reader(Table& table, const TokenIndex& tokens, Scratch& scratch, const Limits& limits)
      : table_(table),
        text_(table.text),
        token_(tokens.begin()),
        tokens_end_(tokens.end()),
        limits_(limits),
        open_(scratch.open),
        names_(scratch.names) {
    scratch.clear();
  }

  bool read() {
    if (!read_value()) return false;
    while (!open_.empty()) {
      if (!read_next()) return false;
    }
    if (token_ != tokens_end_) return fail("bytes after the value");
    table_.entries.resize(used_);
    return true;
  }

  Error take_error() { return std::move(error_); }

 private:
  std::size_t position() const { return token_ == tokens_end_ ? text_.size() : *token_; }
  // The character at which the current token starts; -1 at the end of the text.
  int peek() const {
    return token_ == tokens_end_ ? -1 : static_cast<unsigned char>(text_[*token_]);
  }

  bool fail(std::string_view reason) { return fail_at(reason, position()); }
  bool fail_at(std::string_view reason, std::size_t offset) {
    error_ = Error(Fault::bad_request,
                   "json: " + std::string(reason) + " at byte " + std::to_string(offset));
    return false;
  }
  bool fail_limit(std::string_view reason) {
    error_ = Error(Fault::too_large, "json: " + std::string(reason));
    return false;
  }

  Entry& add(Type type, std::size_t begin, std::size_t end) {
    if (used_ == table_.entries.size()) table_.entries.resize(2 * used_ + 16);
    Entry& entry = table_.entries[used_++];
    entry.begin = static_cast<std::uint32_t>(begin);
    entry.end = static_cast<std::uint32_t>(end);
    entry.extra = 0;
    entry.next = 0;
    entry.type = type;
    entry.escaped = false;
    return entry;
  }

  bool read_value() {
    switch (peek()) {
      case '{':
        return open(Type::object);
      case '[':
        return open(Type::array);
      case '"':
        return read_string();
      case 't':
        return read_word("true", Type::boolean);
      case 'f':
        return read_word("false", Type::boolean);
      case 'n':
        return read_word("null", Type::null);
      case -1:
        return fail("the text ends where a value belongs");
      default:
        return read_number();
    }
  }

  // The next item of the innermost open container, or its end.
  bool read_next() {
    Entry& container = table_.entries[open_.back()];
    const bool is_object = container.type == Type::object;
    if (peek() == (is_object ? '}' : ']')) return close();
    if (container.extra > 0) {
      if (peek() != ',') return fail(is_object ? "expected ',' or '}'" : "expected ',' or ']'");
      ++token_;
    }
    if (++members_ > limits_.members_max) return fail_limit("too many members and elements");
    ++container.extra;
    if (is_object && !read_name()) return false;
    return read_value();
  }

  bool read_name() {
    if (peek() != '"') return fail("expected a member name");
    if (!read_string()) return false;
    if (peek() != ':') return fail("expected ':'");
    ++token_;
    return true;
  }

  bool open(Type type) {
    if (open_.size() == limits_.depth_max) return fail_limit("nested too deeply");
    open_.push_back(static_cast<std::uint32_t>(used_));
    add(type, *token_, *token_);
    ++token_;
    return true;
  }

  bool close() {
    const std::uint32_t index = open_.back();
    Entry& container = table_.entries[index];
    container.end = *token_ + 1;
    container.next = static_cast<std::uint32_t>(used_);
    ++token_;
    open_.pop_back();
    return container.type == Type::array || container.extra < 2 || names_differ(index);
  }

  bool read_word(std::string_view word, Type type) {
    const std::size_t begin = *token_;
    if (text_.substr(begin, word.size()) != word) return fail("not a JSON value");
    add(type, begin, begin + word.size());
    return end_scalar(begin + word.size());
  }

  bool read_number() {
    const std::size_t begin = *token_;
    const std::optional<std::size_t> end = number_end(text_, begin);
    if (!end) return fail("not a JSON value");
    add(Type::number, begin, *end);
    return end_scalar(*end);
  }

  // Checks that nothing is glued to the scalar that ends at `end`: the index of tokens only
  // promises that every token *starts* where it says.
  bool end_scalar(std::size_t end) {
    ++token_;
    if (end < text_.size() && !ends_scalar(text_[end])) {
      return fail_at("unexpected character", end);
    }
    return true;
  }

  bool read_string() {
    const std::size_t begin = *token_;
    const std::size_t end = find_special(text_, begin + 1);
    if (end == text_.size()) return fail("string without an end");
    if (text_[end] == '\\') return read_escaped(begin, end);
    add(Type::string, begin, end + 1);
    return end_scalar(end + 1);
  }

  bool read_escaped(std::size_t begin, std::size_t at) {
    std::string& out = table_.unescaped;
    const std::size_t out_begin = out.size();
    std::size_t plain = begin + 1;  // start of the bytes that are not copied yet
    while (at < text_.size() && text_[at] == '\\') {
      out.append(text_, plain, at - plain);
      const std::size_t size = unescape(at);
      if (size == 0) return false;
      plain = at + size;
      at = find_special(text_, plain);
    }
    if (at >= text_.size()) return fail("string without an end");
    out.append(text_, plain, at - plain);

    Entry& entry = add(Type::string, begin, at + 1);
    entry.escaped = true;
    entry.extra = static_cast<std::uint32_t>(out_begin);
    entry.next = static_cast<std::uint32_t>(out.size() - out_begin);
    return end_scalar(at + 1);
  }

  // Appends what the escape at `at` stands for and returns its size, or 0 with the error set.
  std::size_t unescape(std::size_t at) {
    const char kind = at + 1 < text_.size() ? text_[at + 1] : '\0';
    if (kind == 'u') {
      const UnicodeEscape escape = unicode_escape(text_.substr(at));
      if (escape.size == 0) fail_at("malformed \\u escape or lone surrogate", at);
      if (escape.size != 0) base::append_utf8(table_.unescaped, escape.scalar);
      return escape.size;
    }
    const char plain = simple_escape(kind);
    if (plain == 0) {
      fail_at("unknown escape", at);
      return 0;
    }
    table_.unescaped.push_back(plain);
    return 2;
  }

  // Two readers may pick different members of the same name, so a message with such is refused.
  bool names_differ(std::uint32_t object) {
    names_.clear();
    for (std::uint32_t at = object + 1; at < used_; at = table_.after(at + 1)) {
      names_.push_back(table_.content(table_.entries[at]));
    }
    const bool is_duplicate =
        names_.size() <= few_members ? has_duplicate_of_few() : has_duplicate_of_many();
    if (is_duplicate)
      return fail_at("duplicate member name in object", table_.entries[object].begin);
    return true;
  }

  bool has_duplicate_of_few() const {
    for (std::size_t i = 1; i < names_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (names_[i] == names_[j]) return true;
      }
    }
    return false;
  }

  // Sorting has no bad case that a sender could choose, as a hash table would.
  bool has_duplicate_of_many() {
    std::sort(names_.begin(), names_.end());
    return std::adjacent_find(names_.begin(), names_.end()) != names_.end();
  }

  Table& table_;
  std::size_t used_ = 0;  // entries of the table; those behind them are room
  std::string_view text_;
  const std::uint32_t* token_;
  const std::uint32_t* tokens_end_;
  const Limits& limits_;
  std::size_t members_ = 0;
  std::vector<std::uint32_t>& open_;
  std::vector<std::string_view>& names_;
  Error error_ = Error(Fault::internal, "");
};

// simdjson's first stage does not say where: look again, this being the rare way.
std::size_t offset_of_bad_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = base::utf8_length(text.substr(at));
    if (size == 0) break;
    at += size;
  }
  return at;
}

Error index_error(simdjson::error_code code, std::string_view text) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return Error(Fault::bad_request,
                   "json: invalid UTF-8 at byte " + std::to_string(offset_of_bad_utf8(text)));
    case simdjson::EMPTY:
      return Error(Fault::bad_request, "json: no value in the text");
    case simdjson::UNCLOSED_STRING:
      return Error(Fault::bad_request, "json: string without an end");
    case simdjson::UNESCAPED_CHARS:
      return Error(Fault::bad_request, "json: control character in a string");
    case simdjson::CAPACITY:
      return Error(Fault::too_large, "json: text too long");
    default:
      return Error(Fault::internal, simdjson::error_message(code));
  }
}

// One index a thread: parsing suspends nowhere, so it is never used twice at a time.
TokenIndex& thread_index() {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): scratch space, no state
  static thread_local TokenIndex index;
  return index;
}
Scratch& thread_scratch() {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): as above
  static thread_local Scratch scratch;
  return scratch;
}

// Makes the entries of the table's text.
Result<> fill(Table& table, const Limits& limits) {
  if (table.text.size() > simdjson::SIMDJSON_MAXSIZE_BYTES) {
    return failed(Fault::too_large, "json: text too long");
  }
  TokenIndex& tokens = thread_index();
  const simdjson::error_code code = tokens.build(table.text);
  if (code != simdjson::SUCCESS) {
    tokens.release_if_large();
    return tl::unexpected<Error>(index_error(code, table.text));
  }
  // A container has one entry and two tokens, an item at least one token and a separator.
  const auto token_count = static_cast<std::size_t>(tokens.end() - tokens.begin());
  table.entries.resize(std::min((token_count + 1) / 2, 2 * limits.members_max + 1));
  Scratch& scratch = thread_scratch();
  Reader reader(table, tokens, scratch, limits);
  const bool is_valid = reader.read();
  tokens.release_if_large();
  scratch.release_if_large();
  if (!is_valid) return tl::unexpected<Error>(reader.take_error());
  return {};
}

}  // namespace

Result<Document> Document::parse(std::string text, const Limits& limits) {
  return parse_or_leave(text, limits);
}

Result<Document> Document::parse_or_leave(std::string& text, const Limits& limits) {
  auto table = std::make_unique<Table>();
  table->text = std::move(text);
  Result<> filled = fill(*table, limits);
  if (filled) return Document(std::move(table));
  text = std::move(table->text);
  return tl::unexpected<Error>(std::move(filled).error());
}

}  // namespace json
