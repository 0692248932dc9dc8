#include "cel/problem.h"

#include <algorithm>

#include "base/text.h"

namespace cel {
namespace {

// Tabs reach to the next multiple of this many columns.
constexpr std::size_t tab_width = 4;

bool begins_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

std::size_t line_begin(std::string_view source, std::size_t offset) {
  const std::size_t newline = source.substr(0, offset).rfind('\n');
  return newline == std::string_view::npos ? 0 : newline + 1;
}

// Text as it is shown, and how many columns it takes.
struct Shown {
  std::string text;
  std::size_t width = 0;

  void add(std::string_view more) {
    for (const char c : more) add(c);
  }
  void add(char c) {
    if (c == '\t') {
      const std::size_t spaces = tab_width - width % tab_width;
      text.append(spaces, ' ');
      width += spaces;
    } else {
      // A control character would move the cursor of whoever reads this.
      text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
      width += begins_code_point(c) ? 1 : 0;
    }
  }
};

}  // namespace

Position position_of(std::string_view source, std::uint32_t offset) {
  const std::string_view before = source.substr(0, std::min<std::size_t>(offset, source.size()));
  Position position;
  position.line += static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
  const std::string_view line = before.substr(line_begin(before, before.size()));
  position.column +=
      static_cast<std::uint32_t>(std::count_if(line.begin(), line.end(), begins_code_point));
  return position;
}

std::string render(const Problem& problem, std::string_view source, std::string_view where) {
  const std::size_t offset = std::min<std::size_t>(problem.offset, source.size());
  const Position position = position_of(source, problem.offset);
  const std::size_t begin = line_begin(source, offset);
  const std::size_t end = std::min(source.find('\n', offset), source.size());
  Shown line;
  line.add(source.substr(begin, offset - begin));
  const std::size_t caret_at = line.width;
  const std::size_t marked = std::min<std::size_t>(problem.length, end - offset);
  line.add(source.substr(offset, marked));
  const std::size_t carets = std::max<std::size_t>(1, line.width - caret_at);
  line.add(source.substr(offset + marked, end - offset - marked));

  std::string text(where);
  if (!where.empty()) text += ':';
  text += std::to_string(position.line) + ':' + std::to_string(position.column) + ": ";
  if (problem.severity == Severity::warning) text += "warning: ";
  text += problem.text + "\n  " + line.text + "\n  ";
  text.append(caret_at, ' ').append(carets, '^');
  if (!problem.hint.empty()) text += "\n  " + problem.hint;
  return text;
}

bool has_error(std::span<const Problem> problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return problem.severity == Severity::error; });
}

std::vector<std::string_view> similar(std::string_view word,
                                      std::span<const std::string_view> known) {
  const std::size_t edits_max = std::min<std::size_t>(2, std::max<std::size_t>(1, word.size() / 3));
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string_view candidate : known) {
    const std::size_t edits = base::edit_distance(word, candidate);
    if (edits <= edits_max && edits < candidate.size()) near.emplace_back(edits, candidate);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < near.size() && i < 2; ++i) names.push_back(near[i].second);
  return names;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const std::vector<std::string_view> names = similar(word, known);
  if (names.empty()) return {};
  std::string text = "did you mean \"" + std::string(names[0]) + '"';
  if (names.size() > 1) text += " or \"" + std::string(names[1]) + '"';
  return text + '?';
}

}  // namespace cel
