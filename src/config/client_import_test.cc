#include "config/client_import.h"

#include <gtest/gtest.h>

#include "config/file.h"
#include "schema/schema.h"

namespace config {
namespace {

Imported import_text(std::string text, Client client = Client::unknown) {
  const ClientFile file{"mcp.json", std::move(text)};
  return import_servers(std::span(&file, 1), client);
}

// Whatever is read back must be valid: each variable holds its own name.
File read_back(const Imported& imported) {
  const auto environment = [&](std::string_view name) -> std::optional<std::string> {
    for (const std::string& wanted : imported.variables) {
      if (wanted == name) return "<" + wanted + ">";
    }
    return name == "HOME" ? std::optional<std::string>("/h/ann") : std::nullopt;
  };
  auto reading = schema::read_text<File>(yaml::Source{"imported", imported.yaml}, environment);
  EXPECT_TRUE(reading.problems.empty())
      << schema::render(reading.problems, yaml::Source{"imported", imported.yaml});
  return std::move(reading.value);
}

const std::vector<schema::Located<Target>>& targets_of(const File& file) {
  return file.binds.at(0)->listeners.at(0)->routes.at(0)->backends.at(0)->mcp->targets;
}

std::vector<std::string> said_of(const Imported& imported, std::string_view path) {
  std::vector<std::string> messages;
  for (const Finding& finding : imported.findings) {
    if (finding.path == path) {
      messages.push_back(std::string(name_of(finding.weight)) + ": " + finding.message);
    }
  }
  return messages;
}

using Messages = std::vector<std::string>;
using Words = std::vector<std::string>;

TEST(ClientImport, takes_a_child_over) {
  const Imported imported = import_text(R"({"mcpServers": {"files": {
    "command": "npx", "args": ["-y", "@scope/files@1.2", "/data dir", "true", "a\"b", "50", "$5", "x: y", ""],
    "env": {"LEVEL": "debug", "PORT": 8080, "on": true}}}})");
  EXPECT_EQ(imported.servers, 1U);
  EXPECT_TRUE(imported.variables.empty());
  const File file = read_back(imported);
  ASSERT_EQ(targets_of(file).size(), 1U);
  EXPECT_EQ(targets_of(file)[0]->name, "files");
  const auto& child = std::get<StdioTarget>(targets_of(file)[0]->kind);
  EXPECT_EQ(child.command, "npx");
  EXPECT_EQ(child.arguments,
            (Words{"-y", "@scope/files@1.2", "/data dir", "true", "a\"b", "50", "$5", "x: y", ""}));
  EXPECT_EQ(child.environment, (std::map<std::string, std::string>{
                                   {"LEVEL", "debug"}, {"PORT", "8080"}, {"on", "true"}}));
  EXPECT_EQ(imported.findings.size(), 1U);  // who may come in
}

TEST(ClientImport, takes_servers_over_http_over) {
  const Imported imported = import_text(R"({"servers": {
    "a": {"type": "http", "url": "https://a.example/mcp"},
    "b": {"type": "sse", "url": "http://b.example:8080/events"},
    "c": {"url": "https://c.example/mcp", "headers": {"Authorization": "Bearer ${env:C}", "X-Team": "red",
          "Accept": "*/*"}},
    "d": {"type": "streamable-http", "url": "http://localhost:9000"}}})");
  const File file = read_back(imported);
  const auto& routes = file.binds[0]->listeners[0]->routes;
  ASSERT_EQ(routes.size(), 1U);
  const auto& targets = routes[0]->backends[0]->mcp->targets;
  ASSERT_EQ(targets.size(), 4U);
  EXPECT_EQ(std::get<HttpTarget>(targets[0]->kind).host, "https://a.example/mcp");
  EXPECT_EQ(std::get<SseTarget>(targets[1]->kind).host, "http://b.example:8080/events");
  EXPECT_EQ(said_of(imported, "servers.c"), Messages{});
  // Each target has its own credentials, and no other's.
  for (const std::size_t other : {0U, 1U, 3U}) {
    EXPECT_FALSE(targets[other]->policies.backend_auth) << other;
  }
  const auto& auth = targets[2]->policies.backend_auth;
  ASSERT_TRUE(auth);
  ASSERT_EQ((*auth)->credentials.size(), 2U);
  EXPECT_EQ((*auth)->credentials[0].key.text, "<C>");
  EXPECT_FALSE((*auth)->credentials[0].location);
  EXPECT_EQ((*auth)->credentials[1].key.text, "red");
  EXPECT_EQ(imported.variables, Words{"C"});
  EXPECT_EQ(said_of(imported, "servers.c.headers.Accept"),
            Messages{"info: is written by the gateway itself: not taken over"});
  EXPECT_EQ(routes[0]->backends[0]->mcp->failure_mode, FailureMode::fail_open);
}

