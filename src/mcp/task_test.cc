#include "mcp/task.h"

#include <gtest/gtest.h>

#include "json/write.h"

namespace mcp {
namespace {

class Parsed {
 public:
  explicit Parsed(std::string text) : document_(*json::Document::parse(std::move(text))) {}
  json::Value root() const { return document_.root(); }

 private:
  json::Document document_;
};

TEST(Task, is_offered_as_far_as_it_is_passed_on) {
  const auto offer = [](const char* tasks) {
    return task_offer(Parsed(R"({"capabilities":{"tasks":)" + std::string(tasks) + "}}").root());
  };

  EXPECT_EQ(offer(R"({"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})"),
            (TaskOffer{true, true, true}));
  EXPECT_EQ(offer(R"({"requests":{"tools":{"call":{}}}})"), (TaskOffer{true, false, false}));
  for (const char* useless : {"{}", R"({"list":{},"cancel":{}})", R"({"requests":{"x":{}}})",
                              "null", "[]", R"({"list":{},"requests":{"tools":{"call":1}}})"}) {
    EXPECT_EQ(offer(useless), TaskOffer()) << useless;
  }
  EXPECT_EQ(task_offer(Parsed("{}").root()), TaskOffer());
  EXPECT_EQ((TaskOffer{true, false, true}).text(),
            R"({"cancel":{},"requests":{"tools":{"call":{}}}})");
}

TEST(Task, is_what_a_call_became_or_belongs_to) {
  EXPECT_EQ(task_made(Parsed(R"({"task":{"taskId":"a"}})").root()), "a");
  EXPECT_FALSE(task_made(Parsed(R"({"content":[]})").root()));
  EXPECT_FALSE(task_made(Parsed(R"({"task":{"taskId":1}})").root()));
  EXPECT_EQ(
      related_task(
          Parsed(R"({"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"a"}}})").root()),
      "a");
  EXPECT_FALSE(related_task(Parsed(R"({"_meta":{}})").root()));
}

TEST(Task, has_its_ids_renamed) {
  const auto rename = [](std::string_view id) {
    return id == "a" ? std::optional<std::string>("A") : std::nullopt;
  };
  const std::pair<const char*, const char*> cases[] = {
      {R"({"task":{"taskId":"a","ttl":1.0},"_meta":{}})",
       R"({"task":{"taskId":"A","ttl":1.0},"_meta":{}})"},
      {R"({"taskId":"a","status":"working"})", R"({"taskId":"A","status":"working"})"},
      {R"({"taskId":"b","status":"working"})", R"({"status":"working"})"},
      {R"({"tasks":[{"taskId":"b"},{"taskId":"a","x":1},{},1],"nextCursor":"n"})",
       R"({"tasks":[{"taskId":"A","x":1}],"nextCursor":"n"})"},
      {R"({"content":[],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"a"},"x":1}})",
       R"({"content":[],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"A"},"x":1}})"},
      {R"({"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"b"}}})", R"({"_meta":{}})"},
      {R"({"structuredContent":{"taskId":"a","task":{"taskId":"a"}}})",
       R"({"structuredContent":{"taskId":"a","task":{"taskId":"a"}}})"},
  };
  for (const auto& [from, to] : cases) EXPECT_EQ(renamed_tasks(Parsed(from).root(), rename), to);
  EXPECT_EQ(
      renamed_related_task(
          Parsed(
              R"({"taskId":"a","_meta":{"io.modelcontextprotocol/related-task":{"taskId":"a"}}})")
              .root(),
          rename),
      R"({"taskId":"a","_meta":{"io.modelcontextprotocol/related-task":{"taskId":"A"}}})");
}

TEST(Task, is_listed_once) {
  std::string tasks;
  for (int i = 0; i < 1000; ++i) tasks += R"({"taskId":"aaaa"},)";
  const Parsed page(R"({"tasks":[)" + tasks + R"({"taskId":"b"}]})");

  EXPECT_EQ(
      renamed_tasks(page.root(), [](std::string_view id) { return "its " + std::string(id); }),
      R"({"tasks":[{"taskId":"its aaaa"},{"taskId":"its b"}]})");
}

