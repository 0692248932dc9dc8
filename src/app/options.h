#pragma once
// The command line as a value. Reading it has no side effects; what a command does is in
// process.cc.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace app {

enum class Command {
  serve,
  validate,
  version_short,
  version_long,
  help,
  cel_eval,
  cel_check,
  print_schema,
  print_docs,
  cel_help,
  explain_help,
  import_help,
  token_help,
  token_mint,
  token_decode,
  token_verify,
  explain,
  import_client,
};

// The command whose --help tells more about it: "token" of `token mint`; "" for the general one.
std::string_view topic_of(Command command);

// What `explain` is asked. A path may be "-": standard input.
struct ExplainOptions {
  std::vector<std::string> tokens;  // paths
  std::vector<std::string> claims;  // JSON objects that nobody has signed
  bool anonymous = false;           // also nobody in particular
  std::vector<std::string> tools;   // none of the three: all that the servers list
  std::vector<std::string> prompts;
  std::vector<std::string> resources;
  std::optional<std::string> arguments;  // of every call, a JSON object
  std::optional<std::string> route;
  std::optional<std::string> expect;  // "allow", "deny" or "refused"
  bool is_json = false;

  bool operator==(const ExplainOptions&) const = default;
};

// What the token commands are asked. A path may be "-": standard input.
struct TokenOptions {
  std::string token = "-";              // path of the token
  std::optional<std::string> listener;  // verify: only the policies of this one
  std::optional<std::string> route;
  std::optional<std::string> key;  // mint: path of the private key
  std::optional<std::string> algorithm;
  std::optional<std::string> key_id;
  std::optional<std::string> time_to_live;
  std::optional<std::string> claims;  // JSON object
  std::vector<std::string> claim;     // NAME=TEXT or NAME:=JSON

  bool operator==(const TokenOptions&) const = default;
};

struct Options {
  Command command = Command::serve;
  std::optional<std::string> file;  // -f; "-" is standard input
  std::optional<std::string> text;  // -c
  std::string expression;           // of the cel commands
  std::optional<std::string> data;  // cel eval --data: a JSON object of variables
  bool explain = false;             // cel eval --explain
  TokenOptions token;
  ExplainOptions explanation;
  std::optional<std::string> from;  // import: a client's name, a path, or "-"

  bool operator==(const Options&) const = default;
};

// Either options or what is wrong with the command line, in one sentence.
struct ParsedOptions {
  Options options;
  std::optional<std::string> mistake;
};

// `arguments` without the program's name.
ParsedOptions parse_options(std::span<const std::string_view> arguments);

// The text of --help, of one command if `command` is its help.
std::string_view usage(Command command);

// Exit statuses, as promised in --help.
inline constexpr int exit_fine = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_invalid = 3;
inline constexpr int exit_port = 4;

}  // namespace app
