#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
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
// Above this, what a thread keeps for its next text is given back.
constexpr std::size_t kept_bytes = std::size_t{1} << 20;
constexpr std::size_t kept_entries = kept_bytes / sizeof(Entry);
constexpr std::size_t entries_min = 256;
// Places in a text are kept in 32 bits.
constexpr std::size_t text_bytes_max = std::numeric_limits<std::uint32_t>::max() - 1;

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

// What ends the plain part of a string: its end, an escape, a control character; and, for who has
// to know of it, a byte that is not ASCII.
enum class Stop : std::uint8_t { special, special_or_not_ascii };

template <Stop stop>
bool is_stop(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (stop == Stop::special_or_not_ascii && byte >= 0x80) return true;
  return byte < 0x20 || c == '"' || c == '\\';
}

#ifdef __SSE2__
// Bit n is set if byte n is a stop.
template <Stop stop>
unsigned stops_in(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
  const __m128i is_mark = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                       _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
  __m128i hits = _mm_or_si128(is_control, is_mark);
  // The highest bit of each byte is what is taken from it.
  if (stop == Stop::special_or_not_ascii) hits = _mm_or_si128(hits, block);
  return static_cast<unsigned>(_mm_movemask_epi8(hits));
}
#endif

// The offset of the first stop at or after `from`; the size of the text if there is none.
template <Stop stop>
[[gnu::always_inline]] inline std::size_t find_stop(std::string_view text, std::size_t from) {
#ifdef __SSE2__
  constexpr std::size_t block = 16;
  for (; from + block <= text.size(); from += block) {
    const unsigned stops = stops_in<stop>(text.data() + from);
    if (stops != 0) return from + static_cast<std::size_t>(std::countr_zero(stops));
  }
  if (text.size() >= block) {
    // The last block once more, without what was looked at.
    const std::size_t last = text.size() - block;
    const unsigned stops = stops_in<stop>(text.data() + last) >> (from - last);
    return stops == 0 ? text.size() : from + static_cast<std::size_t>(std::countr_zero(stops));
  }
#endif
  while (from < text.size() && !is_stop<stop>(text[from])) ++from;
  return from;
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
// Whether a number or a word may end before this character.
bool ends_scalar(char c) {
  return c == ',' || c == '}' || c == ']' || c == ':' || is_space(c);
}

// The end of the number that starts at `at` (RFC 8259, 6), or null if there is none. A NUL is
// behind the text.
const char* number_end(const char* at) {
  const auto skip_digits = [](const char* digit) {
    while (base::is_digit(*digit)) ++digit;
    return digit;
  };
  if (*at == '-') ++at;
  if (!base::is_digit(*at)) return nullptr;
  at = *at == '0' ? at + 1 : skip_digits(at);
  if (*at == '.') {
    if (!base::is_digit(at[1])) return nullptr;
    at = skip_digits(at + 1);
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!base::is_digit(*at)) return nullptr;
    at = skip_digits(at);
  }
  return at;
}

// What a Reader needs while it reads and nobody afterwards.
struct Scratch {
  std::unique_ptr<Entry[]> entries;
  std::size_t room = 0;                 // of them
  std::vector<std::string_view> names;  // of the object that ends; dangling between documents

  // Twice the room for entries; those that are there stay.
  void grow() {
    const std::size_t larger = std::max(2 * room, entries_min);
    auto grown = std::make_unique_for_overwrite<Entry[]>(larger);
    if (room != 0) std::memcpy(grown.get(), entries.get(), room * sizeof(Entry));
    entries = std::move(grown);
    room = larger;
  }
  void release_if_large() {
    if (names.capacity() * sizeof(std::string_view) > kept_bytes) names = {};
    if (room > kept_entries) {
      entries.reset();
      room = 0;
    }
  }
};

// Fills a Table from its text in one pass. A method that returns false has set the error. A NUL is
// behind the text, and nothing of JSON begins with one, so the end needs no look of its own. An
// open container's entry keeps the place of the one around it in `next`.
class Reader {
 public:
  Reader(Table& table, Scratch& scratch, const Limits& limits)
      : table_(table),
        view_(table.text),
        text_(table.text.c_str()),
        limits_(limits),
        scratch_(scratch) {}

