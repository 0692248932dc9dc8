#include "mcp/write.h"

#include <gtest/gtest.h>

namespace mcp {
namespace {

class Parsed {
 public:
  explicit Parsed(std::string text) : document_(json::Document::parse(std::move(text))) {}
  json::Value root() const { return document_->root(); }

 private:
  Result<json::Document> document_;
};

TEST(Write, copies_params_as_they_were_read) {
  const Parsed params(R"({ "name":"echo", "n":[1.50,1e400,18446744073709551616],"s":"\u00e9\/"})");

  EXPECT_EQ(
      request_text(Id(7), "tools/call", params.root()),
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{ "name":"echo", "n":[1.50,1e400,18446744073709551616],"s":"\u00e9\/"}})");
}

TEST(Write, leaves_absent_params_out) {
  EXPECT_EQ(request_text(Id(1), "ping", json::Value()),
            R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  EXPECT_EQ(notification_text("notifications/initialized", ""),
            R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
}

TEST(Write, replaces_what_the_edit_names_and_copies_the_rest) {
  const Parsed params(
      R"({"name":"alpha_echo","arguments":{"name":"kept","_meta":{"progressToken":1}},)"
      R"("_meta":{"a":2.0,"progressToken":"t"}})");
  ParamsEdit edit;
  edit.name = "echo";
  edit.progress_token = "99";

  EXPECT_EQ(edited_params(params.root(), edit),
            R"({"name":"echo","arguments":{"name":"kept","_meta":{"progressToken":1}},)"
            R"("_meta":{"a":2.0,"progressToken":99}})");
}

TEST(Write, never_adds_a_member) {
  const Parsed params(R"({"arguments":{}})");
  ParamsEdit edit;
  edit.name = "echo";
  edit.uri = "u";
  edit.progress_token = "99";
  edit.drop_task = true;

  EXPECT_EQ(edited_params(params.root(), edit), R"({"arguments":{}})");
}

TEST(Write, replaces_the_reference_of_a_completion) {
  const Parsed params(R"({"ref":{"type":"ref/prompt","name":"alpha_p"},"argument":{"name":"x"}})");
  ParamsEdit edit;
  edit.reference = "p";

  EXPECT_EQ(edited_params(params.root(), edit),
            R"({"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"x"}})");
}

TEST(Write, drops_the_task) {
  const Parsed params(R"({"name":"alpha_x","task":{"ttl":1},"arguments":{"task":1}})");
  ParamsEdit edit;
  edit.name = "x";
  edit.drop_task = true;

  EXPECT_EQ(edited_params(params.root(), edit), R"({"name":"x","arguments":{"task":1}})");
}

TEST(Write, says_which_task_is_meant) {
  const Parsed params(
      R"({"taskId":"sealed","_meta":{"io.modelcontextprotocol/related-task":{"taskId":"a"},"x":1}})");
  ParamsEdit edit;
  edit.task_id = "own";
  edit.related_task = R"({"taskId":"own"})";

  EXPECT_EQ(
      edited_params(params.root(), edit),
      R"({"taskId":"own","_meta":{"io.modelcontextprotocol/related-task":{"taskId":"own"},"x":1}})");
  edit.related_task = "";
  EXPECT_EQ(edited_params(params.root(), edit), R"({"taskId":"own","_meta":{"x":1}})");
}

TEST(Write, adds_a_task) {
  ParamsEdit edit;
  edit.task = R"({"ttl":1})";

  EXPECT_EQ(edited_params(Parsed("{}").root(), edit), R"({"task":{"ttl":1}})");
  EXPECT_EQ(edited_params(Parsed(R"({"name":"a"})").root(), edit),
            R"({"name":"a","task":{"ttl":1}})");
  EXPECT_EQ(edited_params(Parsed(R"({"task":{},"name":"a"})").root(), edit),
            R"({"task":{"ttl":1},"name":"a"})");
}

TEST(Write, makes_one_line_of_everything) {
  const Parsed params("{\n  \"a\": \"x\u2028y\u2029z\u0085w\u00e9\u2027\",\r\n \"b\":1 }");

  const std::string text = notification_text("m", params.root());

  EXPECT_EQ(text,
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{   \"a\": "
            "\"x\\u2028y\\u2029z\\u0085w\u00e9\u2027\",   \"b\":1 }}");
  EXPECT_EQ(Parsed(text).root().find("params")->find_string("a"),
            "x\u2028y\u2029z\u0085w\u00e9\u2027");
}

TEST(Write, makes_one_line_wherever_the_break_is) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string before(size, 'x');
    const std::string after(40 - size, 'y');
    const auto around = [&](std::string_view middle) {
      return before + std::string(middle) + after;
    };
    EXPECT_EQ(one_line(around("\n")), around(" "));
    EXPECT_EQ(one_line(around("\r\n")), around("  "));
    EXPECT_EQ(one_line(around("\u2028")), around("\\u2028"));
    EXPECT_EQ(one_line(around("\u2029")), around("\\u2029"));
    EXPECT_EQ(one_line(around("\u0085")), around("\\u0085"));
    EXPECT_EQ(one_line(around("\u00a0\u2027\u20ac")), around("\u00a0\u2027\u20ac"));
    EXPECT_EQ(one_line(before + "\n"), before + " ");
  }
}