TEST(ClientImport, writes_no_secret_anywhere) {
  const std::string secret = "Zq8vN3xK1mW7pL5tR2yB9cD4";
  const Imported imported = import_text(
      R"({"mcpServers": {
    "env": {"command": "a", "env": {"GITHUB_TOKEN": ")" +
      secret + R"(", "DB": "postgres://u:)" + secret + R"(@h/db", "OTHER": "ghp_)" + secret +
      R"("}},
    "args": {"command": "a", "args": ["--api-key", ")" +
      secret + R"(", "--token=)" + secret + R"(", "--header", "Authorization: Bearer )" + secret +
      R"(", "Authorization:)" + secret + R"(", ")" + secret + R"("]},
    "head": {"url": "https://h.example/", "headers": {"Authorization": "Bearer )" +
      secret + R"(", "X-Api-Key": ")" + secret + R"(", "Cookie": "lang=en; session=)" + secret +
      R"("}},
    "path": {"url": "https://z.example/s/)" +
      secret + R"(/mcp"},
    "query": {"url": "https://z.example/mcp?api_key=)" +
      secret + R"("},
    "user": {"url": "https://u:)" +
      secret + R"(@z.example/mcp"}}})");
  EXPECT_EQ(imported.yaml.find(secret), std::string::npos) << imported.yaml;
  for (const Finding& finding : imported.findings) {
    EXPECT_EQ(finding.message.find(secret), std::string::npos) << finding.message;
    EXPECT_EQ(finding.path.find(secret), std::string::npos) << finding.path;
  }
  EXPECT_EQ(imported.servers, 6U) << imported.yaml;
  for (const Finding& finding : imported.findings) {
    EXPECT_NE(finding.weight, Weight::error) << finding.path << ": " << finding.message;
  }
  EXPECT_EQ(
      said_of(imported, "mcpServers.env.env.GITHUB_TOKEN"),
      Messages{"warning: holds a secret, which is not written here: give it to the gateway as "
               "the variable GITHUB_TOKEN"});
  EXPECT_NE(imported.yaml.find("GITHUB_TOKEN: \"${GITHUB_TOKEN}\""), std::string::npos);
  EXPECT_NE(imported.yaml.find("\"Authorization: Bearer ${AUTHORIZATION}\""), std::string::npos)
      << imported.yaml;
}

TEST(ClientImport, keeps_different_secrets_of_one_name_apart) {
  const Imported imported = import_text(R"({"mcpServers": {
    "one": {"command": "a", "env": {"API_KEY": "first-value"}},
    "two": {"command": "a", "env": {"API_KEY": "second-value"}},
    "three": {"command": "a", "env": {"API_KEY": "first-value"}},
    "four": {"command": "a", "env": {"KEY_OF": "${OWN_TOKEN}"}},
    "five": {"command": "a", "env": {"OWN_TOKEN": "another-value"}}}})");
  EXPECT_EQ(imported.variables, (Words{"API_KEY", "TWO_API_KEY", "OWN_TOKEN", "FIVE_OWN_TOKEN"}));
}

TEST(ClientImport, knows_what_is_no_secret) {
  const Imported imported = import_text(R"({"mcpServers": {"a": {"command": "a",
    "args": ["--token-file", "/run/token", "--max-tokens", "100000", "--auth", "true", "-p", "8080"],
    "env": {"MAX_TOKENS": "40000", "KEY_FILE": "/etc/key.pem", "AUTH": "none", "PWD": "/h/ann/project",
            "AWS_REGION": "eu-central-1", "NODE_PATH": "/usr/local/lib/node_modules_of_everybody"}}}})");
  EXPECT_TRUE(imported.variables.empty()) << imported.yaml;
  read_back(imported);
}

