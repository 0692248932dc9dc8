#include "runtime/attributes.h"

#include <set>

#include <gtest/gtest.h>

#include "auth/key_store.h"
#include "auth/mint.h"
#include "auth/token_cache.h"
#include "auth/verify.h"
#include "cel/convert.h"

namespace runtime {
namespace {

using Kind = policy::McpSubject::Kind;

policy::Peer peer() {
  policy::Peer peer;
  peer.address = "192.0.2.7";
  peer.port = 4711;
  return peer;
}

http::Request request() {
  http::Request request("POST", "/mcp/a?b=c", "gw.example:3000");
  request.headers.add("X-One", "1");
  request.headers.add("x-two", "a");
  request.headers.add("X-Two", "b");
  return request;
}

class AttributesTest : public testing::Test {
 protected:
  // The attribute as JSON, or the error's words.
  std::string value(std::string_view path) {
    const auto index = cel::find_attribute(attribute_table(), path);
    if (!index) return "no attribute";
    const cel::Value found = cel::get_attribute(attribute_table(), *index, attributes_, arena_);
    if (found.kind() == cel::Kind::error) return cel::error_text(found).substr(0, 11);
    return cel::to_json(found, arena_).value_or("no JSON");
  }

  // A caller with these claims beside issuer and expiry.
  void identify(const std::string& claims) {
    const auto key = *crypto::PrivateKey::generate(crypto::KeyFamily::p256);
    const auto algorithm = crypto::Algorithm::es256;
    auth::Provider provider;
    provider.issuer = "i";
    provider.keys = *keys_.load(
        auth::KeySource(auth::KeySource::Kind::text, auth::public_key_set(key, algorithm, "k")));
    const auth::Trust trust({provider});
    const std::string token =
        *auth::mint(key, algorithm, "k", R"({"iss":"i","exp":1800000100)" + claims + "}");
    auth::TokenCache tokens;
    const auto verdict = tokens.verdict(token, trust, exchange_.time);
    ASSERT_TRUE(verdict);
    exchange_.identify(auth::Principal(*verdict));
  }

  void touch(Kind kind) {
    exchange_.mcp.kind = kind;
    exchange_.mcp.name = "n";
    exchange_.mcp.target = "t";
  }

