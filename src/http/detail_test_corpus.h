#pragma once
// For tests: the cases of a shared corpus. This room knows no JSON, so there is a reader here for
// the little that the files use.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/text.h"

namespace http::testing_ {

// A JSON value of the corpora: scalars keep their text, null is empty.
struct Json {
  std::string text;
  bool is_null = false;
  std::vector<Json> items;
  std::map<std::string, Json> members;

  const Json& operator[](const std::string& name) const {
    static const Json none{.text = {}, .is_null = true, .items = {}, .members = {}};
    const auto found = members.find(name);
    return found == members.end() ? none : found->second;
  }
  bool has(const std::string& name) const { return members.contains(name); }
  bool is_true() const { return text == "true"; }
  int number() const { return std::atoi(text.c_str()); }
};

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Json value() {
    skip();
    switch (text_.empty() ? '\0' : text_.front()) {
      case '{':
        return object();
      case '[':
        return array();
      case '"':
        return Json{.text = string(), .is_null = false, .items = {}, .members = {}};
      default:
        return scalar();
    }
  }

 private:
  void skip() {
    while (!text_.empty() && std::string_view(" ,:\n").find(text_.front()) != text_.npos) {
      text_.remove_prefix(1);
    }
  }
  Json scalar() {
    const std::size_t size = std::min(text_.find_first_of(",]} \n"), text_.size());
    Json value;
    value.text = text_.substr(0, size);
    value.is_null = value.text == "null";
    text_.remove_prefix(size);
    return value;
  }
  Json array() {
    Json value;
    text_.remove_prefix(1);
    for (skip(); !text_.empty() && text_.front() != ']'; skip())
      value.items.push_back(this->value());
    if (!text_.empty()) text_.remove_prefix(1);
    return value;
  }
  Json object() {
    Json value;
    text_.remove_prefix(1);
    for (skip(); !text_.empty() && text_.front() != '}'; skip()) {
      const std::string name = string();
      value.members[name] = this->value();
    }
    if (!text_.empty()) text_.remove_prefix(1);
    return value;
  }
  char32_t escape() {
    const std::string digits(text_.substr(0, 4));
    text_.remove_prefix(4);
    return static_cast<char32_t>(std::stoul(digits, nullptr, 16));
  }
  std::string string() {
    std::string out;
    text_.remove_prefix(1);
    while (!text_.empty() && text_.front() != '"') {
      char c = text_.front();
      text_.remove_prefix(1);
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      c = text_.front();
      text_.remove_prefix(1);
      if (c != 'u') {
        constexpr std::string_view from = "nrtbf";
        constexpr std::string_view to = "\n\r\t\b\f";
        const std::size_t at = from.find(c);
        out.push_back(at == from.npos ? c : to[at]);
        continue;
      }
      char32_t scalar = escape();
      if (scalar >= 0xd800 && scalar < 0xdc00) {
        text_.remove_prefix(2);
        scalar = 0x10000 + ((scalar - 0xd800) << 10U) + (escape() - 0xdc00);
      }
      base::append_utf8(out, scalar);
    }
    if (!text_.empty()) text_.remove_prefix(1);
    return out;
  }

  std::string_view text_;
};

inline std::filesystem::path corpus_folder(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread starts
  const char* shared = std::getenv("SHARED_DIR");
  return std::filesystem::path(shared ? shared : "../shared") / "corpora" / name;
}

inline bool corpus_must_exist() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread starts
  const char* ci = std::getenv("CI");
  return ci && std::string_view(ci) == "true";
}

// Where the folder is missing, the test is skipped, or fails where it must exist.
#define SKIP_WITHOUT_CORPUS(name)                                                   \
  if (!std::filesystem::exists(::http::testing_::corpus_folder(name))) {            \
    if (::http::testing_::corpus_must_exist()) FAIL() << (name) << " is not there"; \
    GTEST_SKIP() << (name) << " is not there";                                      \
  }

inline std::vector<Json> corpus_cases(const char* name) {
  std::vector<Json> cases;
  std::ifstream in(corpus_folder(name) / "cases.jsonl");
  for (std::string line; std::getline(in, line);) cases.push_back(JsonReader(line).value());
  return cases;
}

// What gzip makes of `packed`; gzip is part of every Debian system.
inline std::string unpacked(const std::string& packed) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                     ("agw_http_test_" + std::to_string(::getpid()) + ".gz");
  std::ofstream(file, std::ios::binary) << packed;
  // NOLINTNEXTLINE(cert-env33-c): a test's own file name
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(
      ::popen(("gzip -dc " + file.string()).c_str(), "r"), ::pclose);
  std::string bytes;
  std::vector<char> buffer(65536);
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    bytes.append(buffer.data(), size);
  }
  std::filesystem::remove(file);
  return bytes;
}

inline std::string bytes_of(const Json& entry) {
  if (entry.has("bytes_b64")) return *base::base64_decode(entry["bytes_b64"].text);
  return unpacked(*base::base64_decode(entry["bytes_gzip_b64"].text));
}

// How a case's bytes are cut into pieces: whole, at every place (a sample of places if it is
// large), and byte by byte (in steps that keep the number of pieces bounded).
inline std::vector<std::vector<std::string>> splits_of(const std::string& bytes) {
  std::vector<std::vector<std::string>> splits;
  if (!bytes.empty()) splits.push_back({bytes});
  const std::size_t step = bytes.size() <= 2048 ? 1 : bytes.size() / 61;
  for (std::size_t at = step; at < bytes.size(); at += step) {
    splits.push_back({bytes.substr(0, at), bytes.substr(at)});
  }
  const std::size_t size = bytes.size() <= 65536 ? 1 : 97;
  std::vector<std::string> single;
  for (std::size_t at = 0; at < bytes.size(); at += size) single.push_back(bytes.substr(at, size));
  splits.push_back(std::move(single));
  return splits;
}

}  // namespace http::testing_
