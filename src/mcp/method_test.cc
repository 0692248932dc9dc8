#include "mcp/method.h"

#include <gtest/gtest.h>

namespace mcp {
namespace {

Message request(std::string_view method, std::string_view params = "{}") {
  auto message = read(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) +
                          R"(","params":)" + std::string(params) + "}",
                      Sender::client);
  EXPECT_TRUE(message);
  return std::move(*message);
}

Message notification(std::string_view method) {
  return std::move(
      *read(R"({"jsonrpc":"2.0","method":")" + std::string(method) + R"("})", Sender::client));
}

TEST(Method, has_a_row_for_every_request_of_a_legacy_client) {
  for (const char* name :
       {"initialize", "ping", "tools/list", "tools/call", "prompts/list", "prompts/get",
        "resources/list", "resources/templates/list", "resources/read", "resources/subscribe",
        "resources/unsubscribe", "completion/complete", "logging/setLevel", "tasks/get",
        "tasks/result", "tasks/cancel", "tasks/list"}) {
    const auto method = admit(request(name), Sender::client, Era::legacy);
    ASSERT_TRUE(method) << name;
    EXPECT_EQ((*method)->name, name);
  }
}

TEST(Method, refuses_what_has_no_row) {
  for (const char* name : {"tools/execute", "Tools/Call", "tools//call", "tools/call ", "tools",
                           "tasks/create", "tasks/update", "tools/call\\u0000"}) {
    const auto method = admit(request(name), Sender::client, Era::legacy);
    ASSERT_FALSE(method) << name;
    EXPECT_EQ(method.error().code(), Code::method_not_found) << name;
    EXPECT_EQ(method.error().id()->raw(), "1");
  }
}

TEST(Method, refuses_the_other_sides_requests) {
  for (const char* name : {"sampling/createMessage", "elicitation/create", "roots/list"}) {
    EXPECT_FALSE(admit(request(name), Sender::client, Era::legacy)) << name;
    EXPECT_TRUE(admit(request(name), Sender::server, Era::legacy)) << name;
  }
  EXPECT_FALSE(admit(request("tools/call"), Sender::server, Era::legacy));
  EXPECT_TRUE(admit(request("ping"), Sender::server, Era::legacy));
}

TEST(Method, refuses_the_other_eras_requests) {
  EXPECT_FALSE(admit(request("server/discover"), Sender::client, Era::legacy));
  EXPECT_TRUE(admit(request("server/discover"), Sender::client, Era::modern));
  EXPECT_FALSE(admit(request("initialize"), Sender::client, Era::modern));
  EXPECT_TRUE(admit(request("tools/call"), Sender::client, Era::modern));
  EXPECT_TRUE(admit(request("tasks/update"), Sender::client, Era::modern));
  EXPECT_FALSE(admit(request("tasks/result"), Sender::client, Era::modern));
}

TEST(Method, refuses_a_request_without_an_id_and_a_notification_with_one) {
  const auto call = admit(notification("tools/call"), Sender::client, Era::legacy);
  const auto note = admit(request("notifications/initialized"), Sender::client, Era::legacy);

  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().code(), Code::invalid_request);
  EXPECT_FALSE(call.error().id());
  ASSERT_FALSE(note);
  EXPECT_EQ(note.error().code(), Code::invalid_request);
}

TEST(Method, drops_notifications_that_are_unknown_or_the_other_sides) {
  for (const char* name :
       {"notifications/future", "notifications/tools/list_changed", "notifications/message"}) {
    const auto method = admit(notification(name), Sender::client, Era::legacy);
    ASSERT_TRUE(method) << name;
    EXPECT_EQ(*method, nullptr) << name;
  }
  EXPECT_NE(*admit(notification("notifications/initialized"), Sender::client, Era::legacy),
            nullptr);
}

TEST(Subject, is_what_the_method_touches) {
  const auto subject = [](const char* method, const char* params) {
    return subject_of(*find_method(method), request(method, params));
  };

  EXPECT_EQ(subject("tools/call", R"({"name":"alpha_\u0065cho"})"),
            (Subject{Subject::Kind::tool, "alpha_echo"}));
  EXPECT_EQ(subject("prompts/get", R"({"name":"p"})"), (Subject{Subject::Kind::prompt, "p"}));
  for (const char* method : {"resources/read", "resources/subscribe", "resources/unsubscribe"}) {
    EXPECT_EQ(subject(method, R"({"uri":"file:///a"})"),
              (Subject{Subject::Kind::resource, "file:///a"}));
  }
  EXPECT_EQ(subject("completion/complete", R"({"ref":{"type":"ref/prompt","name":"p"}})"),
            (Subject{Subject::Kind::prompt, "p"}));
  EXPECT_EQ(subject("completion/complete", R"({"ref":{"type":"ref/resource","uri":"u"}})"),
            (Subject{Subject::Kind::resource, "u"}));
  EXPECT_EQ(subject("tasks/get", R"({"taskId":"t\u0031"})"), (Subject{Subject::Kind::task, "t1"}));
  EXPECT_EQ(subject("tools/list", "{}"), Subject{});
  EXPECT_EQ(subject("ping", "{}"), Subject{});
}

TEST(Subject, is_refused_where_it_is_unclear) {
  const std::pair<const char*, const char*> cases[] = {
      {"tools/call", "{}"},
      {"tools/call", R"({"name":1})"},
      {"tools/call", R"({"name":{"name":"x"}})"},
      {"tools/call", R"({"name":"x","arguments":[]})"},
      {"tools/call", R"({"name":"x","arguments":null})"},
      {"tools/call", R"({"name":"x","arguments":"{}"})"},
      {"prompts/get", R"({"uri":"x"})"},
      {"resources/read", R"({"name":"x"})"},
      {"tasks/cancel", R"({"id":"t"})"},
      {"completion/complete", "{}"},
      {"completion/complete", R"({"ref":"p"})"},
      {"completion/complete", R"({"ref":{"type":"ref/tool","name":"x"}})"},
      {"completion/complete", R"({"ref":{"type":"ref/prompt","uri":"x"}})"},
      {"completion/complete", R"({"ref":{"type":"ref/prompt","name":"x","uri":"y"}})"},
      {"completion/complete", R"({"ref":{"type":"ref/resource","name":"x","uri":"y"}})"},
  };
  for (const auto& [method, params] : cases) {
    const auto subject = subject_of(*find_method(method), request(method, params));
    ASSERT_FALSE(subject) << method << params;
    EXPECT_EQ(subject.error().code(), Code::invalid_params);
    EXPECT_EQ(subject.error().id()->raw(), "1");
  }
}

TEST(Subject, of_lists_is_their_items) {
  EXPECT_EQ(list_shape(Touches::tools)->array, "tools");
  EXPECT_EQ(list_shape(Touches::resource_templates)->item_name, "uriTemplate");
  EXPECT_EQ(list_shape(Touches::tasks)->item_name, "taskId");
  EXPECT_FALSE(list_shape(Touches::tool));
}

}  // namespace
}  // namespace mcp
