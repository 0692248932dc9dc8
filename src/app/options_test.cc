#include "app/options.h"

#include <gtest/gtest.h>

namespace app {
namespace {

ParsedOptions parse(std::vector<std::string_view> arguments) {
  return parse_options(arguments);
}

TEST(Options, serves_the_demo_without_arguments) {
  const ParsedOptions parsed = parse({});
  EXPECT_FALSE(parsed.mistake);
  EXPECT_EQ(parsed.options, Options());
}

TEST(Options, takes_a_file_in_every_spelling) {
  for (const auto& arguments : {std::vector<std::string_view>{"-f", "a.yaml"},
                                std::vector<std::string_view>{"--file", "a.yaml"},
                                std::vector<std::string_view>{"--file=a.yaml"}}) {
    const ParsedOptions parsed = parse(arguments);
    EXPECT_FALSE(parsed.mistake);
    EXPECT_EQ(parsed.options.file, "a.yaml");
    EXPECT_EQ(parsed.options.command, Command::serve);
  }
}

TEST(Options, validates_wherever_the_flag_stands) {
  EXPECT_EQ(parse({"--validate-only", "-f", "a"}).options.command, Command::validate);
  EXPECT_EQ(parse({"-f", "a", "--validate-only"}).options.command, Command::validate);
}

TEST(Options, tells_the_short_version_from_the_long_one) {
  EXPECT_EQ(parse({"-V"}).options.command, Command::version_short);
  EXPECT_EQ(parse({"--version"}).options.command, Command::version_long);
}

TEST(Options, reads_the_cel_commands) {
  const ParsedOptions parsed = parse({"cel", "eval", "1 + x", "--data", R"({"x":2})", "--explain"});
  EXPECT_FALSE(parsed.mistake);
  EXPECT_EQ(parsed.options.command, Command::cel_eval);
  EXPECT_EQ(parsed.options.expression, "1 + x");
  EXPECT_EQ(parsed.options.data, R"({"x":2})");
  EXPECT_TRUE(parsed.options.explain);
}

TEST(Options, reads_the_token_commands) {
  EXPECT_EQ(parse({"token", "decode"}).options.token.token, "-");
  EXPECT_EQ(parse({"token", "decode", "-"}).options.token.token, "-");
  EXPECT_EQ(parse({"token", "decode", "a.jwt"}).options.token.token, "a.jwt");
  const ParsedOptions verify =
      parse({"token", "verify", "-f", "c.yaml", "--token=t", "--listener", "l", "--route", "r"});
  EXPECT_FALSE(verify.mistake);
  EXPECT_EQ(verify.options.command, Command::token_verify);
  EXPECT_EQ(verify.options.token.token, "t");
  EXPECT_EQ(verify.options.token.listener, "l");
  EXPECT_EQ(verify.options.token.route, "r");
  const ParsedOptions mint =
      parse({"token", "mint", "--key", "k", "--claim", "a=b", "--claim", "c:=1"});
  EXPECT_FALSE(mint.mistake);
  EXPECT_EQ(mint.options.token.key, "k");
  EXPECT_EQ(mint.options.token.claim, (std::vector<std::string>{"a=b", "c:=1"}));
  for (const auto* verb : {"mint", "verify", "decode"}) {
    EXPECT_EQ(parse({"token", verb, "--help"}).options.command, Command::token_help);
  }
  EXPECT_EQ(parse({"token", "--help"}).options.command, Command::token_help);
}

TEST(Options, explain_asks_about_callers_and_things) {
  const ParsedOptions parsed =
      parse({"explain", "-f", "a.yaml", "--token", "one.key", "--token=two.key", "--tool", "echo",
             "--expect", "deny", "-o", "json", "--anonymous"});
  EXPECT_FALSE(parsed.mistake) << *parsed.mistake;
  EXPECT_EQ(parsed.options.command, Command::explain);
  const ExplainOptions& explain = parsed.options.explanation;
  EXPECT_EQ(explain.tokens, (std::vector<std::string>{"one.key", "two.key"}));
  EXPECT_EQ(explain.tools, std::vector<std::string>{"echo"});
  EXPECT_EQ(explain.expect, "deny");
  EXPECT_TRUE(explain.is_json);
  EXPECT_TRUE(explain.anonymous);
}

TEST(Options, each_command_has_help_of_its_own) {
  const struct {
    std::vector<std::string_view> arguments;
    Command command;
    std::string_view said;
  } table[] = {
      {{"cel", "--help"}, Command::cel_help, "cel eval EXPRESSION"},
      {{"cel", "eval", "--help"}, Command::cel_help, "--data JSON"},
      {{"cel", "eval", "1", "--help"}, Command::cel_help, "--explain"},
      {{"explain", "--help"}, Command::explain_help, "--expect WHAT"},
      {{"explain", "-f", "a.yaml", "-h"}, Command::explain_help, "--claims JSON"},
      {{"import", "--help"}, Command::import_help, "--from CLIENT"},
      {{"token", "mint", "--help"}, Command::token_help, "token mint --key FILE"},
      {{"-f", "a.yaml", "--help"}, Command::help, "Exit status:"},
  };
  for (const auto& [arguments, command, said] : table) {
    const ParsedOptions parsed = parse_options(arguments);
    EXPECT_FALSE(parsed.mistake) << *parsed.mistake;
    EXPECT_EQ(parsed.options.command, command);
    EXPECT_NE(usage(command).find(said), std::string_view::npos) << said;
    EXPECT_EQ(usage(command).find("SIGHUP") != std::string_view::npos, command == Command::help);
  }
  EXPECT_EQ(topic_of(parse({"explain"}).options.command), "explain");
}

TEST(Options, import_wants_to_know_whose_servers) {
  const ParsedOptions parsed = parse({"import", "--from", "claude-desktop"});
  EXPECT_FALSE(parsed.mistake) << *parsed.mistake;
  EXPECT_EQ(parsed.options.command, Command::import_client);
  EXPECT_EQ(parsed.options.from, "claude-desktop");
  EXPECT_EQ(parse({"import", "--from=-"}).options.from, "-");
}

TEST(Options, names_what_is_wrong) {
  const struct {
    std::vector<std::string_view> arguments;
    std::string_view mistake;
  } table[] = {
      {{"-f"}, "option '-f' needs a value"},
      {{"-f", "a", "-c", "b"}, "only one of --config and --file can be given"},
      {{"-f", "a", "-f", "b"}, "option '-f' is given twice"},
      {{"--fiel", "a"}, "unknown option '--fiel'"},
      {{"--explain"}, "unknown option '--explain'"},
      {{"serve"}, "unknown command 'serve'"},
      {{"cel"}, "'cel' is followed by 'eval' or 'check'"},
      {{"cel", "eval"}, "'cel eval' needs an expression"},
      {{"schema", "-f", "a"},
       "--file and --config belong to serving, --validate-only, 'explain' and 'token verify'"},
      {{"explain"}, "'explain' needs a configuration: '-f FILE'"},
      {{"explain", "-f", "a", "--expect", "yes"},
       "'--expect' is followed by 'allow', 'deny' or 'refused'"},
      {{"explain", "-f", "a", "-o", "xml"}, "'-o' is followed by 'json' or 'text'"},
      {{"import"}, "'import' needs to know whose servers: '--from CLIENT' or '--from FILE'"},
      {{"import", "--from"}, "option '--from' needs a value"},
      {{"import", "--from", "a", "--from", "b"}, "option '--from' is given twice"},
      {{"import", "-f", "a", "--from", "b"},
       "--file and --config belong to serving, --validate-only, 'explain' and 'token verify'"},
      {{"--from", "a"}, "unknown option '--from'"},
      {{"--tool", "a"}, "unknown option '--tool'"},
      {{"token"}, "'token' is followed by 'mint', 'decode' or 'verify'"},
      {{"token", "verify"}, "'token verify' needs a configuration: '-f FILE'"},
      {{"token", "verify", "-f", "-"},
       "only one of configuration and token can be standard input: '--token FILE'"},
      {{"token", "mint"}, "'token mint' needs the private key: '--key FILE'"},
      {{"token", "decode", "--key", "a"}, "unknown option '--key'"},
      {{"token", "decode", "a", "b"}, "unexpected word 'b'"},
      {{"token", "mint", "--key", "a", "--key", "b"}, "option '--key' is given twice"},
  };
  for (const auto& row : table) EXPECT_EQ(parse(row.arguments).mistake, row.mistake);
}

}  // namespace
}  // namespace app