TEST(Task, is_said_under_its_clients_name_in_errors) {
  const auto words = [](const std::string& error, std::vector<TaskAlias> tasks) {
    const Parsed parsed(error);
    const ErrorWords said = renamed_words(parsed.root(), tasks);
    return said.message + "|" + said.data;
  };
  const auto error = [](const std::string& message, const std::string& data = "") {
    return R"({"code":-32602,"message":)" + json::quoted(message) +
           (data.empty() ? "" : R"(,"data":)" + data) + "}";
  };

  EXPECT_EQ(words(error("no abcd, not xabcdx"), {{"abcd", "S"}}), "no S, not xSx|");
  EXPECT_EQ(words(error("two+abcd (abcd)"), {{"two+abcd", "S"}}), "S (S)|");
  EXPECT_EQ(words(error("one, two"), {{"one", "two"}, {"two", "one"}}), "two, one|");
  // As it is spelled does not matter.
  EXPECT_EQ(words(R"({"code":1,"message":"\u0061bcd \"q\""})", {{"abcd", "S"}, {"\"q\"", "Q"}}),
            "S Q|");
  EXPECT_EQ(words(error("task 7 of 77, 7th, -7 (7)"), {{"7", "S"}}), "task S of 77, 7th, -7 (S)|");
  EXPECT_EQ(words(error("x", R"({"abcd":["abcd",1.0,{"taskId":"abcd"}],"message":null})"),
                  {{"abcd", "S"}}),
            R"(x|{"S":["S",1.0,{"taskId":"S"}],"message":null})");
  // An address to visit is good only as it is.
  EXPECT_EQ(words(error("x", R"({"url":"http://a/abcd","x":"abcd"})"), {{"abcd", "S"}}),
            R"(x|{"url":"http://a/abcd","x":"S"})");
  // Members of the error itself are no words.
  EXPECT_EQ(words(error("code"), {{"code", "S"}, {"message", "T"}}), "S|");
  EXPECT_EQ(words(error("x"), {{"", "S"}, {"a+", "T"}}), "x|");
}

TEST(Task, is_not_mentioned_again_and_again) {
  const auto words = [](std::size_t mentions, const std::string& data) {
    std::string message;
    for (std::size_t i = 0; i < mentions; ++i) message += "aaaa";
    const Parsed error(R"({"code":1,"message":")" + message + R"(","data":)" + data + "}");
    const ErrorWords said = renamed_words(error.root(), {{"aaaa", "S"}});
    return said.message + "|" + said.data;
  };
  const std::string refused = "The server refused it, with too many words|";

  EXPECT_EQ(words(15, R"("aaaa")"), R"(SSSSSSSSSSSSSSS|"S")");
  EXPECT_EQ(words(16, R"("aaaa")"), refused);
  EXPECT_EQ(words(1, R"(")" + std::string(64 << 10, 'x') + R"(")"), refused);
  EXPECT_EQ(words(std::size_t{1} << 20, "1"), refused);
}

TEST(Task, is_no_duty_of_clients) {
  const Parsed page(
      R"({"tools":[{"name":"a","execution":{"taskSupport":"required"},"x":1},{"name":"b","execution":{"taskSupport":"forbidden"}}],"nextCursor":"n"})");

  EXPECT_TRUE(says_executions(page.root()));
  EXPECT_FALSE(says_executions(Parsed(R"({"tools":[{"name":"a"}]})").root()));
  EXPECT_EQ(
      with_executions(page.root(), true),
      R"({"tools":[{"name":"a","execution":{"taskSupport":"optional"},"x":1},{"name":"b","execution":{"taskSupport":"forbidden"}}],"nextCursor":"n"})");
  EXPECT_EQ(with_executions(page.root(), false),
            R"({"tools":[{"name":"a","x":1},{"name":"b"}],"nextCursor":"n"})");
}

}  // namespace
}  // namespace mcp
