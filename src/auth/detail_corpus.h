#pragma once
// Reading the shared corpora, for this room's tests only. A corpus that is not there skips the
// test, except in continuous integration, where it must be.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "json/value.h"

namespace auth {

inline std::filesystem::path corpus_folder(std::string_view name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread starts
  const char* shared = std::getenv("SHARED_DIR");
  return std::filesystem::path(shared != nullptr ? shared : "../shared") / "corpora" / name;
}

inline bool corpus_must_exist() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread starts
  const char* ci = std::getenv("CI");
  return ci != nullptr && std::string_view(ci) == "true";
}

#define SKIP_WITHOUT_CORPUS(folder)                                 \
  if (!std::filesystem::exists(folder)) {                           \
    if (corpus_must_exist()) FAIL() << (folder) << " is not there"; \
    GTEST_SKIP() << (folder) << " is not there";                    \
  }

inline json::Document read_json(std::string text) {
  json::Limits limits;
  limits.members_max = 1'000'000;
  return json::Document::parse(std::move(text), limits).value();
}

inline std::string read_text(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return std::move(text).str();
}

// One document a line.
inline std::vector<json::Document> read_lines(const std::filesystem::path& path) {
  std::vector<json::Document> documents;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) documents.push_back(read_json(line));
  return documents;
}

}  // namespace auth
