#include "upstream/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_http_world.h"
#include "upstream/detail_openapi.h"

namespace upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Two operations on one path, references, all places of parameters, a body.
constexpr const char* pets = R"({
  "openapi": "3.0.3", "info": {"title": "Pets", "version": "1.2"},
  "servers": [{"url": "https://api.test/v1/"}],
  "paths": {
    "/pets/{petId}": {
      "parameters": [{"$ref": "#/components/parameters/Id"}],
      "get": {
        "operationId": "getPet", "summary": "One pet", "description": "Gets one pet.",
        "parameters": [
          {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
          {"name": "tags", "in": "query", "explode": false, "schema": {"type": "array"}},
          {"name": "X-Trace", "in": "header", "description": "For the log", "schema": {"type": "string"}},
          {"name": "Authorization", "in": "header", "schema": {"type": "string"}}
        ]
      },
      "put": {
        "parameters": [{"name": "petId", "in": "path", "required": true, "schema": {"type": "string", "maxLength": 3}}],
        "requestBody": {"required": true, "content": {"application/xml": {}, "application/json; charset=utf-8":
          {"schema": {"$ref": "#/components/schemas/Pet"}}}}
      },
      "patch": {"operationId": "upload", "requestBody": {"content": {"application/octet-stream": {}}}},
      "delete": {"operationId": "getPet"},
      "post": {"operationId": "form", "requestBody": {"content": {"multipart/form-data": {}}}}
    },
    "/cookie": {"get": {"operationId": "cookie", "parameters": [{"name": "a", "in": "cookie"}]}},
    "/deep": {"get": {"operationId": "deep", "parameters": [{"name": "a", "in": "query", "style": "deepObject"}]}},
    "/wrong/{a}": {"get": {"operationId": "wrong"}}
  },
  "components": {
    "parameters": {"Id": {"name": "petId", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}}},
    "schemas": {"Pet": {"type": "object", "required": ["name"], "properties": {
      "name": {"type": "string", "nullable": true, "example": "Rex"},
      "kind": {"enum": ["cat", "dog"]},
      "parent": {"$ref": "#/components/schemas/Pet"}}}}
  }
})";

const OpenApiOperation& operation(const OpenApiDocument& document, std::string_view name) {
  const OpenApiOperation* found = document.find(name);
  if (found == nullptr) throw std::runtime_error("no " + std::string(name));
  return *found;
}

TEST(OpenApiDocument, makes_a_tool_of_each_operation) {
  const auto document = OpenApiDocument::parse(pets);
  ASSERT_TRUE(document) << document.error().why();
  EXPECT_EQ(document->version(), "1.2");
  EXPECT_EQ(document->base_path(), "/v1");
  std::vector<std::string> names;
  for (const auto& one : document->operations()) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("getPet", "put_pets_petId", "upload"));
  EXPECT_EQ(operation(*document, "getPet").tool,
            R"({"name":"getPet","title":"One pet","description":"Gets one pet.","inputSchema":)"
            R"({"type":"object","properties":{"path":{"type":"object","properties":{"petId":)"
            R"({"type":"integer","minimum":1}},"required":["petId"],"additionalProperties":false},)"
            R"("query":{"type":"object","properties":{"fields":{"type":"array","items":)"
            R"({"type":"string"}},"tags":{"type":"array"}},"additionalProperties":false},)"
            R"("header":{"type":"object","properties":{"X-Trace":{"description":"For the log",)"
            R"("type":"string"}},"additionalProperties":false}},"required":["path"],)"
            R"("additionalProperties":false},"annotations":{"readOnlyHint":true}})");
  EXPECT_EQ(
      operation(*document, "put_pets_petId").schema->root().raw(),
      R"({"type":"object","properties":{"path":{"type":"object","properties":{"petId":)"
      R"({"type":"string","maxLength":3}},"required":["petId"],"additionalProperties":false},)"
      R"("body":{"type":"object","required":["name"],"properties":{"name":{"type":)"
      R"(["string","null"]},"kind":{"enum":["cat", "dog"]},"parent":{}}}},)"
      R"("required":["path","body"],"additionalProperties":false})");
  EXPECT_THAT(document->left_out(),
              ElementsAre(HasSubstr("post /pets/{petId}: the request body is neither"),
                          HasSubstr("delete /pets/{petId}: another operation has the same name"),
                          HasSubstr("cookie parameters"), HasSubstr("`style`"),
                          HasSubstr("`a` is not described")));
}

