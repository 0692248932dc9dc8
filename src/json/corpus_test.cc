#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "json/value.h"
#include "json/write.h"

namespace json {
namespace {

std::filesystem::path corpus() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread starts
  const char* shared = std::getenv("SHARED_DIR");
  return std::filesystem::path(shared ? shared : "../shared") / "corpora" / "json-parsing";
}

bool must_exist() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread starts
  const char* ci = std::getenv("CI");
  return ci && std::string_view(ci) == "true";
}

// Where the folder is missing, the test is skipped, or fails where it must exist.
#define SKIP_WITHOUT_CORPUS()                                \
  if (!std::filesystem::exists(corpus())) {                  \
    if (must_exist()) FAIL() << corpus() << " is not there"; \
    GTEST_SKIP() << corpus() << " is not there";             \
  }

std::vector<Document> cases(const char* file) {
  std::vector<Document> out;
  std::ifstream in(corpus() / file);
  for (std::string line; std::getline(in, line);) {
    Result<Document> document = Document::parse(line);
    EXPECT_TRUE(document.has_value()) << line;
    if (document) out.push_back(std::move(*document));
  }
  return out;
}

std::string bytes_of(const Value& entry) {
  if (const auto text = entry.find_string("bytes_b64")) return *base::base64_decode(*text);
  const Value repeat = *entry.find("repeat");
  const std::string unit = *base::base64_decode(*repeat.find_string("unit_b64"));
  std::string bytes;
  for (std::int64_t i = 0; i < *repeat.find("times")->as_int(); ++i) bytes += unit;
  return bytes + *base::base64_decode(*repeat.find_string("suffix_b64"));
}

// The open cases: numbers are passed on as text whatever their range; everything that is not
// well-formed Unicode is refused.
bool accepts_open_case(std::string_view name) {
  return name.starts_with("i_number_");
}

// The accepted case of the corpus that repeats a name: grammatical, and refused here.
bool has_duplicates(std::string_view name) {
  return name == "y_object_duplicated_key";
}

bool expected_to_pass(const Value& entry) {
  const std::string_view name = *entry.find_string("name");
  if (has_duplicates(name)) return false;
  const std::string_view expected = *entry.find_string("expected");
  return expected == "accept" || (expected == "either" && accepts_open_case(name));
}

TEST(JsonParsingCorpus, decides_every_case) {
  SKIP_WITHOUT_CORPUS();
  std::size_t open = 0;
  std::size_t duplicates = 0;
  const std::vector<Document> all = cases("parsing.jsonl");

  for (const Document& entry : all) {
    const std::string_view name = *entry.root().find_string("name");
    const std::string bytes = bytes_of(entry.root());
    EXPECT_EQ(bytes.size(), entry.root().find("size")->as_uint()) << name;
    const Result<Document> document = Document::parse(bytes);
    EXPECT_EQ(document.has_value(), expected_to_pass(entry.root()))
        << name << ": " << (document ? "accepted" : document.error().why());
    open += entry.root().find_string("expected") == "either" ? 1 : 0;
    duplicates += has_duplicates(name) ? 1 : 0;
  }

  EXPECT_EQ(all.size(), 264U);
  EXPECT_EQ(open, 29U);
  EXPECT_EQ(duplicates, 1U);
}

// What is authorized equals what is forwarded: an accepted text is passed on as it came.
TEST(JsonParsingCorpus, passes_on_what_it_read) {
  SKIP_WITHOUT_CORPUS();
  std::size_t accepted = 0;
  const std::vector<Document> all = cases("transform.jsonl");

  for (const Document& entry : all) {
    const std::string_view name = *entry.root().find_string("name");
    const std::string bytes = bytes_of(entry.root());
    const Result<Document> document = Document::parse(bytes);
    const bool is_number = name.starts_with("number_");
    EXPECT_EQ(document.has_value(), is_number || name == "string_with_escaped_NULL") << name;
    if (!document) continue;
    ++accepted;
    Writer writer;
    const std::string forwarded = writer.value(document->root()).take();
    EXPECT_EQ(forwarded, document->root().raw()) << name;
    EXPECT_EQ(bytes.substr(0, forwarded.size()), forwarded) << name;
  }

  EXPECT_EQ(all.size(), 14U);
  EXPECT_EQ(accepted, 9U);
}

}  // namespace
}  // namespace json
