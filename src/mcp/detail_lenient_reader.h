#pragma once
// For tests: JSON read the way sloppy readers do, duplicates allowed. What a sloppy server behind
// the gateway understands of a forwarded text must be what was authorized.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mcp/detail_fold.h"

namespace mcp {

enum class Sloppiness { first_wins, last_wins, ignoring_case };

class LenientValue {
 public:
  // A JSON text; nothing if even this reader cannot make sense of it.
  static std::optional<LenientValue> read(std::string_view text);

  // The member that a reader of that kind finds, the last one if case is ignored.
  const LenientValue* find(std::string_view name, Sloppiness how) const;
  bool is_string() const { return is_string_; }
  const std::string& text() const { return text_; }  // a string's characters, else the raw text

 private:
  friend class LenientReader;
  bool is_string_ = false;
  std::string text_;
  std::vector<std::pair<std::string, LenientValue>> members_;
};

// Arrays are walked over; only members of objects matter.
class LenientReader {
 public:
  explicit LenientReader(std::string_view text) : rest_(text) {}

  bool read(LenientValue& value) {
    skip_space();
    const std::string_view start = rest_;
    bool is_read = false;
    if (rest_.starts_with('"')) {
      value.is_string_ = true;
      return read_string(value.text_);
    }
    if (rest_.starts_with('{')) {
      is_read = read_object(value);
    } else if (rest_.starts_with('[')) {
      is_read = read_array();
    } else {
      is_read = read_scalar();
    }
    value.text_ = std::string(start.substr(0, start.size() - rest_.size()));
    return is_read;
  }
  bool is_at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }
  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool read_scalar() {
    const std::size_t size = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
    rest_.remove_prefix(size);
    return size > 0;
  }
  bool read_array() {
    take('[');
    if (take(']')) return true;
    do {
      LenientValue item;
      if (!read(item)) return false;
    } while (take(','));
    return take(']');
  }
  bool read_object(LenientValue& value) {
    take('{');
    if (take('}')) return true;
    do {
      skip_space();
      std::pair<std::string, LenientValue> member;
      if (!read_string(member.first) || !take(':') || !read(member.second)) return false;
      value.members_.push_back(std::move(member));
    } while (take(','));
    return take('}');
  }
  bool read_string(std::string& out) {
    if (!take('"')) return false;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') {
        if (!read_escape(out)) return false;
      } else {
        out.push_back(rest_.front());
        rest_.remove_prefix(1);
      }
    }
    return take('"');
  }
  bool read_escape(std::string& out) {
    if (rest_.size() < 2) return false;
    const char kind = rest_[1];
    rest_.remove_prefix(2);
    if (kind != 'u') {
      constexpr std::string_view from = "bfnrt", to = "\b\f\n\r\t";
      const std::size_t at = from.find(kind);
      out.push_back(at == std::string_view::npos ? kind : to[at]);
      return true;
    }
    char32_t scalar = 0;
    if (!read_unit(scalar)) return false;
    char32_t low = 0;
    if (scalar >= 0xD800 && scalar < 0xDC00 && rest_.starts_with("\\u")) {
      rest_.remove_prefix(2);
      if (!read_unit(low)) return false;
      scalar = 0x10000 + ((scalar - 0xD800) << 10U) + (low - 0xDC00);
    }
    const bool is_scalar = scalar < 0xD800 || (scalar >= 0xE000 && scalar <= 0x10FFFF);
    base::append_utf8(out, is_scalar ? scalar : U'?');
    return true;
  }

  bool read_unit(char32_t& unit) {
    const std::string_view digits = rest_.substr(0, 4);
    if (digits.size() < 4 || digits.find_first_not_of(hex_digits) != std::string_view::npos) {
      return false;
    }
    unit = static_cast<char32_t>(std::stoul(std::string(digits), nullptr, 16));
    rest_.remove_prefix(4);
    return true;
  }

  static constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";
  std::string_view rest_;
};

inline std::optional<LenientValue> LenientValue::read(std::string_view text) {
  LenientReader reader(text);
  LenientValue value;
  if (!reader.read(value) || !reader.is_at_end()) return std::nullopt;
  return value;
}

inline const LenientValue* LenientValue::find(std::string_view name, Sloppiness how) const {
  const LenientValue* found = nullptr;
  for (const auto& [member, value] : members_) {
    const bool matches = how == Sloppiness::ignoring_case ? folds_to(member, name) : member == name;
    if (!matches) continue;
    found = &value;
    if (how == Sloppiness::first_wins) break;
  }
  return found;
}

}  // namespace mcp