  bool read() {
    skip_space();
    if (at_ == view_.size()) return refuse("no value in the text");
    if (!read_value()) return false;
    while (depth_ != 0) {
      if (!read_next()) return false;
    }
    skip_space();
    if (at_ != view_.size()) return fail("bytes after the value");
    if (is_not_ascii_ && !is_utf8()) return false;
    table_.entries.resize(used_);
    std::memcpy(table_.entries.data(), scratch_.entries.get(), used_ * sizeof(Entry));
    return true;
  }

  Error take_error() { return std::move(error_); }

 private:
  bool refuse(std::string reason) {
    error_ = Error(Fault::bad_request, "json: " + std::move(reason));
    return false;
  }
  bool fail(std::string_view reason) { return fail_at(reason, at_); }
  bool fail_at(std::string_view reason, std::size_t offset) {
    return refuse(std::string(reason) + " at byte " + std::to_string(offset));
  }
  bool fail_limit(std::string_view reason) {
    error_ = Error(Fault::too_large, "json: " + std::string(reason));
    return false;
  }

  void skip_space() {
    while (text_[at_] <= ' ' && is_space(text_[at_])) ++at_;
  }

  Entry& add(Type type, std::size_t begin, std::size_t end) {
    if (used_ == scratch_.room) scratch_.grow();
    Entry& entry = scratch_.entries[used_++];
    entry.begin = static_cast<std::uint32_t>(begin);
    entry.end = static_cast<std::uint32_t>(end);
    entry.extra = 0;
    entry.next = 0;
    entry.type = type;
    entry.escaped = false;
    return entry;
  }

  [[gnu::always_inline]] bool read_value() {
    switch (text_[at_]) {
      case '"':
        return read_string();
      case '{':
        return open(Type::object);
      case '[':
        return open(Type::array);
      case 't':
        return read_word("true", Type::boolean);
      case 'f':
        return read_word("false", Type::boolean);
      case 'n':
        return read_word("null", Type::null);
      default:
        if (at_ == view_.size()) return fail("the text ends where a value belongs");
        return read_number();
    }
  }

  // The next item of the innermost open container, or its end.
  bool read_next() {
    skip_space();
    Entry& container = scratch_.entries[open_];
    const bool is_object = container.type == Type::object;
    if (text_[at_] == (is_object ? '}' : ']')) return close(container);
    if (container.extra != 0) {
      if (text_[at_] != ',') return fail(is_object ? "expected ',' or '}'" : "expected ',' or ']'");
      ++at_;
      skip_space();
    }
    if (++members_ > limits_.members_max) return fail_limit("too many members and elements");
    ++container.extra;
    if (is_object && !read_name()) return false;
    return read_value();
  }

  bool read_name() {
    if (text_[at_] != '"') return fail("expected a member name");
    if (!read_string()) return false;
    skip_space();
    if (text_[at_] != ':') return fail("expected ':'");
    ++at_;
    skip_space();
    return true;
  }

  bool open(Type type) {
    if (depth_ == limits_.depth_max) return fail_limit("nested too deeply");
    const auto index = static_cast<std::uint32_t>(used_);
    add(type, at_, at_).next = open_;
    open_ = index;
    ++depth_;
    ++at_;
    return true;
  }

  bool close(Entry& container) {
    const std::uint32_t index = open_;
    open_ = container.next;
    --depth_;
    ++at_;
    container.end = static_cast<std::uint32_t>(at_);
    container.next = static_cast<std::uint32_t>(used_);
    return container.type == Type::array || container.extra < 2 || names_differ(index);
  }

  bool read_word(std::string_view word, Type type) {
    if (view_.substr(at_, word.size()) != word) return fail("not a JSON value");
    return add_scalar(type, at_ + word.size());
  }

  bool read_number() {
    const char* const end = number_end(text_ + at_);
    if (end == nullptr) return fail("not a JSON value");
    return add_scalar(Type::number, static_cast<std::size_t>(end - text_));
  }

  // One that is not a string, of which the last character says that it ends.
  bool add_scalar(Type type, std::size_t end) {
    if (end < view_.size() && !ends_scalar(text_[end])) {
      return fail_at("unexpected character", end);
    }
    add(type, at_, end);
    at_ = end;
    return true;
  }

