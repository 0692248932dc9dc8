#include <algorithm>
#include <array>

#include "base/secret_look.h"
#include "base/text.h"
#include "config/detail_client_server.h"
#include "config/file.h"

namespace config {
namespace {

// Members that are read, in all spellings.
constexpr std::array<std::string_view, 14> read_members = {
    "type", "transport", "command",   "args",    "env",     "environment", "cwd",
    "url",  "httpUrl",   "serverUrl", "headers", "envFile", "disabled",    "enabled"};
// What concerns only the client's own windows and waiting.
constexpr std::array<std::string_view, 16> of_the_client = {
    "description", "name",        "icon",  "gallery",       "version", "timeout",
    "trust",       "alwaysAllow", "dev",   "autoApprove",   "sandbox", "sandboxEnabled",
    "autoStart",   "alwaysLoad",  "title", "connectTimeout"};
constexpr std::array<std::string_view, 8> tool_lists = {
    "tools",        "disabledTools", "enabledTools",   "includeTools",
    "excludeTools", "allowedTools",  "disabled_tools", "enabled_tools"};
// Fields that the gateway writes itself.
constexpr std::array<std::string_view, 8> own_headers = {
    "accept",     "content-type",      "content-length",       "host",
    "connection", "transfer-encoding", "mcp-protocol-version", "mcp-session-id"};

template <std::size_t n>
bool is_among(std::string_view word, const std::array<std::string_view, n>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// "Bearer " of "Bearer abc".
std::string_view scheme_of(std::string_view text) {
  const std::size_t space = text.find(' ');
  return space == std::string_view::npos ? std::string_view() : text.substr(0, space + 1);
}

}  // namespace

ClientServer::ClientServer(std::string path, std::string name, json::Value value,
                           ClientWords& words)
    : path_(std::move(path)), name_(std::move(name)), value_(value), words_(words) {}

void ClientServer::say(Weight weight, std::string_view member, std::string message) {
  words_.say(weight, member.empty() ? path_ : path_of(base::printable(member)), std::move(message));
}

void ClientServer::line(int depth, std::string text) {
  lines_.push_back(std::string(static_cast<std::size_t>(depth) * 2, ' ') + std::move(text));
}

std::optional<std::string_view> ClientServer::first_string(
    std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    const auto text = value_.find_string(name);
    if (text && !text->empty()) return text;
  }
  return std::nullopt;
}

std::optional<std::string_view> ClientServer::address_member() const {
  for (const std::string_view name : {"httpUrl", "url", "serverUrl"}) {
    const auto text = value_.find_string(name);
    if (text && !text->empty()) return name;
  }
  return std::nullopt;
}

bool ClientServer::is_disabled() const {
  const auto disabled = value_.find("disabled");
  const auto enabled = value_.find("enabled");
  return (disabled && disabled->as_bool().value_or(false)) ||
         (enabled && !enabled->as_bool().value_or(true));
}

std::optional<ClientServer::Transport> ClientServer::transport() {
  const std::string said = base::to_lower(first_string({"type", "transport"}).value_or(""));
  const auto command = value_.find("command");
  const bool has_command = command && !command->is_null();
  const auto address = address_member();
  if (said == "sse") return Transport::sse;
  if (said == "stdio" || said == "local") return Transport::stdio;
  if (said.find("http") != std::string::npos || said == "remote") return Transport::http;
  if (!said.empty()) {
    say(Weight::error, "type",
        "the gateway speaks to servers over stdio, Streamable HTTP and SSE; this is another "
        "transport");
    return std::nullopt;
  }
  if (has_command && address) {
    say(Weight::warning, *address, "is not taken over: `command` says how to start the server");
  }
  if (has_command) return Transport::stdio;
  if (address) return Transport::http;
  say(Weight::error, "", "has neither `command` nor `url`");
  return std::nullopt;
}

std::optional<TargetLines> ClientServer::read() {
  if (!value_.is_object()) {
    say(Weight::error, "", "is no object");
    return std::nullopt;
  }
  const auto transport = this->transport();
  if (!transport) return std::nullopt;
  line(0, "- name: " + yaml_scalar(name_));
  const bool is_child = *transport == Transport::stdio;
  if (!(is_child ? add_child() : add_remote(*transport == Transport::sse))) return std::nullopt;
  tell_the_rest();
  return std::move(lines_);
}

// A string, or the text of a number or boolean.
std::optional<std::string> ClientServer::text_of(json::Value value, const std::string& path) {
  if (const auto text = value.as_string()) return std::string(*text);
  if (value.is_number() || value.as_bool()) return std::string(value.raw());
  words_.say(Weight::warning, path, "is no text: not taken over");
  return std::nullopt;
}

// Program and arguments as they are written.
std::vector<ClientServer::Said> ClientServer::said_command() {
  std::vector<Said> said;
  const auto add_all = [&](std::string_view member) {
    const auto list = value_.find(member);
    if (!list) return;
    std::size_t index = 0;
    for (const json::Value item : list->elements()) {
      std::string path = path_of(member) + "[" + std::to_string(index++) + "]";
      if (auto text = text_of(item, path)) said.push_back(Said{std::move(*text), std::move(path)});
    }
  };
  if (const auto program = value_.find_string("command")) {
    said.push_back(Said{std::string(*program), path_of("command")});
  }
  add_all("command");
  add_all("args");
  if (said.size() > 2 && base::equal_ignoring_case(said[0].text, "cmd") &&
      base::equal_ignoring_case(said[1].text, "/c")) {
    say(Weight::info, "command", "`cmd /c` is for Windows: left out");
    said.erase(said.begin(), said.begin() + 2);
  }
  return said;
}

// An argument in the configuration's words. `flag` is the one before it.
std::string ClientServer::argument(const Said& said, std::string_view flag) {
  const std::string_view text = said.text;
  const std::size_t divider = text.find_first_of("=:");
  const bool is_header = divider != std::string_view::npos && text[divider] == ':' &&
                         base::is_secret_name(text.substr(0, divider));
  if (is_header || (text.starts_with('-') && divider != std::string_view::npos)) {
    std::size_t begin = divider + 1;
    while (begin < text.size() && text[begin] == ' ') ++begin;
    if (is_header) begin += scheme_of(text.substr(begin)).size();
    const std::string name(text.substr(0, divider));
    return words_.translate(text.substr(0, begin), said.path) +
           words_.value(text.substr(begin), name, said.path);
  }
  const bool follows_flag = flag.starts_with('-') && flag.find('=') == std::string_view::npos;
  if (text.starts_with('-') || !follows_flag) return words_.value(text, "", said.path);
  return words_.value(text, flag, said.path);
}

bool ClientServer::add_child() {
  const std::vector<Said> said = said_command();
  if (said.empty() || said.front().text.empty()) {
    say(Weight::error, "command", "there is no command");
    return false;
  }
  std::vector<std::string> words;
  words.reserve(said.size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    words.push_back(i == 0 ? words_.translate(said[i].text, said[i].path)
                           : argument(said[i], said[i - 1].text));
  }
  if (const auto folder = first_string({"cwd"})) {
    say(Weight::info, "cwd",
        "the gateway starts servers in its own folder: a shell changes it first");
    const std::string where = words_.translate(*folder, path_of("cwd"));
    words.insert(words.begin(), {"sh", "-c", R"(cd "$$1" && shift && exec "$$@")", "sh", where});
  }
  line(1, "stdio:");
  line(2, "cmd: " + yaml_scalar(words.front()));
  if (words.size() > 1) {
    line(2, "args:");
    for (std::size_t i = 1; i < words.size(); ++i) line(2, "- " + yaml_scalar(words[i]));
  }
  add_environment("env");
  add_environment("environment");
  if (value_.find("envFile")) {
    say(Weight::warning, "envFile",
        "the gateway reads no such file: write its variables under `env`");
    line(2, "# What is in the client's envFile belongs under env.");
  }
  return true;
}

void ClientServer::add_environment(std::string_view member) {
  const auto environment = value_.find(member);
  if (!environment || environment->is_null()) return;
  if (!environment->is_object()) {
    say(Weight::warning, member, "is no object: not taken over");
    return;
  }
  for (const json::Member& variable : environment->members()) {
    const std::string path = path_of(member) + "." + base::printable(variable.name);
    if (variable.value.is_null()) {
      words_.say(Weight::info, path, "is none: the gateway gives its servers few variables anyway");
      continue;
    }
    const auto text = text_of(variable.value, path);
    if (!text) continue;
    if (!has_environment_) line(2, "env:");
    has_environment_ = true;
    line(3,
         yaml_scalar(variable.name) + ": " + yaml_scalar(words_.value(*text, variable.name, path)));
  }
}

bool ClientServer::add_remote(bool is_sse) {
  const auto member = address_member();
  if (!member) {
    say(Weight::error, "url", "there is no url");
    return false;
  }
  const std::string_view url = *value_.find_string(*member);
  const bool is_variable = url.starts_with("${");
  HttpTarget place;
  place.host = std::string(url);
  if (!is_variable && (url.find("://") == std::string_view::npos ||
                       (!base::is_secret_url(url) && !place_of(place)))) {
    say(Weight::error, *member,
        "is no address that the gateway can use: http or https, a host and a path");
    return false;
  }
  const std::string path = path_of(*member);
  line(1, is_sse ? "sse:" : "mcp:");
  line(2, "host: " + yaml_scalar(base::is_secret_url(url) ? words_.secret(url, name_ + " url", path)
                                                          : words_.translate(url, path)));
  add_headers();
  return true;
}

void ClientServer::add_headers() {
  const auto headers = value_.find("headers");
  if (!headers || !headers->is_object()) return;
  for (const json::Member& header : headers->members()) {
    const std::string path = path_of("headers") + "." + base::printable(header.name);
    if (is_among(base::to_lower(header.name), own_headers)) {
      words_.say(Weight::info, path, "is written by the gateway itself: not taken over");
      continue;
    }
    const auto text = text_of(header.value, path);
    if (!text) continue;
    if (text->empty()) {
      words_.say(Weight::info, path, "is empty: not taken over");
      continue;
    }
    if (!has_credentials_) {
      line(1, "policies:");
      line(2, "backendAuth:");
      line(3, "credentials:");
    }
    has_credentials_ = true;
    if (base::equal_ignoring_case(header.name, "cookie")) {
      add_cookies(*text, path);
    } else {
      add_header(header.name, *text, path);
    }
  }
}

void ClientServer::add_header(std::string_view name, std::string_view text,
                              const std::string& path) {
  const bool is_authorization = base::equal_ignoring_case(name, "authorization");
  const std::string_view scheme = is_authorization ? scheme_of(text) : "";
  const std::string_view held = text.substr(scheme.size());
  const bool is_reference = held.find("${") != std::string_view::npos;
  const std::string variable = name_ + (is_authorization ? " token" : " " + std::string(name));
  const bool is_secret =
      is_authorization || base::is_secret_name(name) || base::is_secret_value(held);
  line(3, "- key: " + yaml_scalar(is_secret && !is_reference ? words_.secret(held, variable, path)
                                                             : words_.translate(held, path)));
  if (base::equal_ignoring_case(scheme, "bearer ")) return;  // where a key goes anyway
  line(4, "location:");
  line(5, "header:");
  line(6, "name: " + yaml_scalar(name));
  line(6, "prefix: " + yaml_scalar(scheme));
}

// "a=b; c=d": each is a credential of its own.
void ClientServer::add_cookies(std::string_view text, const std::string& path) {
  for (const std::string_view each : base::split(text, ';')) {
    const std::string_view pair = base::trim(each);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (equals + 1 >= pair.size()) continue;
    const std::string name(pair.substr(0, equals));
    const std::string_view held = pair.substr(equals + 1);
    const bool is_reference = held.find("${") != std::string_view::npos;
    line(3, "- key: " + yaml_scalar(is_reference ? words_.translate(held, path)
                                                 : words_.secret(held, name_ + " " + name, path)));
    line(4, "location:");
    line(5, "cookie:");
    line(6, "name: " + yaml_scalar(name));
  }
}

// A finding for each member that was not read.
void ClientServer::tell_the_rest() {
  for (const json::Member& member : value_.members()) {
    if (is_among(member.name, read_members)) continue;
    if (is_among(member.name, of_the_client)) {
      say(Weight::info, member.name, "concerns the client only: not taken over");
    } else if (is_among(member.name, tool_lists)) {
      say(Weight::warning, member.name,
          "not taken over: who may use which tools is said by mcpAuthorization");
    } else if (member.name == "oauth" || member.name == "auth") {
      say(Weight::warning, member.name,
          "not taken over: the gateway does not log in for people; give it a credential under "
          "policies.backendAuth of the target");
    } else if (member.name == "headersHelper") {
      say(Weight::warning, member.name,
          "not taken over: the gateway runs no program for headers; see policies.backendAuth");
    } else {
      say(Weight::warning, member.name, "is not known here: not taken over");
    }
  }
}

}  // namespace config
