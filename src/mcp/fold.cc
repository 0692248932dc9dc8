#include <algorithm>

#include "base/text.h"
#include "json/value.h"
#include "mcp/detail_fold.h"

namespace mcp {
namespace {

// Takes one character off `text` and folds it; what folds to no ASCII letter stays a byte of
// itself.
char take_folded(std::string_view& text) {
  constexpr std::string_view long_s = "\xC5\xBF";
  constexpr std::string_view kelvin = "\xE2\x84\xAA";
  if (text.starts_with(long_s)) {
    text.remove_prefix(long_s.size());
    return 's';
  }
  if (text.starts_with(kelvin)) {
    text.remove_prefix(kelvin.size());
    return 'k';
  }
  const char first = base::lower(text.front());
  text.remove_prefix(1);
  return first;
}

}  // namespace

bool folds_to(std::string_view name, std::string_view known) {
  while (!name.empty() && !known.empty()) {
    if (take_folded(name) != take_folded(known)) return false;
  }
  return name.empty() && known.empty();
}

bool is_twin(std::string_view name, std::span<const std::string_view> known) {
  if (std::ranges::find(known, name) != known.end()) return false;  // none folds to another one
  // Folding keeps the size of what is ASCII, so nearly all pairs are settled by their sizes.
  const bool is_ascii =
      std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return std::ranges::any_of(known, [&](std::string_view other) {
    return (!is_ascii || name.size() == other.size()) && folds_to(name, other);
  });
}

std::string_view folded_twin(json::Value object, std::span<const std::string_view> known) {
  for (const json::Member member : object.members()) {
    if (is_twin(member.name, known)) return member.name;
  }
  return {};
}

}  // namespace mcp
