// matches() and regexReplace(), with RE2: running time is linear in the text. A pattern is compiled
// once for each thread that uses it; patterns that come from a request are kept in the same bounded
// table.

#include <array>
#include <list>
#include <memory>
#include <unordered_map>

#include <re2/re2.h>

#include "base/text.h"
#include "cel/detail_library.h"

namespace cel {
namespace {

constexpr std::size_t patterns_kept = 32;
constexpr std::int64_t memory_bytes_max = 1 << 20;
constexpr int program_size_max = 1000;
constexpr std::uint64_t fuel_to_compile = 1000;

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

// The patterns that a thread used last. RE2 objects work for many threads, but slowly: they share
// the lock of their cache.
class PatternTable {
 public:
  // nullptr if the pattern is bad.
  const re2::RE2* get(std::string_view text, Evaluation& evaluation) {
    const auto found = places_.find(text);
    if (found != places_.end()) {
      patterns_.splice(patterns_.begin(), patterns_, found->second);
      return patterns_.front().get();
    }
    if (!evaluation.spend(fuel_to_compile + text.size())) return nullptr;
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(memory_bytes_max);
    auto pattern = std::make_unique<re2::RE2>(piece(text), options);
    if (!pattern->ok() || pattern->ProgramSize() > program_size_max) return nullptr;
    if (patterns_.size() >= patterns_kept) {
      places_.erase(patterns_.back()->pattern());
      patterns_.pop_back();
    }
    patterns_.push_front(std::move(pattern));
    // The key is the pattern's own copy of its text.
    places_.emplace(patterns_.front()->pattern(), patterns_.begin());
    return patterns_.front().get();
  }

 private:
  using Patterns = std::list<std::unique_ptr<re2::RE2>>;
  Patterns patterns_;
  std::unordered_map<std::string_view, Patterns::iterator> places_;
};

const re2::RE2* find_pattern(std::string_view text, Evaluation& evaluation) {
  static thread_local PatternTable table;
  return table.get(text, evaluation);
}

Value bad_pattern(std::string_view text, Evaluation& evaluation) {
  if (evaluation.is_aborted()) return evaluation.out_of_fuel();
  return bad_argument(evaluation, "bad regular expression: " + base::printable(text, 60));
}

Value matches(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  if (!evaluation.spend(text.size() / 8 + arguments[1].as_string().size())) {
    return evaluation.out_of_fuel();
  }
  const re2::RE2* pattern = find_pattern(arguments[1].as_string(), evaluation);
  if (pattern == nullptr) return bad_pattern(arguments[1].as_string(), evaluation);
  return Value::of_bool(re2::RE2::PartialMatch(piece(text), *pattern));
}

// The number of the group with that name or number; -1 if there is none.
int group_number(const re2::RE2& pattern, std::string_view name) {
  const auto named = pattern.NamedCapturingGroups().find(std::string(name));
  if (named != pattern.NamedCapturingGroups().end()) return named->second;
  int number = 0;
  for (const char c : name) {
    if (!base::is_digit(c) || number > 1000) return -1;
    number = number * 10 + (c - '0');
  }
  return name.empty() || number > pattern.NumberOfCapturingGroups() ? -1 : number;
}

// Takes the name behind a dollar sign: `{name}` or as many letters, digits and underscores as stand
// there. Nothing if there is no name.
std::optional<std::string_view> take_group_name(std::string_view& rest) {
  if (rest.starts_with('{')) {
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view name = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    return name;
  }
  std::size_t length = 0;
  while (length < rest.size() && (base::is_alnum(rest[length]) || rest[length] == '_')) ++length;
  if (length == 0) return std::nullopt;
  const std::string_view name = rest.substr(0, length);
  rest.remove_prefix(length);
  return name;
}

// `$1`, `$name` and `${name}` become what the group matched (nothing if there is no such group),
// `$$` becomes a dollar sign.
std::string expand(std::string_view replacement, const re2::RE2& pattern,
                   const std::vector<re2::StringPiece>& groups) {
  std::string text;
  while (!replacement.empty()) {
    const std::size_t dollar = std::min(replacement.find('$'), replacement.size());
    text += replacement.substr(0, dollar);
    replacement.remove_prefix(dollar);
    if (replacement.empty()) break;
    replacement.remove_prefix(1);
    if (replacement.starts_with('$')) {
      text += '$';
      replacement.remove_prefix(1);
    } else if (const auto name = take_group_name(replacement)) {
      const int number = group_number(pattern, *name);
      if (number >= 0) {
        const re2::StringPiece& group = groups[static_cast<std::size_t>(number)];
        if (group.data() != nullptr) text.append(group.data(), group.size());
      }
    } else {
      text += '$';
    }
  }
  return text;
}

// Replaces the first match only.
Value regex_replace(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  const std::string_view replacement = arguments[2].as_string();
  if (!evaluation.spend((text.size() + replacement.size()) / 8 + arguments[1].as_string().size())) {
    return evaluation.out_of_fuel();
  }
  const re2::RE2* pattern = find_pattern(arguments[1].as_string(), evaluation);
  if (pattern == nullptr) return bad_pattern(arguments[1].as_string(), evaluation);
  const int count = pattern->NumberOfCapturingGroups() + 1;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(count));
  if (!pattern->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, groups.data(), count)) {
    return arguments[0];
  }
  const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
  // Many references to one large group could make more than the arena takes.
  const std::string expanded = expand(replacement, *pattern, groups);
  if (!evaluation.spend_bytes(expanded.size())) return evaluation.out_of_fuel();
  std::string result(text.substr(0, begin));
  result += expanded;
  result += text.substr(begin + groups[0].size());
  return evaluation.string(result);
}

constexpr std::array table{
    Overload{"matches", "(string, string) -> bool", matches},
    Overload{"matches", "string.(string) -> bool", matches},
    Overload{"regexReplace", "string.(string, string) -> string", regex_replace},
};

}  // namespace

std::span<const Overload> pattern_functions() {
  return table;
}

}  // namespace cel
