#include "app/configuration.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include <sys/stat.h>

#include "app/demo.h"

namespace app {

std::optional<std::string> environment_variable(std::string_view name) {
  // The environment is not changed after start, so reading it is safe from the one thread that
  // does.
  const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<std::string> read_whole(const std::string& path) {
  if (path == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return failed(Fault::bad_request, "cannot read " + path + ": it is a directory");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return failed(Fault::not_found, "cannot open " + path + ": no such file, or not permitted");
  std::string text;
  std::array<char, 64 * 1024> piece;
  while (file.read(piece.data(), piece.size()) || file.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return failed(Fault::internal, "cannot read " + path);
  return text;
}

Result<ConfigurationSource> ConfigurationSource::from(const Options& options) {
  ConfigurationSource source;
  if (options.text) {
    source.name_ = "<--config>";
    source.text_ = *options.text;
  } else if (!options.file) {
    source.name_ = "<demo>";
    source.text_ = demo_configuration();
    source.is_demo_ = true;
  } else if (*options.file == "-") {
    source.name_ = "<stdin>";
    TRY(source.text_, read_whole("-"));
  } else {
    source.name_ = *options.file;
    source.path_ = *options.file;
  }
  return source;
}

Result<yaml::Source> ConfigurationSource::read() const {
  if (!path_) return yaml::Source{name_, text_};
  TRY(auto text, read_whole(*path_));
  return yaml::Source{name_, std::move(text)};
}

schema::Reading<config::File> read_file(const yaml::Source& source) {
  return schema::read_text<config::File>(source, &environment_variable);
}

std::string line_of(const schema::Problem& problem, const yaml::Source& source) {
  const std::string rendered = schema::render(problem, source);
  return rendered.substr(0, rendered.find('\n'));
}

std::vector<std::string> warnings_about(const std::string& path) {
  std::vector<std::string> warnings;
  struct stat status{};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0) {
    warnings.push_back(
        "the configuration file can be written by everybody on this machine, who can so "
        "start processes as this user: chmod o-w " +
        path);
  }
  return warnings;
}

}  // namespace app