TEST(OpenApiDocument, refuses_what_is_none) {
  const std::string none[] = {"",
                              "[]",
                              "{}",
                              R"({"swagger":"2.0","paths":{}})",
                              R"({"openapi":"3.0.0"})",
                              R"({"openapi":"3.0.0","paths":{}})",
                              R"({"openapi":"3.0.0","paths":{"/a":{"get":5}}})",
                              R"({"openapi":"3.0.0","paths":{"/{a}":{"get":{}}}})"};
  for (const std::string& text : none) EXPECT_FALSE(check_openapi(text, false)) << text;
  EXPECT_TRUE(check_openapi(R"({"openapi":"3.1.0","paths":{"/a":{"get":{}}}})", true));
}

TEST(OpenApiDocument, ends_where_references_go_round) {
  const auto document = OpenApiDocument::parse(
      R"({"openapi":"3.0.0","servers":[{"url":"/a"},{"url":"/b"}],"paths":{"/a":{"post":{"requestBody":)"
      R"({"content":{"application/json":{"schema":{"$ref":"#/x"}}}}}}},"x":{"allOf":[{"$ref":"#/y"}]},)"
      R"("y":{"properties":{"a":{"$ref":"#/x"},"b":{"$ref":"#/none"},"c":{"$ref":"other.json#/x"}}}})");
  ASSERT_TRUE(document) << document.error().why();
  EXPECT_THAT(document->base_path().error().why(), HasSubstr("several servers"));
  EXPECT_THAT(document->operations()[0].tool,
              HasSubstr(R"("body":{"allOf":[{"properties":{"a":{},"b":{},"c":{}}}]})"));
}

std::string checked(const std::string& schema, const std::string& value) {
  const auto rules = json::Document::parse(schema);
  const auto document = json::Document::parse(value);
  const Result<> fits = check_value(rules->root(), document->root());
  return fits ? "" : fits.error().why();
}

TEST(Arguments, fit_their_schema_or_are_told_where_not) {
  const std::array<std::string, 3> rows[] = {
      {R"({"type":"integer"})", "5", ""},
      {R"({"type":"integer"})", "5.0", ""},
      {R"({"type":"integer"})", "5.5", "type integer"},
      {R"({"type":"integer"})", "1e999", "type integer"},
      {R"({"type":["string","null"]})", "null", ""},
      {R"({"type":["string","null"]})", "5", "type string or null"},
      {R"({"enum":["a",1]})", "1", ""},
      {R"({"enum":["a",1]})", R"("b")", "none of the values"},
      {R"({"const":{"a":1}})", R"({"a":1})", ""},
      {R"({"const":{"a":1,"b":[true,"x"]}})", R"({ "b": [true, "\u0078"], "a": 1.0 })", ""},
      {R"({"const":{"a":1}})", R"({"b":1})", "the one value"},
      {R"({"const":{"a":1}})", R"({"a":1,"b":1})", "the one value"},
      {R"({"const":[1,2]})", "[2,1]", "the one value"},
      {R"({"enum":[9007199254740993]})", "9007199254740993", ""},
      {R"({"enum":[9007199254740993]})", "9007199254740992", "none of the values"},
      {R"({"enum":[9007199254740992,1.50]})", "9007199254740993", "none of the values"},
      {R"({"enum":[100,1.50]})", "1.5", ""},
      {R"({"enum":[100]})", "1e2", ""},
      {R"({"minimum":1,"maximum":3})", "4", "limits"},
      {R"({"exclusiveMinimum":1})", "1", "limits"},
      {R"({"maxLength":2})", R"("äö")", ""},
      {R"({"maxLength":2})", R"("abc")", "limits"},
      {R"({"minItems":1})", "[]", "limits"},
      {R"({"items":{"type":"string"}})", R"(["a",5])", "`[1]`: must be"},
      {R"({"required":["a"]})", "{}", "`a`: is missing"},
      {R"({"properties":{"a":{"properties":{"b":{"type":"null"}}}}})", R"({"a":{"b":1}})", "`a.b`"},
      {R"({"properties":{},"additionalProperties":false})", R"({"x":1})", "`x`: is not known"},
      {R"({"additionalProperties":{"type":"string"}})", R"({"x":1})", "`x`: must be"},
      {R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "null", ""},
      {R"({"oneOf":[{"type":"string"},{"type":"null"}]})", "1", "none of the alternatives"},
      {R"({"allOf":[{"type":"number"},{"minimum":2}]})", "1", "limits"},
      {R"(false)", "1", "not allowed"},
      {R"(true)", "1", ""},
      {R"({})", "1", ""},
  };
  for (const auto& [schema, value, expected] : rows) {
    const std::string said = checked(schema, value);
    EXPECT_THAT(said, HasSubstr(expected)) << schema << value;
    EXPECT_EQ(said.empty(), expected.empty()) << schema << value << said;
  }
}

std::string list_of(int count, const std::string& one) {
  std::string text = "[" + one;
  for (int i = 1; i < count; ++i) text += "," + one;
  return text + "]";
}

TEST(Arguments, are_not_checked_for_longer_than_a_while) {
  std::string values = "\"a\"";
  std::string properties = R"("a":{})";
  std::string alternatives = R"({"type":"null"})";
  for (int i = 0; i < 4000; ++i) {
    values += ",\"v" + std::to_string(i) + "\"";
    properties += ",\"v" + std::to_string(i) + R"(":{})";
    alternatives += R"(,{"minLength":3,"maxLength":1})";
  }
  const std::string schemas[] = {
      R"({"items":{"enum":[)" + values + "]}}",
      R"({"items":{"anyOf":[)" + alternatives + R"(,{"const":"v3999"}]}})",
      R"({"items":{"oneOf":[{"enum":[)" + values + "]}]}}"};
  for (const std::string& schema : schemas) {
    EXPECT_THAT(checked(schema, list_of(1000, "\"none\"")),
                testing::AnyOf(HasSubstr("`[0]`: "), HasSubstr("too much to check")));
    EXPECT_THAT(checked(schema, list_of(1000, "\"v3999\"")), HasSubstr("too much to check"));
  }
  EXPECT_EQ(checked(schemas[0], list_of(40, "\"v3999\"")), "");
  EXPECT_EQ(checked(R"({"items":{"type":"integer"}})", list_of(90'000, "1")), "");
  EXPECT_THAT(
      checked(R"({"items":{"properties":{)" + properties + "}}}", list_of(1000, R"({"v3999":1})")),
      HasSubstr("too much to check"));
  EXPECT_THAT(
      checked(R"({"items":{"required":[)" + values + "]}}", list_of(20, "{" + properties + "}")),
      HasSubstr("too much to check"));
  const std::string long_text = "\"" + std::string(1'000'000, 'x') + "\"";
  EXPECT_THAT(checked(R"({"anyOf":[)" + alternatives + "]}", long_text),
              HasSubstr("too much to check"));
  EXPECT_EQ(checked(R"({"maxLength":1000000})", long_text), "");
}

std::string sent(const std::string& name, const std::string& arguments) {
  const auto document = OpenApiDocument::parse(pets);
  const auto values = json::Document::parse(arguments);
  auto request = request_of(operation(*document, name), values->root(), "/v1");
  if (!request) return "error: " + request.error().why();
  return request->method + " " + request->target + " " +
         std::string(request->headers.find("x-trace").value_or("-")) + " " +
         std::string(request->headers.find("content-type").value_or("-")) + " " +
         request->body.text();
}

TEST(OpenApiRequest, puts_arguments_where_they_belong) {
  EXPECT_EQ(
      sent("getPet", R"({"path":{"petId":7},"query":{"fields":["a b","c&d=e"],"tags":["x","y z"]},)"
                     R"("header":{"X-Trace":"t1"}})"),
      "GET /v1/pets/7?fields=a%20b&fields=c%26d%3De&tags=x,y%20z t1 - ");
  EXPECT_EQ(sent("put_pets_petId", R"({"path":{"petId":"a/b?c"},"body":{"name":"Rex","n":0.10}})"),
            R"(PUT /v1/pets/a%2Fb%3Fc - application/json {"name":"Rex","n":0.10})");
  EXPECT_EQ(sent("upload", R"({"path":{"petId":1},"body":"aGk"})"),
            "PATCH /v1/pets/1 - application/octet-stream hi");
  EXPECT_EQ(sent("getPet", R"({"path":{"petId":true},"query":{"fields":null}})"),
            "GET /v1/pets/true - - ");
}

TEST(OpenApiRequest, is_not_made_of_what_cannot_stand_there) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"path":{"petId":".."}})", "no path of the service"},
      {R"({"path":{"petId":"."}})", "no path of the service"},
      {R"({"path":{"petId":""}})", "is empty"},
      {R"({"path":{"petId":[]}})", "is empty"},
      {R"({"path":{"petId":["","b"]}})", "is empty"},
      {R"({"path":{"petId":["a",""]}})", "is empty"},
      {R"({"path":{}})", "is missing"},
      {R"({"path":{"petId":{}}})", "an object cannot"},
      {R"({"path":{"petId":[[1]]}})", "only plain values"},
      {R"({"path":{"petId":1},"header":{"X-Trace":"a\r\nb: c"}})", "cannot stand in a header"},
      {R"({"path":{"petId":1},"header":{"X-Trace":"ä"}})", "cannot stand in a header"},
  };
  for (const auto& [arguments, why] : rows) {
    EXPECT_THAT(sent("getPet", arguments), HasSubstr(why)) << arguments;
  }
  const std::string longest(20'000, 'a');
  EXPECT_THAT(sent("getPet", R"({"path":{"petId":")" + longest + "\"}}"), HasSubstr("too long"));
  EXPECT_THAT(sent("upload", R"({"path":{"petId":1},"body":"?"})"), HasSubstr("no base64"));
}