  [[gnu::always_inline]] bool read_string() {
    const std::size_t begin = at_;
    const std::size_t end = find_stop<Stop::special_or_not_ascii>(view_, begin + 1);
    if (text_[end] != '"') return read_odd_string(begin, end);
    add(Type::string, begin, end + 1);
    at_ = end + 1;
    return true;
  }

  // The string that begins at `begin` and goes on at `at` with something else than plain ASCII.
  bool read_odd_string(std::size_t begin, std::size_t at) {
    std::string& out = table_.unescaped;
    const std::size_t out_begin = out.size();
    std::size_t plain = begin + 1;  // start of the bytes that are not copied yet
    while (at < view_.size() && text_[at] != '"') {
      if (text_[at] == '\\') {
        out.append(view_, plain, at - plain);
        const std::size_t size = unescape(at);
        if (size == 0) return false;
        at += size;
        plain = at;
      } else if (static_cast<unsigned char>(text_[at]) < 0x20) {
        return fail_at("control character in a string", at);
      } else {
        is_not_ascii_ = true;
      }
      at = is_not_ascii_ ? find_stop<Stop::special>(view_, at)
                         : find_stop<Stop::special_or_not_ascii>(view_, at);
    }
    if (at >= view_.size()) return fail_at("string without an end", begin);
    Entry& entry = add(Type::string, begin, at + 1);
    at_ = at + 1;
    if (plain == begin + 1) return true;  // nothing was unescaped

    out.append(view_, plain, at - plain);
    entry.escaped = true;
    entry.extra = static_cast<std::uint32_t>(out_begin);
    entry.next = static_cast<std::uint32_t>(out.size() - out_begin);
    return true;
  }

  // Appends what the escape at `at` stands for and returns its size, or 0 with the error set.
  std::size_t unescape(std::size_t at) {
    const char kind = text_[at + 1];
    if (kind == 'u') {
      const UnicodeEscape escape = unicode_escape(view_.substr(at));
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
    std::vector<std::string_view>& names = scratch_.names;
    names.clear();
    const Entry* const entries = scratch_.entries.get();
    for (std::size_t at = object + 1; at < used_;) {
      names.push_back(table_.content(entries[at]));
      const Entry& value = entries[at + 1];
      const bool is_container = value.type == Type::array || value.type == Type::object;
      at = is_container ? value.next : at + 2;
    }
    if (names.size() <= few_members ? has_duplicate_of_few() : has_duplicate_of_many()) {
      return fail_at("duplicate member name in object", entries[object].begin);
    }
    return true;
  }

  bool has_duplicate_of_few() const {
    const std::span<const std::string_view> names(scratch_.names);
    for (std::size_t i = 1; i < names.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (names[i] == names[j]) return true;
      }
    }
    return false;
  }

  // Sorting has no bad case that a sender could choose, as a hash table would.
  bool has_duplicate_of_many() {
    std::vector<std::string_view>& names = scratch_.names;
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
  }

  // All of the text at once, since only strings can hold what is not ASCII.
  bool is_utf8() {
    if (simdjson::validate_utf8(view_.data(), view_.size())) return true;
    // It does not say where: look again, this being the rare way.
    std::size_t at = 0;
    while (at < view_.size()) {
      const std::size_t size = base::utf8_length(view_.substr(at));
      if (size == 0) break;
      at += size;
    }
    return fail_at("invalid UTF-8", at);
  }

  Table& table_;
  std::string_view view_;
  const char* text_;
  std::size_t at_ = 0;
  std::size_t used_ = 0;    // entries
  std::uint32_t open_ = 0;  // the innermost open container
  std::size_t depth_ = 0;
  std::size_t members_ = 0;
  bool is_not_ascii_ = false;
  const Limits& limits_;
  Scratch& scratch_;
  Error error_ = Error(Fault::internal, "");
};

// One a thread: parsing suspends nowhere, so it is never used twice at a time.
Scratch& thread_scratch() {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): scratch space, no state
  static thread_local Scratch scratch;
  return scratch;
}

// Makes the entries of the table's text.
Result<> fill(Table& table, const Limits& limits) {
  if (table.text.size() > text_bytes_max) {
    return failed(Fault::too_large, "json: text too long");
  }
  Scratch& scratch = thread_scratch();
  Reader reader(table, scratch, limits);
  const bool is_valid = reader.read();
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