  auth::KeyStore keys_;
  policy::Exchange exchange_{request(), peer(), Instant(),
                             WallTime(std::chrono::milliseconds(1'800'000'000'250))};
  Attributes attributes_{exchange_};
  cel::Arena arena_;
};

TEST_F(AttributesTest, say_what_the_request_is) {
  const struct {
    std::string_view path, json;
  } table[] = {
      {"request.method", R"("POST")"},
      {"request.uri", R"("http://gw.example:3000/mcp/a?b=c")"},
      {"request.path", R"("/mcp/a")"},
      {"request.pathAndQuery", R"("/mcp/a?b=c")"},
      {"request.host", R"("gw.example:3000")"},
      {"request.scheme", R"("http")"},
      {"request.version", R"("HTTP/1.1")"},
      {"request.startTime", R"("2027-01-15T08:00:00.25Z")"},
      {"source.address", R"("192.0.2.7")"},
      {"source.port", "4711"},
      {"source.rawAddress", R"("192.0.2.7")"},
      {"source.rawPort", "4711"},
  };
  for (const auto& row : table) EXPECT_EQ(value(row.path), row.json) << row.path;
}

TEST_F(AttributesTest, know_http_1_0_and_requests_without_a_host) {
  exchange_.change_request().minor_version = 0;
  exchange_.change_request().authority.clear();
  EXPECT_EQ(value("request.version"), R"("HTTP/1.0")");
  EXPECT_EQ(value("request.uri"), R"("/mcp/a?b=c")");
  EXPECT_EQ(value("request.host"), R"("")");
}

TEST_F(AttributesTest, give_a_repeated_header_as_a_list) {
  const std::string headers = value("request.headers");
  EXPECT_NE(headers.find(R"("x-one":"1")"), std::string::npos) << headers;
  EXPECT_NE(headers.find(R"("x-two":["a","b"])"), std::string::npos) << headers;
}

TEST_F(AttributesTest, have_no_caller_without_a_token) {
  EXPECT_EQ(value("jwt"), "null");
}

TEST_F(AttributesTest, give_the_claims_of_the_caller) {
  identify(R"(,"sub":"alice","aud":["a"],"nested":{"key":"value"},"n":1.5)");
  EXPECT_EQ(value("jwt"), R"({"iss":"i","exp":1800000100,"sub":"alice","aud":["a"],)"
                          R"("nested":{"key":"value"},"n":1.5})");
}

TEST_F(AttributesTest, give_the_key_and_the_user_of_the_caller) {
  EXPECT_EQ(value("apiKey"), "null");
  EXPECT_EQ(value("basicAuth.username"), "no such key");
  exchange_.identify(auth::Principal(std::make_shared<const auth::ApiKey>(
      "ci", "key:1", *json::Document::parse(R"({"key":"<redacted>","team":"a"})"))));
  exchange_.identify(auth::Principal(std::make_shared<const auth::User>("alice", "realm")));
  identify(R"(,"sub":"bob")");
  EXPECT_EQ(value("apiKey"), R"({"key":"<redacted>","team":"a"})");
  EXPECT_EQ(value("basicAuth.username"), R"("alice")");
  EXPECT_EQ(value("jwt"), R"({"iss":"i","exp":1800000100,"sub":"bob"})");
}

TEST_F(AttributesTest, have_nothing_of_mcp_where_nothing_is_touched) {
  for (const std::string path : {"mcp.methodName", "mcp.sessionId", "mcp.tool", "mcp.tool.name",
                                 "mcp.tool.target", "mcp.tool.arguments", "mcp.prompt.name",
                                 "mcp.prompt.target", "mcp.resource.name", "mcp.resource.target"}) {
    EXPECT_EQ(value(path), "no such key") << path;
  }
}

TEST_F(AttributesTest, have_only_what_is_touched) {
  const struct {
    Kind kind;
    std::string word;
  } table[] = {{Kind::tool, "tool"}, {Kind::prompt, "prompt"}, {Kind::resource, "resource"}};
  for (const auto& touched : table) {
    touch(touched.kind);
    for (const auto& asked : table) {
      const bool is_there = touched.kind == asked.kind;
      EXPECT_EQ(value("mcp." + asked.word + ".name"), is_there ? R"("n")" : "no such key");
      EXPECT_EQ(value("mcp." + asked.word + ".target"), is_there ? R"("t")" : "no such key");
    }
    EXPECT_EQ(value("mcp.tool.arguments"), "no such key");
  }
}

TEST_F(AttributesTest, give_method_session_and_the_arguments_of_a_tool_call) {
  const auto arguments = json::Document::parse(R"({"path":"/tmp","deep":[1,{"a":null}]})").value();
  touch(Kind::tool);
  exchange_.mcp.method = "tools/call";
  exchange_.mcp.session = "s1";
  exchange_.mcp.arguments = arguments.root();
  EXPECT_EQ(value("mcp.methodName"), R"("tools/call")");
  EXPECT_EQ(value("mcp.sessionId"), R"("s1")");
  EXPECT_EQ(value("mcp.tool.arguments"), R"({"path":"/tmp","deep":[1,{"a":null}]})");
  exchange_.mcp.kind = Kind::prompt;
  EXPECT_EQ(value("mcp.tool.arguments"), "no such key");
}

TEST_F(AttributesTest, have_a_value_or_a_clear_absence_in_every_row) {
  touch(Kind::tool);
  for (const cel::Attribute& attribute : attribute_table()) {
    const std::string found = value(attribute.path);
    EXPECT_NE(found, "no JSON") << attribute.path;
    EXPECT_NE(found, "no attribute") << attribute.path;
  }
}

TEST(AttributeTable, has_each_path_once_with_its_record_before_it_and_words_for_people) {
  std::set<std::string_view> paths;
  for (const cel::Attribute& attribute : attribute_table()) {
    EXPECT_TRUE(paths.insert(attribute.path).second) << attribute.path;
    EXPECT_FALSE(attribute.doc.empty()) << attribute.path;
    const std::size_t dot = attribute.path.rfind('.');
    if (dot != std::string_view::npos) {
      EXPECT_TRUE(paths.contains(attribute.path.substr(0, dot))) << attribute.path;
    }
  }
  const std::string markdown = attributes_markdown();
  for (const std::string_view path : paths) {
    EXPECT_NE(markdown.find("| `" + std::string(path) + "` |"), std::string::npos) << path;
  }
}

}  // namespace
}  // namespace runtime
