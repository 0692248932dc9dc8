#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_openapi.h"
#include "upstream/openapi.h"

namespace upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An OpenAPI document of these members.
std::string document_with(const std::string& members) {
  return R"({"openapi":"3.0.0",)" + members + "}";
}

TEST(OpenApiDocument, says_what_stands_before_every_path) {
  const std::array<std::string, 3> rows[] = {
      {"", "", ""},
      {R"({"url":"/"})", "", ""},
      {R"({"url":"https://api.test"})", "", ""},
      {R"({"url":"https://api.test/v1/"})", "/v1", ""},
      {R"({"url":"https://{host}/v1","variables":{"host":{"default":"a.test"}}})", "/v1", ""},
      {R"({"url":"/{v}/{v}","variables":{"v":{"default":"v2"}}})", "/v2/v2", ""},
      {R"({"url":"https://{host}/v1"})", "", "the variable `host` of the server"},
      {R"({"url":"/{v","variables":{}})", "", "neither an address nor a path"},
      {R"({"url":"v1"})", "", "neither an address nor a path"},
      {R"({"url":"/v1?a=b"})", "", "neither an address nor a path"},
      {R"({"url":"/v1/../x"})", "", "neither an address nor a path"},
      {R"({"url":"https://api.test/v1/%2e%2e/x"})", "", "neither an address nor a path"},
      {R"({"url":"/a"},{"url":"/b"})", "", "several servers"},
  };
  for (const auto& [servers, path, why] : rows) {
    const std::string text =
        document_with(R"("paths":{"/a":{"get":{}}},"servers":[)" + servers + "]");
    const auto document = OpenApiDocument::parse(text);
    ASSERT_TRUE(document) << text;
    const auto& said = document->base_path();
    EXPECT_EQ(said.value_or(""), path) << text;
    EXPECT_EQ(said.has_value(), why.empty()) << text;
    EXPECT_THAT(said ? "" : said.error().why(), HasSubstr(why)) << text;
    EXPECT_EQ(check_openapi(text, true).has_value(), why.empty()) << text;
    EXPECT_TRUE(check_openapi(text, false)) << text;
  }
}

TEST(OpenApiDocument, leaves_out_what_cannot_be_sent_as_it_says) {
  const auto document = OpenApiDocument::parse(document_with(
      R"("paths":{"/one":{"servers":[{"url":"https://a.test"}],"get":{}},"/good":{"get":{}},)"
      R"("/two":{"get":{"servers":[{"url":"/v2"}]},"put":{}},"/a}{b}":{"get":)"
      R"({"parameters":[{"name":"b","in":"path"}]}},"/a/../b":{"get":{}},"/q?a=b":{"get":{}}})"));
  ASSERT_TRUE(document) << document.error().why();
  std::vector<std::string> names;
  for (const auto& one : document->operations()) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("get_good", "put_two"));
  EXPECT_THAT(
      document->left_out(),
      ElementsAre("get /one: it has servers of its own", "get /two: it has servers of its own",
                  "get /a}{b}: the path is malformed", "get /a/../b: the path is malformed",
                  "get /q?a=b: the path is malformed"));
}

TEST(OpenApiDocument, asks_callers_for_nothing_that_only_the_service_says) {
  const auto document = OpenApiDocument::parse(document_with(
      R"("paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":)"
      R"({"allOf":[{"$ref":"#/Base"},{"required":["id","at","name"],"properties":{"name":{}}}]}}}}}}},)"
      R"("Base":{"required":["id","kind"],"properties":{"id":{"type":"string","readOnly":true},)"
      R"("kind":{},"at":{"$ref":"#/At"},"deep":{"required":["id"]}}},"At":{"readOnly":true})"));
  ASSERT_TRUE(document) << document.error().why();
  EXPECT_THAT(document->operations()[0].tool,
              HasSubstr(R"({"allOf":[{"required":["kind"],"properties":{"id":{"type":"string"},)"
                        R"("kind":{},"at":{},"deep":{"required":["id"]}}},)"
                        R"({"required":["name"],"properties":{"name":{}}}]})"));
}

TEST(OpenApiDocument, keeps_headers_of_the_connection_and_of_proxies_from_callers) {
  std::string parameters;
  for (const char* name :
       {"Accept-Encoding", "Proxy-Authorization", "Keep-Alive", "Forwarded", "X-Forwarded-For",
        "Mcp-Session-Id", "HOST", "X_Forwarded_For", "Proxy_Authorization", "mcp_session_id",
        "Transfer_Encoding", "X-Real-IP", "True_Client_IP", "X-HTTP-Method-Override",
        "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "DPoP", "X-Own"}) {
    parameters +=
        std::string(parameters.empty() ? "" : ",") + R"({"in":"header","name":")" + name + R"("})";
  }
  const auto document = OpenApiDocument::parse(
      document_with(R"("paths":{"/a":{"get":{"parameters":[)" + parameters + "]}}}"));
  ASSERT_TRUE(document);
  ASSERT_EQ(document->operations()[0].parameters.size(), 1U);
  EXPECT_EQ(document->operations()[0].parameters[0].name, "X-Own");
}

// So many operations at /a0, /a1, ..., each with so many parameters of the schema "E".
std::string expanding(int operations, int parameters, const std::string& schema) {
  std::string paths;
  for (int i = 0; i < operations; ++i) {
    std::string list;
    for (int j = 0; j < parameters; ++j) {
      list += std::string(j == 0 ? "" : ",") + R"({"in":"query","name":"p)" + std::to_string(j) +
              R"(","schema":{"$ref":"#/E"}})";
    }
    paths += std::string(i == 0 ? "" : ",") + R"("/a)" + std::to_string(i) +
             R"(":{"get":{"parameters":[)" + list + "]}}";
  }
  return document_with(R"("E":)" + schema + R"(,"paths":{)" + paths + "}");
}

TEST(OpenApiDocument, does_not_grow_beyond_its_limits_by_references) {
  const std::string text(10'000, 'd');
  const std::string schemas[] = {
      R"({"description":")" + text + R"("})", R"({"enum":[")" + text + R"("]})",
      R"({"default":")" + text + "\"}", R"({"properties":{")" + text + R"(":{}}})",
      R"({"required":[")" + text + R"("]})"};
  for (const std::string& schema : schemas) {
    const auto fits = OpenApiDocument::parse(expanding(15, 20, schema));
    ASSERT_TRUE(fits) << fits.error().why();
    EXPECT_EQ(fits->operations().size(), 15U);
    EXPECT_TRUE(fits->left_out().empty());
    EXPECT_LT(fits->tools().size(), OpenApiDocument::tools_bytes_max);

    const auto too_long = OpenApiDocument::parse(expanding(15, 30, schema));
    ASSERT_FALSE(too_long);
    EXPECT_THAT(too_long.error().why(), HasSubstr("get /a0: its schema is too long"));
    const auto too_many = OpenApiDocument::parse(expanding(30, 20, schema));
    ASSERT_FALSE(too_many);
    EXPECT_THAT(too_many.error().why(), HasSubstr("too long together"));
    const auto all_left_out = OpenApiDocument::parse(expanding(200, 30, schema));
    ASSERT_FALSE(all_left_out);
    EXPECT_THAT(all_left_out.error().why(), HasSubstr("too long together"));
  }
}

TEST(OpenApiDocument, may_be_of_many_values) {
  std::string examples = "0";
  for (int i = 0; i < 300'000; ++i) examples += ",0";
  const std::string paths = R"("paths":{"/a":{"get":{}}},"x-all":[)";
  EXPECT_TRUE(OpenApiDocument::parse(document_with(paths + examples + "]")));
  const std::string many = examples + "," + examples + "," + examples + "," + examples;
  const auto refused = OpenApiDocument::parse(document_with(paths + many + "]"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().why(), HasSubstr("the document is too large"));
}

}  // namespace
}  // namespace upstream