TEST(ClientImport, translates_the_variables_of_clients) {
  const Imported imported = import_text(R"({
    // asked once
    "inputs": [{"type": "promptString", "id": "api-key", "password": true}],
    "servers": {"a": {"command": "${workspaceFolder}/run", "args": ["${input:api-key}", "${env:B}",
      "${userHome}/x", "${C:-d e}", "${config:x.y}", "$HOME", "a${pathSeparator}b"],},},
  })",
                                        Client::unknown);
  const File file = read_back(imported);
  const auto& child = std::get<StdioTarget>(targets_of(file)[0]->kind);
  EXPECT_EQ(child.command, "<WORKSPACE_FOLDER>/run");
  EXPECT_EQ(child.arguments,
            (Words{"<API_KEY>", "<B>", "/h/ann/x", "d e", "${config:x.y}", "$HOME", "a/b"}));
  EXPECT_EQ(imported.variables, (Words{"WORKSPACE_FOLDER", "API_KEY", "B"}));
  EXPECT_EQ(said_of(imported, "servers.a.args[4]").size(), 1U);
}

TEST(ClientImport, knows_that_claude_desktop_expands_nothing) {
  const Imported imported = import_text(
      R"({"mcpServers": {"a": {"command": "a", "args": ["${HOME}/x"]}}})", Client::claude_desktop);
  EXPECT_TRUE(imported.variables.empty());
  const File file = read_back(imported);
  EXPECT_EQ(std::get<StdioTarget>(targets_of(file)[0]->kind).arguments, Words{"${HOME}/x"});
}

TEST(ClientImport, starts_a_server_in_its_folder) {
  const Imported imported = import_text(
      R"({"mcpServers": {"a": {"command": "python", "args": ["-m", "srv"], "cwd": "/srv/it's"}}})");
  const File file = read_back(imported);
  const auto& child = std::get<StdioTarget>(targets_of(file)[0]->kind);
  EXPECT_EQ(child.command, "sh");
  EXPECT_EQ(child.arguments, (Words{"-c", "cd \"$1\" && shift && exec \"$@\"", "sh", "/srv/it's",
                                    "python", "-m", "srv"}));
}

TEST(ClientImport, gives_a_finding_for_each_field_that_it_does_not_take) {
  const Imported imported = import_text(R"({"mcpServers": {"a": {"command": "a", "timeout": 60,
    "alwaysAllow": ["x"], "disabledTools": ["y"], "envFile": ".env", "oauth": {}, "headersHelper": "x",
    "colour": "red", "env": {"A": null, "B": {"x": 1}}}}})");
  EXPECT_EQ(said_of(imported, "mcpServers.a.timeout"),
            Messages{"info: concerns the client only: not taken over"});
  EXPECT_EQ(
      said_of(imported, "mcpServers.a.disabledTools"),
      Messages{"warning: not taken over: who may use which tools is said by mcpAuthorization"});
  EXPECT_EQ(said_of(imported, "mcpServers.a.colour"),
            Messages{"warning: is not known here: not taken over"});
  for (const char* member :
       {"alwaysAllow", "envFile", "oauth", "headersHelper", "env.A", "env.B"}) {
    EXPECT_EQ(said_of(imported, "mcpServers.a." + std::string(member)).size(), 1U) << member;
  }
  read_back(imported);
}

TEST(ClientImport, writes_servers_that_are_switched_off_as_comments) {
  const Imported imported = import_text(R"({"mcpServers": {
    "on": {"command": "a"}, "gone": {"command": "b", "env": {"T_TOKEN": "secret-of-it"}, "disabled": true},
    "off2": {"url": "http://x/", "enabled": false}}})");
  EXPECT_EQ(imported.servers, 1U);
  EXPECT_TRUE(imported.variables.empty());
  EXPECT_NE(imported.yaml.find("          # - name: gone\n"), std::string::npos) << imported.yaml;
  EXPECT_EQ(targets_of(read_back(imported)).size(), 1U);
}

