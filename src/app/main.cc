// agentgateway: a gateway between AI agents and MCP servers. Where to start reading:
// gateway/serve.cc for the life of a request, app/reload.cc for the life of a configuration.

#include <exception>
#include <iostream>
#include <vector>

#include "app/build_facts.h"
#include "app/cel_command.h"
#include "app/configuration.h"
#include "app/cpu_level.h"
#include "app/explain_command.h"
#include "app/import_command.h"
#include "app/options.h"
#include "app/process.h"
#include "app/token_command.h"
#include "runtime/attributes.h"

namespace {

int print_version(bool is_long) {
  if (is_long) {
    std::cout << R"({"version":")" << app::build_version << R"(","compiler":")"
              << app::build_compiler << R"(","build":")" << app::build_type << "\"}\n";
  } else {
    std::cout << app::build_version << '\n';
  }
  return app::exit_fine;
}

int print_docs() {
  std::cout << "# Configuration\n\n"
            << schema::markdown<config::File>() << "\n## Variables of rules\n\n"
            << runtime::attributes_markdown();
  return app::exit_fine;
}

int run(const app::Options& options) {
  using app::Command;
  switch (options.command) {
    case Command::serve:
      return app::serve(options);
    case Command::validate:
      return app::validate(options);
    case Command::version_short:
      return print_version(false);
    case Command::version_long:
      return print_version(true);
    case Command::help:
    case Command::cel_help:
    case Command::explain_help:
    case Command::import_help:
    case Command::token_help:
      std::cout << app::usage(options.command);
      return app::exit_fine;
    case Command::cel_eval:
      return app::run_cel_eval(options, std::cout, std::cerr);
    case Command::cel_check:
      return app::run_cel_check(options, std::cout, std::cerr);
    case Command::print_schema:
      std::cout << schema::json_schema<config::File>("agentgateway configuration");
      return app::exit_fine;
    case Command::print_docs:
      return print_docs();
    case Command::explain:
      return app::run_explain(options, std::cout, std::cerr);
    case Command::import_client:
      return app::run_import(options, std::cout, std::cerr);
    case Command::token_mint:
      return app::run_token_mint(options.token, std::cout, std::cerr);
    case Command::token_decode:
      return app::run_token_decode(options.token, std::cout, std::cerr);
    case Command::token_verify:
      return app::run_token_verify(options, std::cout, std::cerr);
  }
  return app::exit_failed;
}

}  // namespace

int main(int count, char** words) {
  if (!app::check_cpu_level()) return app::exit_failed;
  const std::vector<std::string_view> arguments(words + 1, words + count);
  const app::ParsedOptions parsed = app::parse_options(arguments);
  if (parsed.mistake) {
    const std::string_view topic = app::topic_of(parsed.options.command);
    std::cerr << "agentgateway: " << *parsed.mistake << "\nTry 'agentgateway " << topic
              << (topic.empty() ? "" : " ") << "--help'.\n";
    return app::exit_usage;
  }
  try {
    return run(parsed.options);
  } catch (const std::exception& exception) {
    std::cerr << "agentgateway: " << exception.what() << '\n';
    return app::exit_failed;
  }
}
