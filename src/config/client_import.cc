#include "config/client_import.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "config/detail_client_server.h"
#include "config/detail_client_words.h"
#include "config/file.h"
#include "config/relaxed_json.h"
#include "json/value.h"
#include "schema/schema.h"

namespace config {
namespace {

constexpr std::size_t servers_max = 64;  // a backend has no more targets

constexpr std::string_view head = R"(binds:
- port: 3000
  listeners:
  - # To decide: who may come in? As it stands, whoever reaches the port may use all of these servers.
    # For example:
    # policies:
    #   jwtAuth:
    #     mode: strict
    #     issuer: https://issuer.example
    #     audiences: [mcp]
    #     jwks: { url: https://issuer.example/jwks.json }
    routes:
)";
constexpr std::string_view rules_of_route = R"(    - # And who may use what? For example:
      # policies:
      #   mcpAuthorization:
      #     rules:
      #     - 'jwt.sub == "me" && mcp.tool.target == "NAME"'
)";
constexpr std::string_view open_failure =
    R"(          # A server that does not start is left out, as in a client. With failClosed all must work.
          failureMode: failOpen
)";

// A server under its target's name.
struct Taken {
  std::string name;
  TargetLines lines;
  std::vector<std::string> variables;
  bool is_disabled = false;
};

std::string target_text(const Taken& one) {
  std::string text = one.is_disabled ? "          # Switched off in the client:\n" : "";
  for (const std::string& line : one.lines) {
    text += std::string(10, ' ') + (one.is_disabled ? "# " : "") + line + "\n";
  }
  return text;
}

std::size_t count_servers(const std::vector<Taken>& all) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const Taken& one) { return !one.is_disabled; }));
}

std::string frame(const std::vector<Taken>& all) {
  std::string text = std::string(head) + std::string(rules_of_route);
  text += "      backends:\n      - mcp:\n";
  if (count_servers(all) > 1) text += open_failure;
  text += "          targets:\n";
  for (const Taken& one : all) text += target_text(one);
  return text;
}

// What the gateway would say about it, with every variable set.
std::string complaint_about(const Taken& one) {
  std::vector<Taken> alone = {one};
  alone.front().is_disabled = false;
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name.ends_with("PORT")) return "80";
    return name.ends_with("URL") || name.ends_with("URI") ? "http://localhost/x" : "x";
  };
  const auto reading = schema::read_text<File>(yaml::Source{"import", frame(alone)}, environment);
  for (const schema::Problem& problem : reading.problems) {
    if (problem.severity == schema::Severity::error) return problem.message;
  }
  return "";
}

// Without what stands between backquotes: it comes from the file, and may be a secret.
std::string without_values(std::string_view text) {
  std::string out;
  bool is_quoted = false;
  for (const char c : text) {
    if (c == '`') {
      if (!is_quoted) out += "...";
      is_quoted = !is_quoted;
    } else if (!is_quoted) {
      out += c;
    }
  }
  return out;
}

// Letters, digits, `-` and `.`, at most 64 of them.
std::string target_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_kept = base::is_alnum(c) || c == '.' || c == '-';
    if (is_kept) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  out.resize(std::min<std::size_t>(out.size(), 56));
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "server" : out;
}

class Import {
 public:
  Import(Client client, std::string_view folder) : client_(client), folder_(folder) {}

  Imported run(std::span<const ClientFile> files) {
    for (const ClientFile& file : files) variables_.reserve(file.text);
    for (const ClientFile& file : files) {
      prefix_ = files.size() > 1 ? base::printable(file.name) + ": " : "";
      read(file);
    }
    finish(files);
    return std::move(imported_);
  }

 private:
  void say(Weight weight, std::string path, std::string message) {
    imported_.findings.push_back(Finding{weight, std::move(path), std::move(message)});
  }

  void read(const ClientFile& file) {
    const auto document = json::Document::parse(plain_json(file.text));
    if (!document) {
      say(Weight::error, prefix_ + base::printable(file.name),
          "is no JSON: " + document.error().why());
      return;
    }
    const json::Value root = document->root();
    const std::size_t before = found_;
    read_project(root);
    read_servers(root, "mcpServers", "mcpServers");
    read_servers(root, "servers", "servers");
    read_servers(root, "context_servers", "context_servers");
    if (const auto mcp = root.find("mcp")) {
      if (mcp->find("servers")) {
        read_servers(*mcp, "servers", "mcp.servers");
      } else {
        read_servers(root, "mcp", "mcp");
      }
    }
    if (found_ == before && !has_place_ && is_bare(root)) read_all(root, "");
  }

  // Claude Code keeps the servers of each project beside those of the user, and takes them first.
  void read_project(json::Value root) {
    const auto projects = folder_.empty() ? std::nullopt : root.find("projects");
    const auto project = projects ? projects->find(folder_) : std::nullopt;
    if (!project) return;
    for (const std::string_view list : {"disabledMcpServers", "disabledMcpjsonServers"}) {
      const auto names = project->find(list);
      if (!names) continue;
      for (const json::Value name : names->elements()) {
        if (const auto text = name.as_string()) disabled_.emplace(*text);
      }
    }
    read_servers(*project, "mcpServers", "projects." + base::printable(folder_) + ".mcpServers");
  }

