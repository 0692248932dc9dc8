#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "json/value.h"
#include "schema/codec.h"
#include "yaml/read.h"

namespace schema {
namespace {

std::filesystem::path corpus() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread starts
  const char* shared = std::getenv("SHARED_DIR");
  return std::filesystem::path(shared ? shared : "../shared") / "corpora" / "yaml-test-suite";
}

bool must_exist() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread starts
  const char* ci = std::getenv("CI");
  return ci && std::string_view(ci) == "true";
}

using Names = std::set<std::string, std::less<>>;

// What this reader refuses on purpose, by its messages: a configuration needs none of it.
bool is_refused_on_purpose(std::string_view message) {
  return message == "tags are not supported" || message == "several documents in one file" ||
         message == "a key has to be a scalar";
}

// YAML that libyaml does not read: tabs and colons in rare places, unknown directives, empty flow
// entries.
const Names& refused_by_libyaml() {
  static const Names names = {
      "2JQS", "2LFX", "2SXE",     "4ABK",    "4MUZ/00", "4MUZ/02", "58MP", "5MUD",
      "5T43", "6LVF", "7Z25",     "8XYN",    "96NN/00", "96NN/01", "9SA2", "BEC7",
      "CFD4", "DBG4", "DK95/00",  "DK95/03", "DK95/04", "FP8R",    "FRK4", "HM87/00",
      "HWV9", "K3WX", "M2N8/00",  "MUS6/05", "MUS6/06", "NHX8",    "NJ66", "NKF9",
      "Q5MG", "QT73", "R4YG",     "S3PD",    "SM9W/01", "UKK6/00", "UT92", "VJP3/01",
      "W4TN", "W5VH", "Y79Y/001", "Y79Y/010"};
  return names;
}

// Texts that are no YAML and that libyaml reads nevertheless, each as what its author must have
// meant.
const Names& accepted_by_libyaml() {
  static const Names names = {"9C9N", "9JBA", "G5U8", "MUS6/00", "QB6E",
                              "S98Z", "SU5Z", "X4QW", "YJV2"};
  return names;
}

// What libyaml reads as something else: a '?' glued to a flow key, a colon in an anchor's name,
// blanks after a literal.
const Names& differing_in_libyaml() {
  static const Names names = {"652Z", "HM87/01", "L24T/01", "Y2GN"};
  return names;
}

bool is_equal(json::Value a, json::Value b) {
  if (a.type() != b.type() || a.size() != b.size()) return false;
  if (a.is_number()) return a.as_double() == b.as_double();
  if (a.is_string()) return a.as_string() == b.as_string();
  if (a.is_object()) {
    for (const auto [name, value] : a.members()) {
      const std::optional<json::Value> other = b.find(name);
      if (!other || !is_equal(value, *other)) return false;
    }
    return true;
  }
  if (!a.is_array()) return a.raw() == b.raw();
  auto other = b.elements().begin();
  for (const json::Value item : a.elements()) {
    if (!is_equal(item, *other++)) return false;
  }
  return true;
}

struct Counts {
  std::size_t cases = 0;
  std::size_t rejected = 0;
  std::size_t refused_on_purpose = 0;
  std::size_t compared = 0;
};

// Whether the tree is what the corpus gives as JSON.
bool is_as_json(const yaml::Node& node, std::string_view json_text) {
  if (json_text.find_first_not_of(" \n") == std::string_view::npos) return node.is_null();
  json::Writer writer;
  write_node(node, writer);
  const Result<json::Document> got = json::Document::parse(writer.take());
  const Result<json::Document> wanted = json::Document::parse(std::string(json_text));
  return got && wanted && is_equal(got->root(), wanted->root());
}

void decide(json::Value entry, Counts& counts) {
  const std::string name(*entry.find_string("name"));
  const bool is_valid = *entry.find_string("expected") == "accept";
  const auto node = yaml::read(*base::base64_decode(*entry.find_string("yaml_b64")));
  ++counts.cases;
  if (!is_valid) {
    ++counts.rejected;
    EXPECT_EQ(node.has_value(), accepted_by_libyaml().contains(name)) << name;
  } else if (!node) {
    const bool is_on_purpose = is_refused_on_purpose(node.error().message);
    counts.refused_on_purpose += is_on_purpose ? 1 : 0;
    EXPECT_NE(is_on_purpose, refused_by_libyaml().contains(name))
        << name << ": " << node.error().message;
    EXPECT_GT(node.error().at.line, 0U) << name;
  } else if (const auto json_text = entry.find_string("json_text")) {
    ++counts.compared;
    EXPECT_NE(is_as_json(*node, *json_text), differing_in_libyaml().contains(name)) << name;
  }
}

TEST(YamlSuiteCorpus, knows_every_case_that_is_read_otherwise) {
  if (!std::filesystem::exists(corpus())) {
    if (must_exist()) FAIL() << corpus() << " is not there";
    GTEST_SKIP() << corpus() << " is not there";
  }
  Counts counts;

  std::ifstream in(corpus() / "cases.jsonl");
  for (std::string line; std::getline(in, line);) {
    const Result<json::Document> entry = json::Document::parse(line);
    ASSERT_TRUE(entry.has_value()) << line;
    decide(entry->root(), counts);
  }

  EXPECT_EQ(counts.cases, 321U);
  EXPECT_EQ(counts.rejected, 75U);
  EXPECT_EQ(counts.refused_on_purpose, 47U);
  EXPECT_EQ(counts.compared, 153U);
}

}  // namespace
}  // namespace schema