std::string told(int status, const std::string& type, const std::string& body) {
  const http::Response answer(status, type, "");
  const auto result = tool_result(answer, body);
  return result ? *result : std::string(name_of(result.error().fault()));
}

TEST(OpenApiAnswer, is_text_and_structured_content) {
  EXPECT_EQ(told(200, "application/json", R"({"a": 1})"),
            R"({"content":[{"type":"text","text":"{\"a\": 1}"}],"structuredContent":{"a": 1}})");
  EXPECT_EQ(told(200, "application/problem+json; charset=utf-8", "[1]"),
            R"({"content":[{"type":"text","text":"[1]"}],"structuredContent":{"data":[1]}})");
  EXPECT_EQ(told(201, "text/plain", "made"), R"({"content":[{"type":"text","text":"made"}]})");
  EXPECT_EQ(told(204, "", ""), R"({"content":[{"type":"text","text":"HTTP 204"}]})");
  EXPECT_THAT(told(200, "image/png", std::string("\0\1", 2)), HasSubstr("an answer of 2 bytes"));
  EXPECT_EQ(told(200, "application/json", "{"), "upstream_failed");
  EXPECT_EQ(told(404, "application/json", R"({"e":"no"})"),
            R"({"content":[{"type":"text","text":"HTTP 404: {\"e\":\"no\"}"}],"isError":true})");
  EXPECT_EQ(told(302, "", ""), "upstream_failed");
  EXPECT_EQ(told(500, "text/plain", "secret"), "upstream_failed");
  EXPECT_EQ(told(503, "", ""), "unavailable");
}