  void read_servers(json::Value parent, std::string_view member, const std::string& path) {
    const auto servers = parent.find(member);
    if (!servers) return;
    has_place_ = true;
    if (!servers->is_object()) return say(Weight::error, prefix_ + path, "is no object");
    read_all(*servers, path + ".");
  }

  // Servers without anything around them.
  static bool is_bare(json::Value root) {
    if (!root.is_object() || root.size() == 0) return false;
    for (const json::Member& member : root.members()) {
      if (!member.value.find("command") && !member.value.find("url")) return false;
    }
    return true;
  }

  void read_all(json::Value servers, const std::string& path) {
    for (const json::Member& member : servers.members()) {
      ++found_;
      take(member, prefix_ + path + base::printable(member.name));
    }
  }

  void take(const json::Member& member, const std::string& path) {
    if (!names_.insert(std::string(member.name)).second) {
      return say(Weight::info, path, "is there twice: the first one counts");
    }
    if (taken_.size() >= servers_max) {
      return say(
          Weight::error, path,
          "one backend has " + std::to_string(servers_max) + " targets at most: not taken over");
    }
    std::string name = target_name(member.name);
    for (int n = 2; targets_.contains(name); ++n) {
      name = target_name(member.name) + "-" + std::to_string(n);
    }
    ClientWords words(client_, name, variables_, imported_.findings);
    ClientServer server(path, name, member.value, words);
    std::optional<TargetLines> lines = server.read();
    if (!lines) return;
    const bool is_disabled = server.is_disabled() || disabled_.contains(std::string(member.name));
    Taken taken{name, std::move(*lines), words.used(), is_disabled};
    if (const std::string complaint = complaint_about(taken); !complaint.empty()) {
      return say(Weight::error, path, "cannot be taken over: " + without_values(complaint));
    }
    if (name != member.name)
      say(Weight::info, path,
          "is called " + name + " here: names of targets have letters, digits, `-` and `.` only");
    if (is_disabled) say(Weight::info, path, "is switched off: it stands in comments");
    targets_.insert(std::move(name));
    taken_.push_back(std::move(taken));
  }

  void finish(std::span<const ClientFile> files) {
    imported_.servers = count_servers(taken_);
    if (imported_.servers == 0) {
      if (found_ == 0) {
        say(Weight::error, "",
            "no servers were found: neither `mcpServers` nor `servers` is there");
      }
      return;
    }
    for (const Taken& one : taken_) {
      if (!one.is_disabled) add_variables(one.variables);
    }
    if (imported_.servers > 1) {
      say(Weight::info, "",
          "of several servers, tools and prompts are called SERVER_NAME and resources SERVER+URI");
    }
    say(Weight::warning, "",
        "whoever reaches port 3000 may use these servers: add policies, where the configuration "
        "says so");
    imported_.yaml = preface(files) + frame(taken_);
  }

  void add_variables(const std::vector<std::string>& names) {
    std::vector<std::string>& all = imported_.variables;
    for (const std::string& name : names) {
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
    }
  }

  std::string preface(std::span<const ClientFile> files) const {
    std::string text = "# MCP servers taken over from";
    for (const ClientFile& file : files) {
      text += (&file == &files.front() ? " " : ", ") + base::printable(file.name);
    }
    text += ".\n";
    if (imported_.variables.empty()) return text;
    text += "# The gateway needs these variables in its environment:\n";
    for (const std::string& name : imported_.variables) text += "#   " + name + "\n";
    return text;
  }

  const Client client_;
  const std::string folder_;
  ClientVariables variables_;
  Imported imported_;
  std::string prefix_;
  std::set<std::string> disabled_;
  std::set<std::string> names_;
  std::set<std::string> targets_;
  std::vector<Taken> taken_;
  std::size_t found_ = 0;
  bool has_place_ = false;
};

}  // namespace

std::optional<Client> client_named(std::string_view name) {
  if (name == "auto") return Client::unknown;
  for (const Client client :
       {Client::claude_desktop, Client::claude_code, Client::vscode, Client::cursor}) {
    if (name == name_of(client)) return client;
  }
  return std::nullopt;
}

std::string_view name_of(Client client) {
  switch (client) {
    case Client::unknown:
      return "auto";
    case Client::claude_desktop:
      return "claude-desktop";
    case Client::claude_code:
      return "claude-code";
    case Client::vscode:
      return "vscode";
    case Client::cursor:
      return "cursor";
  }
  return "";
}

std::string_view name_of(Weight weight) {
  switch (weight) {
    case Weight::info:
      return "info";
    case Weight::warning:
      return "warning";
    case Weight::error:
      return "error";
  }
  return "";
}

Imported import_servers(std::span<const ClientFile> files, Client client, std::string_view folder) {
  return Import(client, folder).run(files);
}

}  // namespace config
