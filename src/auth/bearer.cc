#include "auth/bearer.h"

#include <algorithm>
#include <array>

namespace auth {
namespace {

// RFC 9110, 5.6.3.
std::string_view without_surrounding_space(std::string_view text) {
  constexpr std::string_view space = " \t";
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

// RFC 6750, 2.1: what a b64token consists of, beside the '=' at its end.
constexpr std::array<bool, 256> make_token_bytes() {
  std::array<bool, 256> table{};
  constexpr std::string_view bytes =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
  for (const char c : bytes) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> token_bytes = make_token_bytes();

bool is_b64token(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0 && text[end - 1] == '=') --end;
  return end > 0 && std::ranges::all_of(text.substr(0, end), [](char c) {
           return token_bytes[static_cast<unsigned char>(c)];
         });
}

bool starts_with(std::string_view scheme, std::string_view text) {
  return text.size() >= scheme.size() &&
         std::ranges::equal(text.substr(0, scheme.size()), scheme, [](char c, char expected) {
           return c == expected || c == expected - 'a' + 'A';
         });
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const bool fits = c >= ' ' && c <= '~';
    if (c == '"' || c == '\\') out += '\\';
    out += fits ? c : '?';
  }
  out += '"';
}

}  // namespace

Bearer read_bearer(std::span<const std::string_view> values, Schemes schemes) {
  constexpr std::string_view bearer = "bearer";
  constexpr std::string_view dpop = "dpop";
  if (values.empty()) return {Bearer::Kind::none, {}};
  // RFC 9110, 11.6.2: one set of credentials. Readers differ in which of two they believe.
  if (values.size() > 1) return {Bearer::Kind::malformed, {}};
  const std::string_view value = without_surrounding_space(values.front());
  if (value.empty()) return {Bearer::Kind::malformed, {}};
  const bool is_dpop = schemes == Schemes::bearer_and_dpop && starts_with(dpop, value);
  if (!is_dpop && !starts_with(bearer, value)) return {Bearer::Kind::other_scheme, {}};
  const std::string_view rest = value.substr(is_dpop ? dpop.size() : bearer.size());
  const std::size_t start = rest.find_first_not_of(' ');
  if (start == 0 || start == std::string_view::npos) return {Bearer::Kind::malformed, {}};
  const std::string_view token = rest.substr(start);
  if (!is_b64token(token)) return {Bearer::Kind::malformed, {}};
  return {Bearer::Kind::token, token, is_dpop};
}

std::string write_challenge(const Challenge& challenge) {
  std::string out(challenge.scheme);
  std::string_view separator = " ";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out += separator;
    out += name;
    out += '=';
    append_quoted(out, value);
    separator = ", ";
  };
  add("realm", challenge.realm);
  add("error", challenge.error);
  add("error_description", challenge.error_description);
  add("scope", challenge.scope);
  add("resource_metadata", challenge.resource_metadata);
  add("algs", challenge.algs);
  return out;
}

}  // namespace auth