TEST(OpenApiAnswer, may_be_of_many_values) {
  EXPECT_THAT(told(200, "application/json", list_of(300'000, "1")),
              HasSubstr(R"("structuredContent":{"data":[1,)"));
  const http::Response answer(200, "application/json", "");
  const auto refused = tool_result(answer, list_of(1'000'001, "1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::upstream_failed);
  EXPECT_THAT(refused.error().why(), HasSubstr("too many values"));
  EXPECT_THAT(tool_result(answer, "{").error().why(), HasSubstr("is no JSON"));
}

class OpenApiTargetTest : public testing::Test {
 protected:
  OpenApiTargetTest() {
    world_.shakes_hands = false;
    settings_.http = world_.settings;
    settings_.document = pets;
    world_.serve = [](ServedRequest& request) { request.answer_json(R"({"name":"Rex"})"); };
  }
  Task<Result<std::unique_ptr<Session>>> opening() {
    if (!target_) {
      target_ = make_openapi_target(mcp::TargetName("pets"), settings_,
                                    Log(log_, LogFormat::json, LogLevel::debug), vitals_);
    }
    return target_->open(world_.site, params_->root(), Deadline::never());
  }
  Result<std::unique_ptr<Session>> open() { return world_.run(opening()); }
  std::string call(Session& session, const std::string& params) {
    return world_.ask(session, "tools/call", params);
  }

  class TextLog final : public LogSink {
   public:
    void write(std::string_view line) override { text.append(line); }
    std::string text;
  };
  TextLog log_;
  HttpWorld world_;
  OpenApiSettings settings_;
  const Result<json::Document> params_ = json::Document::parse(
      R"({"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}})");
  const std::shared_ptr<Vitals> vitals_ = std::make_shared<Vitals>();
  std::unique_ptr<Target> target_;
};

TEST_F(OpenApiTargetTest, serves_tools_and_nothing_else) {
  const auto session = open();
  ASSERT_TRUE(session) << session.error().why();
  EXPECT_THAT(
      std::string((*session)->initialized().result()->raw()),
      HasSubstr(R"("capabilities":{"tools":{}},"serverInfo":{"name":"pets","version":"1.2"})"));
  EXPECT_THAT(world_.ask(**session, "tools/list"), HasSubstr(R"("name":"upload")"));
  EXPECT_EQ(world_.ask(**session, "prompts/list"), R"({"prompts":[]})");
  EXPECT_THAT(world_.ask(**session, "prompts/get"), HasSubstr("-32601"));
  EXPECT_THAT(log_.text, HasSubstr("operation not offered"));
  EXPECT_TRUE(world_.requests.empty());
}

TEST_F(OpenApiTargetTest, calls_the_service) {
  const auto session = open();
  EXPECT_THAT(call(**session, R"({"name":"getPet","arguments":{"path":{"petId":7}}})"),
              HasSubstr(R"("structuredContent":{"name":"Rex"})"));
  ASSERT_EQ(world_.requests.size(), 1U);
  EXPECT_EQ(world_.requests[0].path, "/v1/pets/7");
  EXPECT_EQ(world_.requests[0].header("host"), "server.test:8000");
  EXPECT_THAT(call(**session, R"({"name":"getPet","arguments":{"path":{"petId":0}}})"),
              HasSubstr(R"(`path.petId`: is beyond its limits"}],"isError":true)"));
  EXPECT_THAT(call(**session, R"({"name":"getPet"})"), HasSubstr("`path`: is missing"));
  EXPECT_THAT(call(**session, R"({"name":"nobody"})"), HasSubstr("Unknown tool: nobody"));
  EXPECT_EQ(world_.requests.size(), 1U) << "nothing wrong was sent";
  world_.serve = [](ServedRequest& request) { request.answer_status("500 Oh"); };
  EXPECT_THAT(call(**session, R"({"name":"getPet","arguments":{"path":{"petId":7}}})"),
              HasSubstr("upstream_failed: the service answered HTTP 500"));
}

TEST_F(OpenApiTargetTest, ends_a_call_at_its_deadline_and_when_it_is_given_up) {
  world_.serve = [](ServedRequest&) {};
  const auto session = open();
  const std::string params = R"({"name":"getPet","arguments":{"path":{"petId":7}}})";
  EXPECT_THAT(world_.ask(**session, "tools/call", params, std::chrono::seconds(3)),
              HasSubstr("timed_out"));
  const auto given_up = world_.start(**session, "tools/call", params);
  given_up->cancel();
  EXPECT_THAT(world_.next(*given_up), HasSubstr("cancelled"));
  EXPECT_FALSE(world_.requests.back().end->is_open());
}

TEST_F(OpenApiTargetTest, fetches_its_document_and_keeps_the_last_good_one) {
  settings_.document.clear();
  settings_.address = Uri::parse("http://docs.test/openapi.json").value();
  int fetches = 0;
  std::string document = pets;
  world_.serve = [&](ServedRequest& request) {
    ++fetches;
    EXPECT_EQ(request.path, "/openapi.json");
    request.answer_json(document);
  };
  world_.is_down = true;
  EXPECT_THAT(open().error().why(), HasSubstr("no OpenAPI document"));
  world_.is_down = false;
  EXPECT_TRUE(open());
  EXPECT_TRUE(open());
  EXPECT_EQ(fetches, 1);
  world_.advance(std::chrono::minutes(6));
  document = "{}";
  EXPECT_TRUE(open());
  EXPECT_EQ(fetches, 2);
  EXPECT_THAT(log_.text, HasSubstr("not fetched again"));
}

TEST_F(OpenApiTargetTest, fetches_its_document_once_for_all_and_not_at_once_again) {
  settings_.document.clear();
  settings_.address = Uri::parse("http://docs.test/openapi.json").value();
  std::vector<ServedRequest> fetches;
  world_.serve = [&](ServedRequest& request) { fetches.push_back(request); };
  auto first = opening();
  auto second = opening();
  for (auto* task : {&first, &second}) task->start(world_.scheduler, std::noop_coroutine());
  world_.advance(std::chrono::seconds(1));
  ASSERT_EQ(fetches.size(), 1U) << "one waits for the other";
  fetches[0].answer_json(pets);
  world_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(first.is_done() && second.is_done());
  EXPECT_TRUE(first.take());
  EXPECT_TRUE(second.take());

  world_.advance(std::chrono::minutes(6));
  auto third = opening();
  third.start(world_.scheduler, std::noop_coroutine());
  world_.advance(std::chrono::seconds(1));
  EXPECT_EQ(fetches.size(), 2U);
  EXPECT_TRUE(open()) << "the last one will do for the others";
  fetches[1].answer_status("500 Oh");
  world_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(third.is_done());
  EXPECT_TRUE(third.take());
  EXPECT_TRUE(open());
  EXPECT_EQ(fetches.size(), 2U) << "not again so soon";
  world_.advance(std::chrono::seconds(31));
  world_.serve = [&](ServedRequest& request) {
    fetches.push_back(request);
    request.answer_json(pets);
  };
  EXPECT_TRUE(open());
  EXPECT_EQ(fetches.size(), 3U);
}

TEST_F(OpenApiTargetTest, tells_all_who_wait_why_there_is_no_document) {
  settings_.document.clear();
  settings_.address = Uri::parse("http://docs.test/openapi.json").value();
  std::vector<ServedRequest> fetches;
  world_.serve = [&](ServedRequest& request) { fetches.push_back(request); };
  auto first = opening();
  auto second = opening();
  for (auto* task : {&first, &second}) task->start(world_.scheduler, std::noop_coroutine());
  world_.advance(std::chrono::seconds(1));
  ASSERT_EQ(fetches.size(), 1U);
  fetches[0].answer_json("{}");
  world_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(first.is_done() && second.is_done());
  EXPECT_THAT(first.take().error().why(), HasSubstr("no OpenAPI 3 document"));
  EXPECT_THAT(second.take().error().why(), HasSubstr("no OpenAPI 3 document"));
  EXPECT_EQ(fetches.size(), 1U);
}

TEST_F(OpenApiTargetTest, says_how_a_call_failed_as_with_any_server) {
  const std::string params = R"({"name":"getPet","arguments":{"path":{"petId":7}}})";
  const auto session = open();
  ASSERT_TRUE(session);
  world_.is_silent = true;
  EXPECT_THAT(call(**session, params),
              HasSubstr("unavailable: connecting or sending took too long"));
  EXPECT_EQ(vitals_->report().state, Vitals::State::failing);
  world_.is_silent = false;
  EXPECT_THAT(call(**session, params), HasSubstr("Rex"));
  EXPECT_NE(vitals_->report().state, Vitals::State::failing);
  world_.serve = [](ServedRequest& request) {
    request.end->say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
  };
  EXPECT_THAT(world_.ask(**session, "tools/call", params, std::chrono::seconds(3)),
              HasSubstr("timed_out"));
  settings_.http.answer_bytes_max = 10;
  target_.reset();
  const auto narrow = open();
  world_.serve = [](ServedRequest& request) { request.answer_json(R"({"name":"Rex"})"); };
  EXPECT_THAT(call(**narrow, params), HasSubstr("upstream_failed: the service's answer is longer"));
}

TEST_F(OpenApiTargetTest, needs_a_path_where_the_document_names_several_servers) {
  settings_.document =
      R"({"openapi":"3.0.0","servers":[{"url":"/a"},{"url":"/b"}],"paths":{"/x":{"get":{}}}})";
  EXPECT_THAT(open().error().why(), HasSubstr("say the `path`"));
  target_.reset();
  settings_.path = "/c";
  const auto session = open();
  ASSERT_TRUE(session);
  call(**session, R"({"name":"get_x"})");
  EXPECT_EQ(world_.requests[0].path, "/c/x");
}

}  // namespace
}  // namespace upstream
