#include <gtest/gtest.h>

#include "base/text.h"
#include "mcp/detail_fold.h"
#include "mcp/detail_lenient_reader.h"

namespace mcp {

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
    if (rest_.size() < 4) return false;
    const auto unit =
        static_cast<char32_t>(std::stoul(std::string(rest_.substr(0, 4)), nullptr, 16));
    rest_.remove_prefix(4);
    const bool is_surrogate = unit >= 0xD800 && unit < 0xE000;  // not joined: names here are ASCII
    base::append_utf8(out, is_surrogate ? U'?' : unit);
    return true;
  }

  std::string_view rest_;
};

std::optional<LenientValue> LenientValue::read(std::string_view text) {
  LenientReader reader(text);
  LenientValue value;
  if (!reader.read(value) || !reader.is_at_end()) return std::nullopt;
  return value;
}

const LenientValue* LenientValue::find(std::string_view name, Sloppiness how) const {
  const LenientValue* found = nullptr;
  for (const auto& [member, value] : members_) {
    const bool matches = how == Sloppiness::ignoring_case ? folds_to(member, name) : member == name;
    if (!matches) continue;
    found = &value;
    if (how == Sloppiness::first_wins) break;
  }
  return found;
}

namespace {

TEST(LenientReader, reads_duplicates_as_it_is_told) {
  const auto value = LenientValue::read(R"({"a":"1","A":"2","\u0061":"3","b":[{"a":1}, 2]})");

  ASSERT_TRUE(value);
  EXPECT_EQ(value->find("a", Sloppiness::first_wins)->text(), "1");
  EXPECT_EQ(value->find("a", Sloppiness::last_wins)->text(), "3");
  EXPECT_EQ(value->find("a", Sloppiness::ignoring_case)->text(), "3");
  EXPECT_EQ(value->find("A", Sloppiness::last_wins)->text(), "2");
  EXPECT_FALSE(LenientValue::read("{\"a\":1}\n{\"a\":2}"));
}

}  // namespace
}  // namespace mcp
