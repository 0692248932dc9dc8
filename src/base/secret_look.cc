#include "base/secret_look.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace base {
namespace {

template <std::size_t n>
bool is_among(std::string_view word, const std::array<std::string_view, n>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 19> secret_words = {
    "TOKEN",  "SECRET",    "PASSWORD", "PASSWD", "PASSPHRASE", "PASS",          "CREDENTIAL",
    "CRED",   "COOKIE",    "KEY",      "AUTH",   "OAUTH",      "AUTHORIZATION", "PAT",
    "BEARER", "SIGNATURE", "DSN",      "JWT",    "PWD"};
// What such a word may end in that has no mark between its parts: "accesstoken". KEY is not enough,
// for monkeys.
constexpr std::array<std::string_view, 14> secret_ends = {
    "TOKEN",  "SECRET",    "PASSWORD",   "PASSWD",    "PASSPHRASE", "CREDENTIAL",    "PWD",
    "APIKEY", "ACCESSKEY", "PRIVATEKEY", "SECRETKEY", "SIGNINGKEY", "ENCRYPTIONKEY", "AUTHKEY"};
// What comes first in names of numbers.
constexpr std::array<std::string_view, 3> harmless_beginnings = {"MAX", "MIN", "NUM"};
// What comes last in names of things that are about a secret and none themselves.
constexpr std::array<std::string_view, 20> harmless_ends = {
    "FILE",     "PATH",     "DIR",    "ID",      "NAME",  "URL",   "URI",
    "TYPE",     "ENDPOINT", "HEADER", "TTL",     "LIMIT", "MODE",  "ENABLED",
    "DISABLED", "HOST",     "PORT",   "TIMEOUT", "USER",  "LENGTH"};
// Those of them that are so wherever they stand: an "authHeader" of a call is the header.
constexpr std::array<std::string_view, 3> always_harmless_ends = {"ID", "TTL", "LIMIT"};
constexpr std::array<std::string_view, 20> secret_beginnings = {
    "sk-",         "sk_",    "pk_live", "rk_live", "ghp_",       "gho_", "ghs_",
    "github_pat_", "glpat-", "xoxb-",   "xoxp-",   "xapp-",      "AKIA", "AIza",
    "npm_",        "hf_",    "SG.",     "eyJ",     "-----BEGIN", "ntn_"};

bool is_secret_singular(std::string_view word) {
  return is_among(word, secret_words) ||
         std::any_of(secret_ends.begin(), secret_ends.end(),
                     [&](std::string_view end) { return word.ends_with(end); });
}

bool is_secret_word(std::string_view word) {
  if (is_secret_singular(word)) return true;
  return word.ends_with('S') && is_secret_singular(word.substr(0, word.size() - 1));
}

template <std::size_t n>
bool is_secret_unless(std::string_view name, const std::array<std::string_view, n>& ends) {
  const std::vector<std::string> words = words_of(name);
  if (words.empty() || is_among(words.back(), ends)) return false;
  if (is_among(words.front(), harmless_beginnings)) return false;
  if (words.size() == 1 && words.front() == "PWD") return false;  // the working directory
  return std::any_of(words.begin(), words.end(), is_secret_word);
}

// Long, of letters and digits without any order that people give: the look of keys.
bool is_random(std::string_view text) {
  constexpr std::size_t shortest = 24;
  if (text.size() < shortest) return false;
  int digits = 0;
  int lower = 0;
  int upper = 0;
  for (const char c : text) {
    if (is_digit(c)) {
      ++digits;
    } else if (is_alpha(c)) {
      ++(base::lower(c) == c ? lower : upper);
    } else if (c != '-' && c != '_' && c != '=' && c != '+') {
      return false;
    }
  }
  const bool is_hex = std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (base::lower(c) >= 'a' && base::lower(c) <= 'f');
  });
  return (digits >= 3 && lower >= 3 && upper >= 3) || (is_hex && digits >= 4);
}

// Of an address: a part of its path, and a pair of its query.
bool is_secret_part(std::string_view part) {
  return part.find("://") == std::string_view::npos && is_secret_value(part);
}

constexpr std::string_view redacted = "<redacted>";

// Where the scheme begins that ends at `end` (RFC 3986, 3.1); `end` if there is none.
std::size_t scheme_begin(std::string_view text, std::size_t end) {
  const auto is_of_scheme = [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; };
  std::size_t begin = end;
  while (begin > 0 && is_of_scheme(text[begin - 1])) --begin;
  while (begin < end && !is_alpha(text[begin])) ++begin;
  return begin;
}

