#include "app/options.h"

#include "json/value.h"

namespace app {
namespace {

constexpr std::string_view help_text = R"(agentgateway: a gateway between AI agents and MCP servers.

Usage:
  agentgateway [-f FILE | -c TEXT] [--validate-only]
  agentgateway cel eval EXPRESSION [--data JSON] [--explain]
  agentgateway cel check EXPRESSION
  agentgateway explain -f FILE [--token FILE]... [--tool NAME]... [--expect WHAT] [-o json]
  agentgateway import --from claude-desktop | claude-code | vscode | cursor | FILE
  agentgateway token mint | decode | verify [OPTIONS]
  agentgateway schema | docs
  agentgateway -V | --version | --help

Without -f and -c it serves a demonstration: three built-in tools, a demo key set and two tokens.

Options:
  -f, --file FILE    Configuration file, YAML or JSON; '-' is standard input. A file is watched and
                     read again when it changes or on SIGHUP; a file with errors changes nothing.
  -c, --config TEXT  The configuration itself.
  --validate-only    Check the configuration and exit.
  -V, --version      Print the version; --version with how it was built, as JSON.
  -h, --help         Print this text.

Commands:
  cel eval           Evaluate a CEL expression; --data gives variables as a JSON object, --explain
                     prints the value of every subexpression.
  cel check          Check a CEL expression as an MCP authorization rule.
  explain            Say who may use what, and by which rule: a matrix of callers (nobody, --token
                     FILE, --claims JSON; --anonymous adds nobody) and of what the servers list, or
                     of --tool, --prompt and --resource NAME. --arguments JSON: those of the call;
                     --route NAME: not the first with an MCP backend; --expect allow, deny or
                     refused (not let in): exit status 1 if one is not; -o json: with reasons.
  import             Print the servers of an MCP client as a configuration without secrets; findings
                     on standard error. --from names a client or its file ('-': standard input).
  token              Make a token, show what one says, or say whether a configuration takes it, and
                     if not, why: 'agentgateway token --help'.
  schema             Print the JSON Schema of the configuration.
  docs               Print the configuration reference as Markdown.

Exit status:
  0  fine
  1  failed while running
  2  the command line is wrong
  3  the configuration or expression is invalid; import: nothing could be taken over
  4  a port is in use or may not be used
)";

constexpr std::string_view cel_help_text =
    R"(agentgateway cel: what does this expression say, and may it be a rule?

Usage:
  agentgateway cel eval EXPRESSION [--data JSON] [--explain]
  agentgateway cel check EXPRESSION

eval                 Print the value of the expression.
  --data JSON        Its variables, a JSON object.
  --explain          Print the value of every subexpression, too.
check                Check it as a rule of mcpAuthorization: what it says and what it names.

Exit status: 0 fine, 1 it failed or could not be evaluated, 2 the command line is wrong, 3 it is no
expression.
)";

constexpr std::string_view explain_help_text =
    R"(agentgateway explain: who may use what, and by which rule? It is the policies of the
configuration that answer, as they would answer a client now.

Usage:
  agentgateway explain -f FILE [CALLERS] [THINGS] [--expect WHAT] [-o json]

  -f, --file FILE    The configuration; '-' is standard input.
  -c, --config TEXT  The configuration itself.
  --route NAME       Another route than the first one with an MCP backend.

Callers; nobody in particular if none is named:
  --token FILE       Who shows the token in the file ('-': standard input). May be repeated.
  --claims JSON      Who has these claims, a JSON object that nobody has signed. May be repeated.
  --anonymous        Also who shows nothing.

Things; what the servers list if none is named. May be repeated:
  --tool NAME, --prompt NAME, --resource NAME
  --arguments JSON   The arguments of the calls, a JSON object.

The answer is a matrix; of one caller and one thing, the decision with its reasons:
  --expect WHAT      allow, deny or refused (not let in at all): exit status 1 if one is not.
  -o json            As JSON, with the reasons.

