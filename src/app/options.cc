#include "app/options.h"

namespace app {
namespace {

constexpr std::string_view help_text = R"(agentgateway: a gateway between AI agents and MCP servers.

Usage:
  agentgateway [-f FILE | -c TEXT] [--validate-only]
  agentgateway cel eval EXPRESSION [--data JSON] [--explain]
  agentgateway cel check EXPRESSION
  agentgateway schema | docs
  agentgateway -V | --version | --help

Without -f and -c it serves a demonstration: three built-in tools, a demo key set and two tokens.

Options:
  -f, --file FILE    Configuration file, YAML or JSON; '-' is standard input. A file is watched and
                     read again when it changes or on SIGHUP; a file with errors changes nothing.
  -c, --config TEXT  The configuration itself.
  --validate-only    Check the configuration and exit.
  -V                 Print the version.
  --version          Print the version and how it was built, as JSON.
  -h, --help         Print this text.

Commands:
  cel eval           Evaluate a CEL expression; --data gives variables as a JSON object, --explain
                     prints the value of every subexpression.
  cel check          Check a CEL expression as an MCP authorization rule.
  schema             Print the JSON Schema of the configuration.
  docs               Print the configuration reference as Markdown.

Exit status:
  0  fine
  1  failed while running
  2  the command line is wrong
  3  the configuration or expression is invalid
  4  a port is in use or may not be used
)";

class Reader {
 public:
  explicit Reader(std::span<const std::string_view> arguments) : rest_(arguments) {}

  ParsedOptions read() {
    if (!rest_.empty() && !rest_.front().starts_with('-')) {
      read_command();
    }
    while (!rest_.empty() && !parsed_.mistake) read_flag();
    if (!parsed_.mistake) check();
    return std::move(parsed_);
  }

 private:
  std::string_view next() {
    const std::string_view argument = rest_.front();
    rest_ = rest_.subspan(1);
    return argument;
  }

  void fail(std::string mistake) {
    if (!parsed_.mistake) parsed_.mistake = std::move(mistake);
  }

  std::optional<std::string> value_of(std::string_view flag) {
    if (rest_.empty()) {
      fail("option '" + std::string(flag) + "' needs a value");
      return std::nullopt;
    }
    return std::string(next());
  }

  void read_command() {
    const std::string_view command = next();
    if (command == "cel") return read_cel();
    if (command == "schema") {
      parsed_.options.command = Command::print_schema;
    } else if (command == "docs") {
      parsed_.options.command = Command::print_docs;
    } else {
      fail("unknown command '" + std::string(command) + "'");
    }
  }

  void read_cel() {
    const std::string_view verb = rest_.empty() ? std::string_view() : next();
    if (verb != "eval" && verb != "check") return fail("'cel' is followed by 'eval' or 'check'");
    parsed_.options.command = verb == "eval" ? Command::cel_eval : Command::cel_check;
    if (rest_.empty()) return fail("'cel " + std::string(verb) + "' needs an expression");
    parsed_.options.expression = std::string(next());
  }

  void read_flag() {
    std::string_view flag = next();
    std::optional<std::string> attached;
    if (flag.starts_with("--")) {
      if (const std::size_t equals = flag.find('='); equals != std::string_view::npos) {
        attached = std::string(flag.substr(equals + 1));
        flag = flag.substr(0, equals);
      }
    }
    if (attached) return read_valued(flag, std::move(attached));
    if (read_plain(flag)) return;
    read_valued(flag, std::nullopt);
  }

  // Flags without a value.
  bool read_plain(std::string_view flag) {
    Options& options = parsed_.options;
    if (flag == "-h" || flag == "--help") {
      options.command = Command::help;
    } else if (flag == "-V") {
      options.command = Command::version_short;
    } else if (flag == "--version") {
      options.command = Command::version_long;
    } else if (flag == "--validate-only") {
      if (options.command == Command::serve) options.command = Command::validate;
    } else if (flag == "--explain" && options.command == Command::cel_eval) {
      options.explain = true;
    } else {
      return false;
    }
    return true;
  }

  void read_valued(std::string_view flag, std::optional<std::string> attached) {
    std::optional<std::string>* place = nullptr;
    if (flag == "-f" || flag == "--file") place = &parsed_.options.file;
    if (flag == "-c" || flag == "--config") place = &parsed_.options.text;
    if (flag == "--data" && parsed_.options.command == Command::cel_eval) {
      place = &parsed_.options.data;
    }
    if (place == nullptr) return fail("unknown option '" + std::string(flag) + "'");
    if (*place) return fail("option '" + std::string(flag) + "' is given twice");
    *place = attached ? std::move(attached) : value_of(flag);
  }

  void check() {
    const Options& options = parsed_.options;
    const bool serves = options.command == Command::serve || options.command == Command::validate;
    if (options.file && options.text) fail("only one of --config and --file can be given");
    if (!serves && options.command != Command::help && (options.file || options.text)) {
      fail("--file and --config belong to serving and --validate-only");
    }
  }

  std::span<const std::string_view> rest_;
  ParsedOptions parsed_;
};

}  // namespace

ParsedOptions parse_options(std::span<const std::string_view> arguments) {
  return Reader(arguments).read();
}

std::string_view usage() {
  return help_text;
}

}  // namespace app