bool is_secret_pair(std::string_view pair) {
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view held = pair.substr(equals + 1);
  if (held.find("${") != std::string_view::npos) return false;
  return is_secret_value(held) || (is_secret_name(pair.substr(0, equals)) && !is_trivial(held));
}

}  // namespace

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  bool goes_on = false;
  bool was_lower = false;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (!is_alnum(c)) {
      goes_on = false;
      continue;
    }
    if (!goes_on || (is_upper && was_lower)) words.emplace_back();
    words.back() += base::upper(c);
    goes_on = true;
    was_lower = !is_upper;
  }
  return words;
}

bool is_trivial(std::string_view text) {
  return text.size() < 4 || equal_ignoring_case(text, "true") ||
         equal_ignoring_case(text, "false") || equal_ignoring_case(text, "none");
}

bool is_secret_name(std::string_view name) {
  return is_secret_unless(name, harmless_ends);
}

bool may_name_secret(std::string_view name) {
  return is_secret_unless(name, always_harmless_ends);
}

bool is_secret_value(std::string_view text) {
  const bool is_known =
      text.size() >= 12 &&
      std::any_of(secret_beginnings.begin(), secret_beginnings.end(),
                  [&](std::string_view begin) { return text.starts_with(begin); });
  if (is_known || is_random(text)) return true;
  const std::size_t space = text.find_last_of(" =:");
  if (space != std::string_view::npos && space + 1 < text.size() &&
      is_secret_value(text.substr(space + 1))) {
    return true;
  }
  return text.find("://") != std::string_view::npos && is_secret_url(text);
}

std::string without_secrets(std::string_view address) {
  const std::size_t scheme = address.find("://");
  const bool is_word = address.find_first_of(" \t\r\n\"'()") == std::string_view::npos;
  if (is_word && (address.find('?') < scheme || address.starts_with('/'))) {
    constexpr std::string_view somewhere = "x://x/";
    return without_secrets(std::string(somewhere) + std::string(address)).substr(somewhere.size());
  }
  if (scheme == std::string_view::npos) return std::string(address);
  const std::size_t begin = scheme_begin(address, scheme);
  if (begin == scheme || (begin > 0 && !is_word)) return std::string(address);
  if (begin > 0) {  // "--url=https://...", "jdbc:postgresql://..."
    return std::string(address.substr(0, begin)) + without_secrets(address.substr(begin));
  }
  if (!is_secret_url(address)) return std::string(address);
  std::string_view rest = address.substr(scheme + 3);
  std::string out(address.substr(0, scheme + 3));
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::size_t at = rest.substr(0, end).rfind('@');
  if (at != std::string_view::npos) out += redacted;
  const std::size_t host = at != std::string_view::npos ? at : 0;
  out += rest.substr(host, end - host);
  rest.remove_prefix(end);
  const std::size_t query = std::min(rest.find('?'), rest.size());
  bool is_first = true;
  for (const std::string_view part : split(rest.substr(0, query), '/')) {
    if (!is_first) out += '/';
    out += is_secret_part(part) ? redacted : part;
    is_first = false;
  }
  const std::vector<std::string_view> pairs = split(rest.substr(query), '&');
  if (std::any_of(pairs.begin(), pairs.end(), is_secret_pair)) {
    out += '?';
    return out += redacted;
  }
  return out += rest.substr(query);
}

bool is_secret_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view rest = url.substr(scheme + 3);
  const std::size_t path = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, path);
  const std::size_t at = authority.find('@');
  if (at != std::string_view::npos && authority.find("${") == std::string_view::npos) return true;
  const std::string_view tail = rest.substr(path);
  const std::size_t query = std::min(tail.find('?'), tail.size());
  const std::vector<std::string_view> parts = split(tail.substr(0, query), '/');
  const std::vector<std::string_view> pairs = split(tail.substr(query), '&');
  return std::any_of(parts.begin(), parts.end(), is_secret_part) ||
         std::any_of(pairs.begin(), pairs.end(), is_secret_pair);
}

std::string quoted_address(const std::string& address) {
  const bool has_secret = is_secret_url(address) || is_secret_url("x://" + address);
  return has_secret ? "this" : "`" + address + "`";
}

}  // namespace base