TEST(Write, makes_one_line_of_edited_text) {
  const Parsed params("{\"name\":\"a\",\n\"b\u2028\":[\n1]}");
  ParamsEdit edit;
  edit.name = "new\u2028line\n";

  EXPECT_EQ(edited_params(params.root(), edit),
            "{\"name\":\"new\\u2028line\\n\",\"b\\u2028\":[ 1]}");
}

TEST(Write, writes_results_and_errors) {
  const std::optional<Id> id(Id(3));

  EXPECT_EQ(result_text(*id, "{}"), R"({"jsonrpc":"2.0","id":3,"result":{}})");
  EXPECT_EQ(
      error_text(id, Code::invalid_params, "Unknown tool: \"x\"\n"),
      R"({"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"Unknown tool: \"x\"\n"}})");
  EXPECT_EQ(error_text(std::nullopt, 5, "m", R"({"a":1})"),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":5,"message":"m","data":{"a":1}}})");
}

TEST(Write, passes_responses_on_under_another_id) {
  const auto result =
      read(R"({"jsonrpc":"2.0","id":1,"result":{"n":1.0},"extra":1})", Sender::server);
  const auto error =
      read(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"m","data":[1]}})",
           Sender::server);
  const auto client = read(R"({"jsonrpc":"2.0","id":"\u0061","method":"ping"})", Sender::client);

  EXPECT_EQ(response_text(client->id(), *result),
            R"({"jsonrpc":"2.0","id":"\u0061","result":{"n":1.0}})");
  EXPECT_EQ(response_text(client->id(), *error),
            R"({"jsonrpc":"2.0","id":"\u0061","error":{"code":-32602,"message":"m","data":[1]}})");
}

TEST(Write, filters_one_list_and_copies_the_rest) {
  const Parsed result(
      R"({"tools":[{"name":"a","x":1.0},{"name":"b"},{"name":"c"}],"nextCursor":"n","_meta":{"tools":[1]}})");
  const auto keep = [](json::Value item) { return item.find_string("name") != "b"; };

  EXPECT_EQ(
      filtered_list(result.root(), "tools", keep),
      R"({"tools":[{"name":"a","x":1.0},{"name":"c"}],"nextCursor":"n","_meta":{"tools":[1]}})");
  EXPECT_EQ(filtered_list(result.root(), "prompts", keep), result.root().raw());
}

TEST(Write, rewrites_the_items_of_a_list) {
  const Parsed result(R"({"tools":[{"name":"a"},{"name":"b"}]})");

  const std::string text =
      rewritten_list(result.root(), "tools", [](json::Value item) -> std::optional<std::string> {
        if (item.find_string("name") == "a") return std::nullopt;
        ParamsEdit edit;
        edit.name = "alpha_b";
        return edited_params(item, edit);
      });

  EXPECT_EQ(text, R"({"tools":[{"name":"alpha_b"}]})");
}

TEST(Write, leaves_members_out) {
  const Parsed object(R"({"a":1,"tasks":{},"b":{"tasks":1}})");

  EXPECT_EQ(without_members(object.root(), {"tasks", "z"}), R"({"a":1,"b":{"tasks":1}})");
}

}  // namespace
}  // namespace mcp
