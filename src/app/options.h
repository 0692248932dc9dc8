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
};

struct Options {
  Command command = Command::serve;
  std::optional<std::string> file;  // -f; "-" is standard input
  std::optional<std::string> text;  // -c
  std::string expression;           // of the cel commands
  std::optional<std::string> data;  // cel eval --data: a JSON object of variables
  bool explain = false;             // cel eval --explain

  bool operator==(const Options&) const = default;
};

// Either options or what is wrong with the command line, in one sentence.
struct ParsedOptions {
  Options options;
  std::optional<std::string> mistake;
};

// `arguments` without the program's name.
ParsedOptions parse_options(std::span<const std::string_view> arguments);

// The text of --help.
std::string_view usage();

// Exit statuses, as promised in --help.
inline constexpr int exit_fine = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_invalid = 3;
inline constexpr int exit_port = 4;

}  // namespace app
