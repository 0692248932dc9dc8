#include "schema/problem.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "base/text.h"

namespace schema {
namespace {

// Longer lines are shown in part, around the place.
constexpr std::size_t shown_max = 160;
constexpr std::size_t shown_before = 80;

// The characters of a line as texts of their own, each safe to print; a tab becomes a blank.
std::vector<std::string> characters_of(std::string_view line) {
  std::vector<std::string> characters;
  while (!line.empty()) {
    const std::size_t size = std::max<std::size_t>(1, base::utf8_length(line));
    const std::string_view character = line.substr(0, size);
    characters.push_back(character == "\t" ? " " : base::printable(character));
    line.remove_prefix(size);
  }
  return characters;
}

// The source line and a caret under the place.
std::string excerpt(std::string_view line, std::size_t column) {
  const std::vector<std::string> characters = characters_of(line);
  const std::size_t caret = std::min(column - 1, characters.size());
  const bool is_cut = characters.size() > shown_max;
  const std::size_t begin = is_cut && caret > shown_before ? caret - shown_before : 0;
  const std::size_t end =
      is_cut ? std::min(characters.size(), begin + shown_max) : characters.size();

  std::string text = begin > 0 ? "    ..." : "    ";
  std::string under(text.size(), ' ');
  for (std::size_t i = begin; i < end; ++i) {
    text += characters[i];
    // What had to be escaped is wider than one column.
    if (i < caret)
      under.append(
          base::utf8_length(characters[i]) == characters[i].size() ? 1 : characters[i].size(), ' ');
  }
  if (end < characters.size()) text += "...";
  return text + "\n" + under + "^\n";
}

}  // namespace

bool has_errors(const Problems& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return problem.severity == Severity::error; });
}

void hide_lines(Problems& problems, const std::vector<Lines>& lines) {
  for (Problem& problem : problems) {
    const bool is_there = std::any_of(lines.begin(), lines.end(), [&](const Lines& hidden) {
      return problem.at.line >= hidden.first && problem.at.line <= hidden.last;
    });
    problem.is_secret = problem.is_secret || is_there;
  }
}

void sort(Problems& problems) {
  // Positions are few and equal ones must keep their order: insertion by a stable order on indices.
  std::vector<std::pair<std::size_t, Problem>> numbered;
  for (Problem& problem : problems) numbered.emplace_back(numbered.size(), std::move(problem));
  std::sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.at, a.first) < std::tie(b.second.at, b.first);
  });
  problems.clear();
  for (auto& [number, problem] : numbered) problems.push_back(std::move(problem));
}

Problem problem_of(const yaml::Mistake& mistake) {
  Problem problem;
  problem.at = mistake.at;
  problem.message = mistake.message;
  return problem;
}

std::string text_of(const Problem& problem) {
  std::string text = problem.severity == Severity::warning ? "warning: " : "";
  text += problem.message;
  if (!problem.suggestion.empty()) text += ", did you mean `" + problem.suggestion + "`?";
  return text;
}

std::string render(const Problem& problem, const yaml::Source& source) {
  std::string text = source.name;
  if (problem.at.line > 0) {
    text += ":" + std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column);
  }
  text += ": ";
  if (!problem.path.empty()) text += problem.path + ": ";
  text += text_of(problem) + "\n";
  if (problem.at.line == 0 || problem.is_secret) return text;
  const std::string_view line = source.line(problem.at.line);
  if (!base::trim(line).empty()) text += excerpt(line, problem.at.column);
  return text;
}

std::string render(const Problems& problems, const yaml::Source& source) {
  std::string text;
  for (const Problem& problem : problems) text += render(problem, source);
  return text;
}

}  // namespace schema