Exit status: 0 fine, 1 not as expected or a server did not say what it has, 2 the command line is
wrong, 3 the configuration is invalid.
)";

constexpr std::string_view import_help_text =
    R"(agentgateway import: the servers of an MCP client as a configuration on standard output,
without secrets. Findings go to standard error, one for each field that was not taken over.

Usage:
  agentgateway import --from claude-desktop | claude-code | vscode | cursor | FILE

  --from CLIENT      The client, whose file is where it usually keeps it; or a file of that form
                     ('-': standard input).

Exit status: 0 fine, 1 the file could not be read, 2 the command line is wrong, 3 nothing could be
taken over.
)";

constexpr std::string_view token_help_text =
    R"(agentgateway token: tokens for people. Who does this token say I am, would this gateway take it,
and if not, why?

Usage:
  agentgateway token decode [FILE]
  agentgateway token verify -f FILE [--token FILE] [--listener NAME] [--route NAME]
  agentgateway token mint --key FILE [--claim NAME=TEXT]... [--ttl TIME] [...]

A token is read from a file, or from standard input if there is none or it is '-': never from the
command line, which everybody on the machine can read.

decode               Print header and claims, with times in words. Nothing is verified.
verify               Judge the token as each policy of the configuration would, now: jwtAuth
                     and mcpAuthentication. Key sets by address are fetched.
  -f, --file FILE    The configuration ('-': standard input, if the token is in a file).
  -c, --config TEXT  The configuration itself.
  --token FILE       The token.
  --listener NAME    Only the policies of this listener and its routes.
  --route NAME       Only the policies of this route.
mint                 Print a new token.
  --key FILE         The private key that signs it: a JWK, or PKCS#8 in PEM without a password.
  --claim NAME=TEXT  A claim that is text. NAME:=JSON is one that is not: --claim 'aud:=["a","b"]'.
  --claims JSON      Claims as one JSON object; --claim replaces members of it.
  --ttl TIME         For how long it is good: 90s, 15m (the default), 8h, 30d. `iat` is now, `exp`
                     is then, unless the claims say otherwise.
  --kid ID, --alg NAME  Header fields; by default what the JWK says, or no kid and the key's usual
                     algorithm.

Exit status:
  0  fine; verify: at least one of the policies accepts the token
  1  verify: none accepts it; or the token or a key cannot be read
  2  the command line is wrong
  3  the configuration is invalid
)";

