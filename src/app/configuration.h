#pragma once
// Where the configuration comes from, and the text of it.

#include <optional>
#include <string>

#include "app/options.h"
#include "base/result.h"
#include "config/file.h"
#include "schema/schema.h"

namespace app {

class ConfigurationSource {
 public:
  // A file, the text of -c, standard input (read now, once), or the demonstration.
  static Result<ConfigurationSource> from(const Options& options);

  // The text as it is now. Only a file can fail or change.
  Result<yaml::Source> read() const;
  // The file to watch; nothing for what cannot change.
  const std::optional<std::string>& path() const { return path_; }
  bool is_demo() const { return is_demo_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::optional<std::string> path_;
  std::string text_;
  bool is_demo_ = false;
};

// Types the text, with variables taken from the process's environment.
schema::Reading<config::File> read_file(const yaml::Source& source);

// A variable of the process's environment; nothing if it is not set.
std::optional<std::string> environment_variable(std::string_view name);

// The whole of that file; of standard input if the path is "-".
Result<std::string> read_whole(const std::string& path);

// A problem on one line, for the log: place, path and message.
std::string line_of(const schema::Problem& problem, const yaml::Source& source);

// What an operator should know about the file itself: one sentence each.
std::vector<std::string> warnings_about(const std::string& path);

}  // namespace app
