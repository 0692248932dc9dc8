#include "auth/scope.h"

#include <algorithm>

namespace auth {
namespace {

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

bool holds(json::Value claim, std::string_view scope) {
  if (const auto words = claim.as_string()) return has_word(*words, scope);
  const json::Elements items = claim.elements();
  return std::any_of(items.begin(), items.end(),
                     [&](const json::Value& item) { return item.as_string() == scope; });
}

}  // namespace

bool is_scope(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
  });
}

bool is_granted(const Claims& claims, std::string_view scope) {
  for (const char* name : {"scope", "scp"}) {
    const auto claim = claims.root().find(name);
    if (claim && holds(*claim, scope)) return true;
  }
  return false;
}

bool are_granted(const Claims& claims, std::span<const std::string> scopes) {
  return std::all_of(scopes.begin(), scopes.end(),
                     [&](const std::string& scope) { return is_granted(claims, scope); });
}

}  // namespace auth