Command help_of(std::string_view topic) {
  if (topic == "cel") return Command::cel_help;
  if (topic == "explain") return Command::explain_help;
  if (topic == "import") return Command::import_help;
  return topic == "token" ? Command::token_help : Command::help;
}

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
    if (command == "token") return read_token();
    if (command == "explain") {
      parsed_.options.command = Command::explain;
      return;
    }
    if (command == "import") {
      parsed_.options.command = Command::import_client;
      return;
    }
    if (command == "schema") {
      parsed_.options.command = Command::print_schema;
    } else if (command == "docs") {
      parsed_.options.command = Command::print_docs;
    } else {
      fail("unknown command '" + std::string(command) + "'");
    }
  }

  static bool is_help(std::string_view word) { return word == "-h" || word == "--help"; }

  void read_cel() {
    const std::string_view verb = rest_.empty() ? std::string_view() : next();
    if (is_help(verb) || (!rest_.empty() && is_help(rest_.front()))) {
      parsed_.options.command = Command::cel_help;
      rest_ = {};
      return;
    }
    if (verb != "eval" && verb != "check") return fail("'cel' is followed by 'eval' or 'check'");
    parsed_.options.command = verb == "eval" ? Command::cel_eval : Command::cel_check;
    if (rest_.empty()) return fail("'cel " + std::string(verb) + "' needs an expression");
    parsed_.options.expression = std::string(next());
  }

  void read_token() {
    const std::string_view verb = rest_.empty() ? std::string_view() : next();
    Options& options = parsed_.options;
    if (verb == "mint") {
      options.command = Command::token_mint;
    } else if (verb == "decode") {
      options.command = Command::token_decode;
      if (!rest_.empty() && (rest_.front() == "-" || !rest_.front().starts_with('-'))) {
        options.token.token = std::string(next());
      }
    } else if (verb == "verify") {
      options.command = Command::token_verify;
    } else if (is_help(verb)) {
      options.command = Command::token_help;
    } else {
      fail("'token' is followed by 'mint', 'decode' or 'verify'");
    }
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
    if (is_help(flag)) {
      options.command = help_of(topic_of(options.command));
    } else if (flag == "-V") {
      options.command = Command::version_short;
    } else if (flag == "--version") {
      options.command = Command::version_long;
    } else if (flag == "--validate-only") {
      if (options.command == Command::serve) options.command = Command::validate;
    } else if (flag == "--explain" && options.command == Command::cel_eval) {
      options.explain = true;
    } else if (flag == "--anonymous" && options.command == Command::explain) {
      options.explanation.anonymous = true;
    } else {
      return false;
    }
    return true;
  }

  void read_valued(std::string_view flag, std::optional<std::string> attached) {
    if (std::vector<std::string>* list = list_of_explain_flag(flag)) {
      if (!attached) attached = value_of(flag);
      if (attached) list->push_back(std::move(*attached));
      return;
    }
    std::optional<std::string>* place = place_of_command_flag(flag);
    if (flag == "--claim" && parsed_.options.command == Command::token_mint) {
      if (!attached) attached = value_of(flag);
      if (attached) parsed_.options.token.claim.push_back(std::move(*attached));
      return;
    }
    if (flag == "-f" || flag == "--file") place = &parsed_.options.file;
    if (flag == "-c" || flag == "--config") place = &parsed_.options.text;
    if (flag == "--data" && parsed_.options.command == Command::cel_eval) {
      place = &parsed_.options.data;
    }
    if (place == nullptr) return fail(unknown(flag));
    if (*place) return fail("option '" + std::string(flag) + "' is given twice");
    *place = attached ? std::move(attached) : value_of(flag);
  }

  std::string unknown(std::string_view word) const {
    if (word.starts_with('-')) return "unknown option '" + std::string(word) + "'";
    const bool is_import = parsed_.options.command == Command::import_client;
    return "unexpected word '" + std::string(word) + "'" +
           (is_import ? ": '--from' goes before the client or its file" : "");
  }

  // Flags of `explain` that may be repeated; null for others.
  std::vector<std::string>* list_of_explain_flag(std::string_view flag) {
    if (parsed_.options.command != Command::explain) return nullptr;
    ExplainOptions& explain = parsed_.options.explanation;
    if (flag == "--token") return &explain.tokens;
    if (flag == "--claims") return &explain.claims;
    if (flag == "--tool") return &explain.tools;
    if (flag == "--prompt") return &explain.prompts;
    return flag == "--resource" ? &explain.resources : nullptr;
  }

  std::optional<std::string>* place_of_explain_flag(std::string_view flag) {
    ExplainOptions& explain = parsed_.options.explanation;
    if (flag == "--arguments") return &explain.arguments;
    if (flag == "--route") return &explain.route;
    if (flag == "--expect") return &explain.expect;
    return flag == "-o" || flag == "--output" ? &output_ : nullptr;
  }

  std::optional<std::string>* place_of_command_flag(std::string_view flag) {
    if (parsed_.options.command == Command::explain) return place_of_explain_flag(flag);
    if (parsed_.options.command == Command::import_client) {
      return flag == "--from" ? &parsed_.options.from : nullptr;
    }
    if (parsed_.options.command == Command::token_verify) return place_of_verify_flag(flag);
    if (parsed_.options.command == Command::token_mint) return place_of_mint_flag(flag);
    return nullptr;
  }

  std::optional<std::string>* place_of_verify_flag(std::string_view flag) {
    TokenOptions& token = parsed_.options.token;
    if (flag == "--token") return &token_file_;
    if (flag == "--listener") return &token.listener;
    return flag == "--route" ? &token.route : nullptr;
  }

  std::optional<std::string>* place_of_mint_flag(std::string_view flag) {
    TokenOptions& token = parsed_.options.token;
    if (flag == "--key") return &token.key;
    if (flag == "--alg") return &token.algorithm;
    if (flag == "--kid") return &token.key_id;
    if (flag == "--ttl") return &token.time_to_live;
    return flag == "--claims" ? &token.claims : nullptr;
  }

  void check() {
    Options& options = parsed_.options;
    const bool serves = options.command == Command::serve || options.command == Command::validate ||
                        options.command == Command::token_verify ||
                        options.command == Command::explain;
    if (options.command == Command::explain) check_explain();
    if (options.command == Command::import_client && !options.from) {
      fail("'import' needs to know whose servers: '--from CLIENT' or '--from FILE'");
    }
    if (token_file_) options.token.token = std::move(*token_file_);
    if (options.command == Command::token_verify) check_verify();
    if (options.command == Command::token_mint && !options.token.key) {
      fail("'token mint' needs the private key: '--key FILE'");
    }
    if (options.file && options.text) fail("only one of --config and --file can be given");
    const bool is_help = options.command == help_of(topic_of(options.command));
    if (!serves && !is_help && (options.file || options.text)) {
      fail("--file and --config belong to serving, --validate-only, 'explain' and 'token verify'");
    }
  }

  void check_explain() {
    ExplainOptions& explain = parsed_.options.explanation;
    if (!parsed_.options.file && !parsed_.options.text) {
      fail("'explain' needs a configuration: '-f FILE'");
    }
    if (explain.expect && *explain.expect != "allow" && *explain.expect != "deny" &&
        *explain.expect != "refused") {
      fail("'--expect' is followed by 'allow', 'deny' or 'refused'");
    }
    for (const std::string& claims : explain.claims) check_object("--claims", claims);
    if (explain.arguments) check_object("--arguments", *explain.arguments);
    if (output_ && *output_ != "json" && *output_ != "text") {
      fail("'-o' is followed by 'json' or 'text'");
    }
    explain.is_json = output_ == "json";
  }

  void check_object(const std::string& flag, const std::string& text) {
    const Result<json::Document> document = json::Document::parse(text);
    if (document && document->root().is_object()) return;
    fail("'" + flag + "' is followed by a JSON object" +
         (document ? "" : ": " + document.error().why()));
  }

  void check_verify() {
    const Options& options = parsed_.options;
    if (!options.file && !options.text) fail("'token verify' needs a configuration: '-f FILE'");
    if (options.file == "-" && options.token.token == "-") {
      fail("only one of configuration and token can be standard input: '--token FILE'");
    }
  }

  std::span<const std::string_view> rest_;
  ParsedOptions parsed_;
  std::optional<std::string> token_file_;
  std::optional<std::string> output_;
};

}  // namespace

ParsedOptions parse_options(std::span<const std::string_view> arguments) {
  return Reader(arguments).read();
}

std::string_view topic_of(Command command) {
  switch (command) {
    case Command::cel_help:
    case Command::cel_eval:
    case Command::cel_check:
      return "cel";
    case Command::explain_help:
    case Command::explain:
      return "explain";
    case Command::import_help:
    case Command::import_client:
      return "import";
    case Command::token_help:
    case Command::token_mint:
    case Command::token_decode:
    case Command::token_verify:
      return "token";
    default:
      return "";
  }
}

std::string_view usage(Command command) {
  switch (command) {
    case Command::cel_help:
      return cel_help_text;
    case Command::explain_help:
      return explain_help_text;
    case Command::import_help:
      return import_help_text;
    case Command::token_help:
      return token_help_text;
    default:
      return help_text;
  }
}

}  // namespace app
