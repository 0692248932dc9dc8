#include <algorithm>
#include <array>
#include <optional>

#include "base/secret_look.h"
#include "base/text.h"
#include "config/detail_client_words.h"
#include "json/write.h"

namespace config {
namespace {

template <std::size_t n>
bool is_among(std::string_view word, const std::array<std::string_view, n>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
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

std::string variable_name(std::string_view words) {
  std::string name = base::join(base::words_of(words), "_");
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
      !base::is_secret_value(*named.otherwise)) {
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
  const bool is_named = base::is_secret_name(name) && !base::is_trivial(text);
  if (!is_reference && (is_named || base::is_secret_value(text))) return secret(text, name, path);
  return translate(text, path);
}

}  // namespace config
