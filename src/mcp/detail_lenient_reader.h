#pragma once
// For tests: JSON read the way sloppy readers do, duplicates allowed. What a sloppy server behind
// the gateway understands of a forwarded text must be what was authorized.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

}  // namespace mcp
