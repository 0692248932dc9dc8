#pragma once
// What is wrong with an expression, where in its source, and what was probably meant. Parser and
// checker collect Problems instead of stopping at the first one.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cel {

enum class Severity : std::uint8_t { error, warning };

struct Problem {
  Severity severity = Severity::error;
  std::uint32_t offset = 0;  // bytes from the start of the source
  std::uint32_t length = 0;  // bytes the caret line underlines; 0 is one caret
  std::string text;          // `mcp.tool has no field "nmae"`
  std::string hint;  // `did you mean "name"? known fields: arguments, name, target`; may be empty
};

// 1-based line and column; columns count code points.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};
Position position_of(std::string_view source, std::uint32_t offset);

// The problem for people: `where` (file or rule; may be empty), line and column, the text, the
// source line, a caret under the place (tabs are expanded), and the hint on a line of its own.
std::string render(const Problem& problem, std::string_view source, std::string_view where = {});

// True if any of them is an error.
bool has_error(std::span<const Problem> problems);

// Up to two of `known` that look like `word`: restricted Damerau-Levenshtein distance of at most
// two or a third of the length, ignoring case, `_` and `-`. Nearest first.
std::vector<std::string_view> similar(std::string_view word,
                                      std::span<const std::string_view> known);
// `did you mean "a"?` or `did you mean "a" or "b"?`; empty if nothing is similar.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace cel