TEST(ClientImport, makes_names_that_targets_may_have) {
  const Imported imported = import_text(R"({"mcpServers": {
    "my_server": {"command": "a"}, "my server": {"command": "a"}, "ünï": {"command": "a"}, "1.5": {"command": "a"},
    "line\nbreak": {"command": "a"}, "": {"command": "a"}}})");
  const File file = read_back(imported);
  Words names;
  for (const auto& target : targets_of(file)) names.push_back(target->name);
  EXPECT_EQ(names, (Words{"my-server", "my-server-2", "n", "1.5", "line-break", "server"}));
}

TEST(ClientImport, leaves_out_what_the_gateway_cannot_have) {
  const Imported imported = import_text(R"({"mcpServers": {
    "fine": {"command": "a"}, "ws": {"type": "ws", "url": "ws://x/"}, "none": {}, "text": "x",
    "odd": {"url": "ftp://x/"}, "word": {"url": "nonsense"}, "blank": {"command": ""},
    "header": {"url": "http://x/", "headers": {"bad name": "x"}}}})");
  EXPECT_EQ(imported.servers, 1U);
  for (const char* name : {"ws.type", "none", "text", "odd.url", "word.url", "header"}) {
    const Messages messages = said_of(imported, "mcpServers." + std::string(name));
    ASSERT_EQ(messages.size(), 1U) << name;
    EXPECT_TRUE(messages[0].starts_with("error: ")) << messages[0];
  }
  read_back(imported);
}

TEST(ClientImport, says_why_there_is_nothing) {
  for (const char* text : {"{}", "[]", "{\"mcpServers\": {}}", "{\"mcpServers\": []}", "not json",
                           "", "{\"mcpServers\": {\"a\": {\"type\": \"ws\"}}}"}) {
    const Imported imported = import_text(text);
    EXPECT_EQ(imported.yaml, "") << text;
    ASSERT_FALSE(imported.findings.empty()) << text;
    EXPECT_EQ(imported.findings[0].weight, Weight::error) << text;
  }
}

TEST(ClientImport, reads_the_places_of_all_dialects) {
  for (const char* text :
       {R"({"mcpServers": {"a": {"command": "x"}}})", R"({"servers": {"a": {"command": "x"}}})",
        R"({"mcp": {"servers": {"a": {"command": "x"}}}})", R"({"a": {"command": "x"}})",
        R"({"mcp": {"a": {"type": "local", "command": ["x"], "environment": {"B": "c"}}}})"}) {
    const Imported imported = import_text(text);
    EXPECT_EQ(imported.servers, 1U) << text;
    const File file = read_back(imported);
    EXPECT_EQ(std::get<StdioTarget>(targets_of(file)[0]->kind).command, "x") << text;
  }
}

TEST(ClientImport, takes_the_servers_of_a_project_first) {
  const ClientFile files[] = {
      {"project",
       R"({"mcpServers": {"a": {"command": "of-the-project"}, "gone": {"command": "x"}}})"},
      {"user", R"({"mcpServers": {"a": {"command": "of-the-user"}, "b": {"command": "b"}},
                   "projects": {"/p/shop": {"mcpServers": {"c": {"command": "c"}},
                                               "disabledMcpServers": ["b"]},
                                "/other": {"mcpServers": {"d": {"command": "d"}}}}})"}};
  const Imported imported = import_servers(files, Client::claude_code, "/p/shop");
  const File file = read_back(imported);
  Words commands;
  for (const auto& target : targets_of(file)) {
    commands.push_back(std::get<StdioTarget>(target->kind).command);
  }
  EXPECT_EQ(commands, (Words{"of-the-project", "x", "c"}));
  EXPECT_EQ(said_of(imported, "user: mcpServers.a"),
            Messages{"info: is there twice: the first one counts"});
}

TEST(ClientImport, takes_no_more_than_a_backend_has) {
  std::string text = R"({"mcpServers": {)";
  for (int i = 0; i < 70; ++i) {
    text += (i == 0 ? "\"s" : ",\"s") + std::to_string(i) + R"(": {"command": "a"})";
  }
  const Imported imported = import_text(text + "}}");
  EXPECT_EQ(imported.servers, 64U);
  EXPECT_EQ(said_of(imported, "mcpServers.s64").size(), 1U);
}

}  // namespace
}  // namespace config
