#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "config/detail_client_words.h"
#include "json/write.h"

namespace config {
namespace {

using Words = std::vector<std::string>;

// "--apiKey" -> API, KEY.
Words words_of(std::string_view name) {
  Words words;
  bool goes_on = false;
  bool was_lower = false;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (!base::is_alnum(c)) {
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

template <std::size_t n>
bool is_among(std::string_view word, const std::array<std::string_view, n>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 22> secret_words = {
    "TOKEN",    "SECRET",     "SECRETS",       "PASSWORD", "PASSWD", "PASSPHRASE",
    "PASS",     "CREDENTIAL", "CREDENTIALS",   "COOKIE",   "KEY",    "APIKEY",
    "APITOKEN", "AUTH",       "AUTHORIZATION", "PAT",      "BEARER", "SIGNATURE",
    "DSN",      "JWT",        "PWD",           "ACCESSKEY"};
// What comes last in names of things that are about a secret and none themselves.
constexpr std::array<std::string_view, 20> harmless_ends = {
    "FILE",     "PATH",     "DIR",    "ID",      "NAME",  "URL",   "URI",
    "TYPE",     "ENDPOINT", "HEADER", "TTL",     "LIMIT", "MODE",  "ENABLED",
    "DISABLED", "HOST",     "PORT",   "TIMEOUT", "USER",  "LENGTH"};
constexpr std::array<std::string_view, 20> secret_beginnings = {
    "sk-",         "sk_",    "pk_live", "rk_live", "ghp_",       "gho_", "ghs_",
    "github_pat_", "glpat-", "xoxb-",   "xoxp-",   "xapp-",      "AKIA", "AIza",
    "npm_",        "hf_",    "SG.",     "eyJ",     "-----BEGIN", "ntn_"};

// Long, of letters and digits without any order that people give: the look of keys.
bool is_random(std::string_view text) {
  constexpr std::size_t shortest = 24;
  if (text.size() < shortest) return false;
  int digits = 0;
  int lower = 0;
  int upper = 0;
  for (const char c : text) {
    if (base::is_digit(c)) {
      ++digits;
    } else if (base::is_alpha(c)) {
      ++(base::lower(c) == c ? lower : upper);
    } else if (c != '-' && c != '_' && c != '=' && c != '+') {
      return false;
    }
  }
  const bool is_hex = std::all_of(text.begin(), text.end(), [](char c) {
    return base::is_digit(c) || (base::lower(c) >= 'a' && base::lower(c) <= 'f');
  });
  return (digits >= 3 && lower >= 3 && upper >= 3) || (is_hex && digits >= 4);
}

bool is_trivial(std::string_view text) {
  return text.size() < 4 || base::equal_ignoring_case(text, "true") ||
         base::equal_ignoring_case(text, "false") || base::equal_ignoring_case(text, "none");
}

bool is_variable(std::string_view name) {
  return !name.empty() && !base::is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return base::is_alnum(c) || c == '_'; });
}

// "NAME" and what stands for it if it is not set, of "NAME:-default".
struct Named {
  std::string_view name;
  std::optional<std::string_view> otherwise;
};

Named named_in(std::string_view inside) {
  const std::size_t at = inside.find(":-");
  if (at == std::string_view::npos) return Named{inside, std::nullopt};
  return Named{inside.substr(0, at), inside.substr(at + 2)};
}

bool is_plain_scalar(std::string_view text) {
  constexpr std::array<std::string_view, 9> taken = {"true", "false", "null", "yes", "no",
                                                     "on",   "off",   "y",    "n"};
  if (text.empty() || !base::is_alpha(text.front()) || is_among(base::to_lower(text), taken)) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return base::is_alnum(c) || c == '_' || c == '.' || c == '/' || c == '@' || c == '-';
  });
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
  if (is_plain_scalar(text)) return std::string(text);
  return json::quoted(text);
}

bool is_secret_name(std::string_view name) {
  const Words words = words_of(name);
  if (words.empty() || is_among(words.back(), harmless_ends)) return false;
  if (words.size() == 1 && words.front() == "PWD") return false;  // the working directory
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return is_among(word, secret_words); });
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

namespace {

// Of an address: a part of its path, and a pair of its query.
bool is_secret_part(std::string_view part) {
  return part.find("://") == std::string_view::npos && is_secret_value(part);
}

bool is_secret_pair(std::string_view pair) {
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view held = pair.substr(equals + 1);
  if (held.find("${") != std::string_view::npos) return false;
  return is_secret_value(held) || (is_secret_name(pair.substr(0, equals)) && !is_trivial(held));
}

}  // namespace

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
  const std::vector<std::string_view> parts = base::split(tail.substr(0, query), '/');
  const std::vector<std::string_view> pairs = base::split(tail.substr(query), '&');
  return std::any_of(parts.begin(), parts.end(), is_secret_part) ||
         std::any_of(pairs.begin(), pairs.end(), is_secret_pair);
}

