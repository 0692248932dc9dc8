#include "app/import_command.h"

#include <filesystem>
#include <ostream>
#include <system_error>

#include "app/client_places.h"
#include "app/configuration.h"
#include "base/text.h"
#include "config/client_import.h"

namespace app {
namespace {

using config::Client;

// The file that was named, or those of the client that are there.
Result<std::vector<config::ClientFile>> files_of(const std::string& from, Client client,
                                                 const Whereabouts& where) {
  std::vector<config::ClientFile> files;
  if (client == Client::unknown) {
    Result<std::string> text = read_whole(from);
    if (!text) {
      const bool may_be_client = from.find_first_of("/.") == std::string::npos;
      return failed(text.error().fault(),
                    text.error().why() +
                        (may_be_client ? "; the clients are claude-desktop, claude-code, vscode "
                                         "and cursor"
                                       : ""));
    }
    files.push_back(config::ClientFile{from == "-" ? "standard input" : from, std::move(*text)});
    return files;
  }
  const std::vector<std::string> places = places_of(client, where);
  for (const std::string& place : places) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(place, error)) continue;
    TRY(std::string text, read_whole(place));
    files.push_back(config::ClientFile{place, std::move(text)});
  }
  if (!files.empty()) return files;
  return failed(Fault::not_found,
                "no configuration of " + from + " is here: looked for " + base::join(places, ", "));
}

}  // namespace

int run_import(const Options& options, std::ostream& out, std::ostream& err) {
  const std::string& from = *options.from;
  const Client client = config::client_named(from).value_or(Client::unknown);
  const Whereabouts where = Whereabouts::of_process();
  const auto files = files_of(from, client, where);
  if (!files) {
    err << "agentgateway: " << files.error().why() << '\n';
    return exit_failed;
  }
  const config::Imported imported = config::import_servers(*files, client, where.folder);
  for (const config::Finding& finding : imported.findings) {
    err << name_of(finding.weight) << ": " << finding.path << (finding.path.empty() ? "" : ": ")
        << finding.message << '\n';
  }
  if (imported.yaml.empty()) {
    err << "agentgateway: nothing was taken over\n";
    return exit_invalid;
  }
  out << imported.yaml;
  return exit_fine;
}

}  // namespace app
