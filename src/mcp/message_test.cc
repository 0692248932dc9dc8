#include "mcp/message.h"

#include <ostream>

#include <gtest/gtest.h>

namespace mcp {
namespace {

std::string with_id(std::string_view id) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"ping"})";
}

TEST(Message, reads_a_request) {
  const auto message =
      read(R"({"jsonrpc":"2.0","id":"a-1","method":"tools\/call","params":{"name":"echo"}})",
           Sender::client);

  ASSERT_TRUE(message) << message.error().why();
  EXPECT_TRUE(message->is_request());
  EXPECT_EQ(message->id().raw(), "\"a-1\"");
  EXPECT_EQ(message->method(), "tools/call");
  EXPECT_EQ(message->params().find_string("name"), "echo");
}

TEST(Message, stays_valid_when_it_is_moved) {
  auto message =
      read(R"({"jsonrpc":"2.0","method":"notifications/x","params":{"a":"b"}})", Sender::client);
  ASSERT_TRUE(message);

  const Message moved = std::move(*message);

  EXPECT_EQ(moved.method(), "notifications/x");
  EXPECT_EQ(moved.params().find_string("a"), "b");
}

TEST(Message, reads_responses) {
  const auto result = read(R"({"jsonrpc":"2.0","id":7,"result":{"a":1}})", Sender::client);
  const auto error =
      read(R"({"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"no"}})", Sender::client);

  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_response());
  EXPECT_EQ(result->result()->raw(), R"({"a":1})");
  EXPECT_FALSE(result->error());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error()->find_string("message"), "no");
}

TEST(Message, keeps_ids_byte_exact) {
  for (const char* id : {"0", "-1", "9007199254740993", "18446744073709551616", "-0", "\"\"",
                         "\"a\\u0000b\"", "\"\\u0061\"", "\"agw_alpha_n_1\""}) {
    const auto message = read(with_id(id), Sender::client);
    ASSERT_TRUE(message) << id;
    EXPECT_EQ(message->id().raw(), id);
  }
}

TEST(Message, refuses_ids_that_are_no_string_or_integer) {
  for (const char* id : {"null", "1.5", "1.0", "1e0", "true", "{}", "[1]"}) {
    const auto message = read(with_id(id), Sender::client);
    ASSERT_FALSE(message) << id;
    EXPECT_EQ(message.error().code(), Code::invalid_request) << id;
    EXPECT_FALSE(message.error().id()) << id;
  }
  EXPECT_FALSE(read(with_id('"' + std::string(id_bytes_max, 'x') + '"'), Sender::client));
}

TEST(Message, compares_ids_by_type_and_value) {
  const auto id = [](const char* text) { return read(with_id(text), Sender::client)->id(); };

  EXPECT_EQ(id("\"a\""), id("\"\\u0061\""));
  EXPECT_NE(id("\"1\""), id("1"));
  EXPECT_NE(id("1"), id("2"));
  EXPECT_EQ(id("17"), Id(17));
}

struct Wrong {
  const char* text;
  ReadFault::Reason reason;
  Code code;
  const char* id;  // empty: none to echo
};

std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
  return out << wrong.text;
}

class WrongMessage : public testing::TestWithParam<Wrong> {};

TEST_P(WrongMessage, gets_its_code_and_keeps_its_id) {
  const auto message = read(GetParam().text, Sender::client);

  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().reason(), GetParam().reason) << message.error().why();
  EXPECT_EQ(message.error().code(), GetParam().code) << message.error().why();
  const auto& id = message.error().id();
  EXPECT_EQ(id ? id->raw() : "", GetParam().id);
  EXPECT_FALSE(message.error().why().empty());
}

constexpr auto invalid = ReadFault::Reason::invalid;
INSTANTIATE_TEST_SUITE_P(
    Message, WrongMessage,
    testing::Values(
        Wrong{"", ReadFault::Reason::not_json, Code::parse_error, ""},
        Wrong{"{", ReadFault::Reason::not_json, Code::parse_error, ""},
        Wrong{"{} {}", ReadFault::Reason::not_json, Code::parse_error, ""},
        Wrong{"true", invalid, Code::invalid_request, ""},
        Wrong{"[]", ReadFault::Reason::batch, Code::invalid_request, ""},
        Wrong{R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", ReadFault::Reason::batch,
              Code::invalid_request, ""},
        Wrong{R"({"id":1,"method":"ping"})", invalid, Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.00","id":1,"method":"ping"})", invalid, Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":2.0,"id":1,"method":"ping"})", invalid, Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1})", invalid, Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":""})", invalid, Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":7})", invalid, Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","params":null})", invalid,
              Code::invalid_params, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","params":[]})", invalid, Code::invalid_params,
              "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","result":{}})", invalid,
              Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}})", invalid,
              Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","result":{}})", invalid, Code::invalid_request, ""},
        Wrong{R"({"jsonrpc":"2.0","id":1,"result":1})", invalid, Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"error":{"code":"1","message":""}})", invalid,
              Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"error":{"code":1}})", invalid, Code::invalid_request,
              "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","Method":"y"})", invalid,
              Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","re\u017fult":{}})", invalid,
              Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","extra":1})", invalid, Code::invalid_request,
              "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","NAME":"b"}})", invalid,
              Code::invalid_params, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","\u00e4":1})", invalid, Code::invalid_request,
              "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"METHOD":"y","method":"x"})", invalid,
              Code::invalid_request, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"to\u212aen":1,"tas\u212a":{}}})",
              invalid, Code::invalid_params, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"ta\u017f\u212a":{}}})", invalid,
              Code::invalid_params, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"ref":{"Name":"a"}}})", invalid,
              Code::invalid_params, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progresstoken":1}}})",
              invalid, Code::invalid_params, "1"},
        Wrong{R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"name\u0000":"b"}})", invalid,
              Code::invalid_params, "1"}));

TEST(Message, refuses_deep_nesting_as_a_limit) {
  const std::string deep = R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":)" +
                           std::string(200, '[') + std::string(200, ']') + "}}";

  const auto message = read(deep, Sender::client);

  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().reason(), ReadFault::Reason::too_large);
  EXPECT_EQ(message.error().code(), Code::invalid_request);
}

TEST(Message, leaves_a_tools_arguments_alone) {
  const auto message =
      read(R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"arguments":{"Name":1,"name":2}}})",
           Sender::client);

  EXPECT_TRUE(message) << message.error().why();
}

TEST(Message, tolerates_a_servers_unknown_members) {
  const char* text = R"({"jsonrpc":"2.0","id":1,"result":{},"_meta":{}})";

  EXPECT_TRUE(read(text, Sender::server));
  EXPECT_FALSE(read(text, Sender::client));
}

TEST(Message, finds_the_progress_token) {
  const auto token = [](std::string_view meta) {
    return read(R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":)" + std::string(meta) +
                    "}}",
                Sender::client)
        ->progress_token();
  };

  EXPECT_EQ(token(R"({"progressToken":"t"})")->raw(), "\"t\"");
  EXPECT_EQ(token(R"({"progressToken":0})")->raw(), "0");
  EXPECT_FALSE(token(R"({"progressToken":null})"));
  EXPECT_FALSE(token("{}"));
}

}  // namespace
}  // namespace mcp