std::string variable_name(std::string_view words) {
  std::string name = base::join(words_of(words), "_");
  if (name.empty()) name = "VALUE";
  return base::is_digit(name.front()) ? "_" + name : name;
}

void ClientVariables::reserve(std::string_view text) {
  for (std::size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at)) {
    at += 2;
    std::string_view inside =
        text.substr(at, std::min<std::size_t>(text.find('}', at), at + 200) - at);
    if (inside.starts_with("input:")) {
      reserved_.insert(variable_name(inside.substr(6)));
      continue;
    }
    if (inside.starts_with("env:")) inside.remove_prefix(4);
    reserved_.insert(std::string(named_in(inside).name));
  }
}

std::string ClientVariables::for_secret(const std::string& name, const std::string& server,
                                        std::string_view secret) {
  std::string tried = name;
  for (int n = 1;; ++n) {
    if (!reserved_.contains(tried)) {
      const auto [place, is_new] = secrets_.emplace(tried, secret);
      if (is_new || place->second == secret) return tried;
    }
    tried = variable_name(server) + "_" + name + (n == 1 ? "" : "_" + std::to_string(n));
  }
}

void ClientWords::say(Weight weight, std::string path, std::string message) {
  findings_.push_back(Finding{weight, std::move(path), std::move(message)});
}

std::string ClientWords::variable(std::string name, const std::string& path, std::string message) {
  say(Weight::warning, path, std::move(message));
  if (std::find(used_.begin(), used_.end(), name) == used_.end()) used_.push_back(name);
  return "${" + std::move(name) + "}";
}

std::string ClientWords::secret(std::string_view text, std::string_view name,
                                const std::string& path) {
  std::string chosen = variables_.for_secret(variable_name(name), server_, text);
  std::string message =
      "holds a secret, which is not written here: give it to the gateway as the variable " + chosen;
  return variable(std::move(chosen), path, std::move(message));
}

// What stands for ${inside}.
std::string ClientWords::reference(std::string_view inside, const std::string& path) {
  if (inside.starts_with("input:")) {
    std::string name = variable_name(inside.substr(6));
    std::string message =
        "the client asks somebody for this: give it to the gateway as the variable " + name;
    return variable(std::move(name), path, std::move(message));
  }
  if (inside == "userHome") return "${HOME}";
  if (inside == "pathSeparator" || inside == "/") return "/";
  if (inside.starts_with("workspaceFolder") || inside == "workspaceRoot") {
    return variable("WORKSPACE_FOLDER", path,
                    "the gateway knows no folder of a project: give it one as the variable "
                    "WORKSPACE_FOLDER, or write it here");
  }
  const bool is_prefixed = inside.starts_with("env:");
  const Named named = named_in(is_prefixed ? inside.substr(4) : inside);
  const bool is_expanded =
      is_prefixed || client_ == Client::unknown || client_ == Client::claude_code;
  if (!is_expanded || !is_variable(named.name)) {
    say(Weight::warning, path, "has a ${...} that is not known here: it stays as it is written");
    return "$${" + std::string(inside) + "}";
  }
  // A default is text, here as there; one that is a secret is no good default.
  if (named.otherwise && named.otherwise->find('$') == std::string_view::npos &&
      !is_secret_value(*named.otherwise)) {
    return "${" + std::string(inside.substr(is_prefixed ? 4 : 0)) + "}";
  }
  std::string name(named.name);
  std::string message = "comes from the variable " + name + ", which the gateway must have, too";
  return variable(std::move(name), path, std::move(message));
}

std::string ClientWords::translate(std::string_view text, const std::string& path) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t close =
        text.substr(i).starts_with("${") ? text.find('}', i) : std::string_view::npos;
    if (close != std::string_view::npos) {
      out += reference(text.substr(i + 2, close - i - 2), path);
      i = close + 1;
      continue;
    }
    out += text[i] == '$' ? "$$" : std::string(1, text[i]);
    ++i;
  }
  return out;
}

std::string ClientWords::value(std::string_view text, std::string_view name,
                               const std::string& path) {
  const bool is_reference =
      text.find("${") != std::string_view::npos && client_ != Client::claude_desktop;
  const bool is_named = is_secret_name(name) && !is_trivial(text);
  if (!is_reference && (is_named || is_secret_value(text))) return secret(text, name, path);
  return translate(text, path);
}

}  // namespace config
