#include "schema/schema.h"

#include <gtest/gtest.h>

namespace schema {
namespace {

enum class Mode { strict, optional, permissive };
std::vector<std::string> spellings(Mode) {
  return {"strict", "optional", "permissive"};
}

struct Jwks {
  std::optional<std::string> file;
  std::optional<std::string> url;
  std::optional<std::string> inline_text;
  std::chrono::seconds refresh = std::chrono::minutes(5);
  bool operator==(const Jwks&) const = default;
};
void describe(Object<Jwks>& o) {
  o.field("file", &Jwks::file, "Path of a key set; read again when it changes.");
  o.field("url", &Jwks::url, "Address to fetch the key set from.");
  o.field("refresh", &Jwks::refresh, "How long a fetched key set is used.");
  o.scalar_form(&Jwks::inline_text, "The key set itself.");
  o.check([](const Jwks& jwks) {
    const int given = (jwks.file ? 1 : 0) + (jwks.url ? 1 : 0) + (jwks.inline_text ? 1 : 0);
    return std::string(given == 1 ? "" : "give exactly one of `file` and `url`");
  });
}

struct JwtAuth {
  Mode mode = Mode::optional;
  std::string issuer;
  std::vector<std::string> audiences;
  Jwks jwks;
  bool operator==(const JwtAuth&) const = default;
};
void describe(Object<JwtAuth>& o) {
  o.doc("Who may come in.");
  o.field("mode", &JwtAuth::mode, "What happens without a token.");
  o.field("issuer", &JwtAuth::issuer, "Exact `iss` of accepted tokens.").required();
  o.field("audiences", &JwtAuth::audiences, "Any of these in `aud`; none: not checked.");
  o.field("jwks", &JwtAuth::jwks, "The issuer's keys.").required();
  o.not_supported("location", "Where the token is.");
}

struct Rule {
  std::optional<Located<std::string>> allow;
  std::optional<Located<std::string>> deny;
  bool operator==(const Rule&) const = default;
};
void describe(Object<Rule>& o) {
  o.field("allow", &Rule::allow, "Lets the request pass.").format("CEL");
  o.field("deny", &Rule::deny, "Refuses the request.").format("CEL");
  o.exactly_one_of({"allow", "deny"});
  o.scalar_form(&Rule::allow, "The same as `allow`.");
}

struct Stdio {
  std::string cmd;
  std::vector<std::string> args;
  std::map<std::string, std::string> env;
  bool clear_env = false;
  bool operator==(const Stdio&) const = default;
};
void describe(Object<Stdio>& o) {
  o.field("cmd", &Stdio::cmd, "The program.").required();
  o.field("args", &Stdio::args, "Its arguments.");
  o.field("env", &Stdio::env, "Added to its environment.").secret();
  o.field("clear_env", &Stdio::clear_env, "Start from an empty environment.").alias("clearEnv");
}

struct Remote {
  std::string host;
  std::uint16_t port = 443;
  bool operator==(const Remote&) const = default;
};
void describe(Object<Remote>& o) {
  o.field("host", &Remote::host, "Where it is.").required();
  o.field("port", &Remote::port, "Its port.").range(1, 65535);
}

using TargetKind = std::variant<Stdio, Remote>;
void describe(Choice<TargetKind>& c) {
  c.option<Stdio>("stdio", "A child process.");
  c.option<Remote>("mcp", "A server over HTTP.");
  c.not_supported("openapi", "A REST service.");
}

struct Target {
  std::string name;
  TargetKind kind;
  Bytes body_max{1U << 20U};
  bool operator==(const Target&) const = default;
};
void describe(Object<Target>& o) {
  o.field("name", &Target::name, "Its name.").required().check([](const std::string& name) {
    return std::string(name.find('_') == name.npos ? "" : "a target's name has no `_`");
  });
  o.include(&Target::kind);
  o.field("bodyMax", &Target::body_max, "Largest body.");
}

struct File {
  std::vector<Target> targets;
  std::vector<Rule> rules;
  std::optional<JwtAuth> jwt_auth;
  Box<File> fallback;
  std::optional<Raw> metadata;
  OneOrMore<std::string> gateways;
  double ratio = 0.5;
  bool operator==(const File&) const = default;
};
void describe(Object<File>& o) {
  o.field("targets", &File::targets, "The servers.");
  o.field("rules", &File::rules, "Who may do what.");
  o.field("jwtAuth", &File::jwt_auth, "Tokens.");
  o.field("fallback", &File::fallback, "Another one.");
  o.field("metadata", &File::metadata, "Free form.");
  o.field("gateways", &File::gateways, "Where it is attached.");
  o.field("ratio", &File::ratio, "A share.");
}

yaml::Environment no_variables() {
  return [](std::string_view name) -> std::optional<std::string> {
    if (name == "PORT") return "8443";
    if (name == "NAME") return "007";
    if (name == "TOKEN") return "hunter2";
    return std::nullopt;
  };
}

template <class T = File>
T value_of(std::string text) {
  const yaml::Source source{"test.yaml", std::move(text)};
  Reading<T> reading = read_text<T>(source, no_variables());
  EXPECT_TRUE(reading.problems.empty()) << render(reading.problems, source);
  return std::move(reading.value);
}

template <class T = File>
std::string problems_of(std::string text) {
  const yaml::Source source{"test.yaml", std::move(text)};
  return render(read_text<T>(source, no_variables()).problems, source);
}

// The messages alone, one a line.
template <class T = File>
std::string messages_of(std::string text) {
  const yaml::Source source{"test.yaml", std::move(text)};
  std::string out;
  for (const Problem& problem : read_text<T>(source, no_variables()).problems) {
    out += text_of(problem) + "\n";
  }
  return out;
}

constexpr const char* full = R"(
targets:
  - name: time
    stdio: {cmd: npx, args: [-y, server], env: {KEY: secret-value}, clearEnv: true}
    bodyMax: 64KiB
  - name: web
    mcp: {host: example.com, port: $PORT}
rules:
  - mcp.tool.name == "echo"
  - deny: |
      a
      || b
jwtAuth:
  mode: strict
  issuer: "$NAME"
  audiences: [a, b]
  jwks: {file: keys.json, refresh: 1m30s}
fallback:
  rules: []
metadata: {any: [1, null, "x"]}
gateways: default
ratio: 1
)";

TEST(Schema, fills_the_struct) {
  const File file = value_of(full);

  ASSERT_EQ(file.targets.size(), 2U);
  const auto& stdio = std::get<Stdio>(file.targets[0].kind);
  EXPECT_EQ(stdio.cmd, "npx");
  EXPECT_EQ(stdio.args, (std::vector<std::string>{"-y", "server"}));
  EXPECT_TRUE(stdio.clear_env);
  EXPECT_EQ(file.targets[0].body_max.count, 65536U);
  EXPECT_EQ(std::get<Remote>(file.targets[1].kind).port, 8443);
  EXPECT_EQ(file.targets[1].body_max.count, 1U << 20U);
  ASSERT_EQ(file.rules.size(), 2U);
  EXPECT_EQ(**file.rules[0].allow, "mcp.tool.name == \"echo\"");
  EXPECT_EQ(**file.rules[1].deny, "a\n|| b\n");
  ASSERT_TRUE(file.jwt_auth);
  EXPECT_EQ(file.jwt_auth->mode, Mode::strict);
  EXPECT_EQ(file.jwt_auth->issuer, "007");
  EXPECT_EQ(file.jwt_auth->jwks.refresh, std::chrono::seconds(90));
  ASSERT_TRUE(file.fallback);
  EXPECT_TRUE(file.fallback->rules.empty());
  EXPECT_EQ(file.gateways.items, std::vector<std::string>{"default"});
  EXPECT_EQ(file.ratio, 1.0);
}

TEST(Schema, remembers_where_a_text_stood) {
  const File file = value_of(full);

  const Located<std::string>& plain = *file.rules[0].allow;
  EXPECT_EQ(plain.place.at(), (yaml::Position{9, 5}));
  EXPECT_EQ(plain.place.at(*plain, 4), (yaml::Position{9, 9}));
  const Located<std::string>& block = *file.rules[1].deny;
  EXPECT_EQ(block.place.at(), (yaml::Position{10, 11}));
  EXPECT_EQ(block.place.at(*block, 5), (yaml::Position{12, 10}));
  EXPECT_EQ(Located<std::string>("x"), Located<std::string>("x", plain.place));
}

TEST(Schema, reports_all_problems_with_line_caret_and_suggestion) {
  EXPECT_EQ(problems_of("targets:\n"
                        "  - name: a_b\n"
                        "    mcp:\n"
                        "      post: 80\n"
                        "      host: 5\n"
                        "rules:\n"
                        "  - {alow: x}\n"
                        "jwtAuth:\n"
                        "  mode: strikt\n"
                        "  audiences: all\n"
                        "  jwks: {file: f, url: u}\n"
                        "ratio: [1]\n"),
            R"(test.yaml:2:11: targets[0].name: a target's name has no `_`
      - name: a_b
              ^
test.yaml:4:7: targets[0].mcp: unknown field `post`, did you mean `port`?
          post: 80
          ^
test.yaml:5:13: targets[0].mcp.host: expected a string (put it in quotes), found a whole number `5`
          host: 5
                ^
test.yaml:7:5: rules[0]: exactly one of `allow`, `deny` is required
      - {alow: x}
        ^
test.yaml:7:6: rules[0]: unknown field `alow`, did you mean `allow`?
      - {alow: x}
         ^
test.yaml:9:3: jwtAuth: `issuer` is required
      mode: strikt
      ^
test.yaml:9:9: jwtAuth.mode: expected one of strict, optional, permissive, found a string `strikt`, did you mean `strict`?
      mode: strikt
            ^
test.yaml:10:14: jwtAuth.audiences: expected a list, found a string `all`
      audiences: all
                 ^
test.yaml:11:9: jwtAuth.jwks: give exactly one of `file` and `url`
      jwks: {file: f, url: u}
            ^
test.yaml:12:8: ratio: expected a number, found a list
    ratio: [1]
           ^
)");
}

TEST(Schema, says_that_a_field_is_known_but_not_supported) {
  EXPECT_EQ(messages_of("jwtAuth: {issuer: i, jwks: k, location: {}}"),
            "field `location` is known, but not supported yet\n");
  EXPECT_EQ(messages_of("targets: [{name: a, openapi: {}}]"),
            "field `openapi` is known, but not supported yet\n");
}

TEST(Schema, wants_exactly_one_of_a_choice) {
  EXPECT_EQ(messages_of("targets: [{name: a}]"), "exactly one of `stdio`, `mcp` is required\n");
  EXPECT_EQ(messages_of("targets: [{name: a, mcp: {host: h}, stdio: {cmd: c}}]"),
            "`stdio` and `mcp` exclude each other\n");
  EXPECT_EQ(messages_of("rules: [{allow: a, deny: b}]"), "`deny` and `allow` exclude each other\n");
}

TEST(Schema, takes_no_empty_value_for_an_absent_one) {
  EXPECT_EQ(messages_of("jwtAuth:\nrules: ~\n"),
            "has no value; give it one or remove it\nhas no value; give it one or remove it\n");
  EXPECT_EQ(messages_of("rules: [~]"), "expected a string, found nothing\n");
  EXPECT_EQ(messages_of("targets: [~]"), "expected an object, found nothing\n");
  EXPECT_EQ(messages_of(""), "expected an object, found nothing\n");
  EXPECT_EQ(messages_of("metadata: null"), "");
}

TEST(Schema, reads_a_field_once_whatever_its_name) {
  EXPECT_EQ(messages_of("targets: [{name: a, stdio: {cmd: c, clearEnv: true, clear_env: false}}]"),
            "`clear_env` is the same field as `clearEnv`\n");
}

TEST(Schema, types_what_comes_from_the_environment_by_its_field) {
  const File file = value_of("targets: [{name: $NAME, mcp: {host: \"$PORT\", port: \"${PORT}\"}}]");
  EXPECT_EQ(file.targets[0].name, "007");
  EXPECT_EQ(std::get<Remote>(file.targets[0].kind).host, "8443");
  EXPECT_EQ(std::get<Remote>(file.targets[0].kind).port, 8443);
  EXPECT_EQ(messages_of("targets: [{name: a, mcp: {host: h, port: \"80\"}}]"),
            "expected a whole number from 0 to 65535 without quotes, found a string `80`\n");
  EXPECT_EQ(messages_of("ratio: $NOTHING"), "environment variable `NOTHING` is not set\n");
}

TEST(Schema, shows_no_secrets) {
  // A secret field: neither its value nor its source line. An expanded one: not what the variable
  // holds.
  const std::string problems = problems_of(
      "targets:\n- name: a\n  stdio:\n    cmd: c\n    env: {KEY: [s3cret]}\n"
      "ratio: $TOKEN\n");
  EXPECT_EQ(problems,
            "test.yaml:5:16: targets[0].stdio.env.KEY: expected a string, found a list\n"
            "test.yaml:6:8: ratio: expected a number, found a string\n"
            "    ratio: $TOKEN\n"
            "           ^\n");
  const std::string dumped = dump(value_of(full), Show::redacted);
  EXPECT_EQ(dumped.find("secret-value"), std::string::npos);
  EXPECT_NE(dumped.find("\"env\":\"<redacted>\""), std::string::npos);
}

TEST(Schema, shows_no_line_with_a_secret_whatever_else_is_wrong_with_it) {
  const std::vector<std::string> texts = {
      "targets: [{name: a, stdio: {cmd: c, env: {K: s3cret}, oops: 1}}]",
      "targets: [{name: a, stdio: {oops: 1, cmd: c, env: {K: s3cret}}}]",
      "targets: [{name: a_b, stdio: {cmd: c, env: {K: s3cret}}}]",
      "targets: [{name: a, stdio: {cmd: c, enf: {K: s3cret}}}]",
      "targets: [{name: a, stdio: {cmd: c, password: s3cret}}]",
      "targets: [{name: a, stdio: {cmd: c, env: {K: $NOTHING-s3cret}}}]",
      "targets: [{name: a, stdio: s3cret}]",
      "targets: [s3cret]",
      "targets: [{name: a, stdo: {env: {K: s3cret}}}]",
      "targets: [{name: a, stdio: {cmd: c, env: {K: \"a\n  s3cret\"}, oops: 1}}]",
  };
  for (const std::string& text : texts) {
    const std::string problems = problems_of(text);
    EXPECT_NE(problems, "") << text;
    EXPECT_EQ(problems.find("s3cret"), std::string::npos) << problems;
  }
  // A name that was meant to be another one is shown with its line as ever.
  EXPECT_NE(problems_of("targets:\n- name: a\n  stdio:\n    cmdd: c\n").find("    cmdd: c"),
            std::string::npos);
}

TEST(Schema, dumps_what_reads_back_as_the_same) {
  const File file = value_of(full);
  const std::string text = dump(file, Show::plain);

  EXPECT_EQ(value_of(text), file) << text;
  EXPECT_EQ(dump(value_of(text), Show::plain), text);
  const std::string scalar_form = "jwtAuth: {issuer: i, jwks: \"{}\"}";
  EXPECT_EQ(value_of(dump(value_of(scalar_form), Show::plain)), value_of(scalar_form));
}

TEST(Schema, refuses_values_out_of_range) {
  EXPECT_EQ(messages_of<Remote>("{host: h, port: 65536}"),
            "expected a whole number from 0 to 65535, found a whole number `65536`\n");
  EXPECT_EQ(messages_of<Remote>("{host: h, port: -1}"),
            "expected a whole number from 0 to 65535, found a whole number `-1`\n");
  EXPECT_EQ(messages_of<Remote>("{host: h, port: 0}"), "expected a whole number from 1 to 65535\n");
  EXPECT_EQ(messages_of<Remote>("{host: h, port: 1.0}"),
            "expected a whole number from 0 to 65535, found a number `1.0`\n");
}

struct Common {
  std::string mode = "http";
  std::optional<std::string> cert;
  bool operator==(const Common&) const = default;
};
void describe(Object<Common>& o) {
  o.field("mode", &Common::mode, "How.");
  o.field("cert", &Common::cert, "A certificate.");
  o.check("cert", [](const Common& common) {
    return std::string(common.cert && common.mode != "tls" ? "only with `mode: tls`" : "");
  });
}

struct Listener {
  std::string name;
  Common common{"tls", std::nullopt};
  int old_port = 0;
  int port = 0;
  bool operator==(const Listener&) const = default;
};
void describe(Object<Listener>& o) {
  o.field("name", &Listener::name, "Its name.").required();
  o.include(&Listener::common);
  o.field("oldPort", &Listener::old_port, "A port.").deprecated("use `port`");
  o.field("port", &Listener::port, "A port.");
  o.at_most_one_of({"oldPort", "port"});
  o.ignores_unknown();
}

TEST(Schema, includes_the_fields_of_a_member) {
  EXPECT_EQ(value_of<Listener>("{name: a, cert: c}").common, (Common{"tls", "c"}));
  EXPECT_EQ(value_of<Listener>("{name: a, mode: x}").common.mode, "x");
  EXPECT_EQ(problems_of<Listener>("{name: a, mode: x, cert: c}"),
            "test.yaml:1:26: cert: only with `mode: tls`\n"
            "    {name: a, mode: x, cert: c}\n"
            "                             ^\n");
  EXPECT_EQ(object_info<Listener>().find("mode")->default_json(), "\"tls\"");
  EXPECT_EQ(object_info<Common>().find("mode")->default_json(), "\"http\"");
  EXPECT_EQ(dump(value_of<Listener>("{name: a, cert: c}"), Show::plain),
            R"({"name":"a","mode":"tls","cert":"c","oldPort":0,"port":0})");
}

TEST(Schema, warns_about_deprecated_and_ignored_fields) {
  EXPECT_EQ(messages_of<Listener>("{name: a, oldPort: 1, prot: 2}"),
            "warning: field `oldPort` is deprecated: use `port`\n"
            "warning: unknown field `prot` is ignored, did you mean `port`?\n");
  const yaml::Source source{"f", "{name: a, oldPort: 1}"};
  EXPECT_FALSE(has_errors(read_text<Listener>(source, no_variables()).problems));
  EXPECT_EQ(messages_of<Listener>("{name: a, oldPort: 1, port: 2}"),
            "warning: field `oldPort` is deprecated: use `port`\n"
            "`port` and `oldPort` exclude each other\n");
}

TEST(Schema, writes_a_json_schema) {
  const std::string text = json_schema<File>("Test");
  const Result<json::Document> document = json::Document::parse(text);
  ASSERT_TRUE(document.has_value()) << document.error().why();
  const json::Value definitions = *document->root().find("$defs");

  EXPECT_EQ(document->root().find_string("$ref"), "#/$defs/File");
  const json::Value file = *definitions.find("File");
  EXPECT_EQ(file.find("additionalProperties")->as_bool(), false);
  EXPECT_EQ(file.find("properties")->find("ratio")->find("default")->raw(), "0.5");
  EXPECT_EQ(file.find("properties")->find("fallback")->find_string("$ref"), "#/$defs/File");
  const json::Value target = *definitions.find("Target");
  EXPECT_EQ(target.find("allOf")->raw(),
            R"([{"required":["name"]},{"oneOf":[{"required":["stdio"]},{"required":["mcp"]}]}])");
  EXPECT_FALSE(target.find("properties")->find("openapi").has_value());
  EXPECT_EQ(definitions.find("Stdio")->find("properties")->find("env")->find("writeOnly")->raw(),
            "true");
  EXPECT_EQ(definitions.find("Rule")->find("anyOf")->size(), 2U);
}

TEST(Schema, writes_documentation_tables) {
  const std::string text = markdown<JwtAuth>();

  EXPECT_EQ(text, R"(### JwtAuth

Who may come in.

| field | type | default | meaning |
|---|---|---|---|
| `mode` | `strict` \| `optional` \| `permissive` | `optional` | What happens without a token. |
| `issuer` | string | required | Exact `iss` of accepted tokens. |
| `audiences` | list of string | `[]` | Any of these in `aud`; none: not checked. |
| `jwks` | [Jwks](#jwks) | required | The issuer's keys. |
| `location` |  |  | Where the token is. Not supported yet. |

### Jwks

In place of the object: string. The key set itself.

| field | type | default | meaning |
|---|---|---|---|
| `file` | string |  | Path of a key set; read again when it changes. |
| `url` | string |  | Address to fetch the key set from. |
| `refresh` | duration | `5m` | How long a fetched key set is used. |
)");
}

}  // namespace
}  // namespace schema
