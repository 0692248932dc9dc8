#include "telemetry/arguments.h"

#include <gtest/gtest.h>

namespace telemetry {
namespace {

Arguments kept(std::string text) {
  const auto document = json::Document::parse(std::move(text));
  EXPECT_TRUE(document);
  return Arguments(document->root());
}

TEST(Arguments, are_kept_as_they_are_if_they_are_short_and_harmless) {
  const std::string text =
      R"({"message":"hello","n":12345678901234567890,"deep":{"list":[1,null,true,"a"]},"none":{}})";
  const Arguments arguments = kept(text);
  EXPECT_EQ(arguments.json, text);
  EXPECT_TRUE(arguments.is_whole());
}

TEST(Arguments, have_no_secrets_by_name_or_look) {
  const std::string canary = "hunter2canary";
  const std::string key = "sk-canary0123456789abcdef";
  for (const std::string& text : {R"({"password":")" + canary + R"("})",
                                  R"({"api_key":{"of":[")" + canary + R"("]}})",
                                  R"({"a":[{"Authorization":")" + canary + R"("}]})",
                                  R"({"text":")" + key + R"("})",
                                  R"({"text":"use )" + key + R"( for it"})",
                                  R"({"text":"password=)" + canary + R"( x"})",
                                  R"({"text":"{\"token\": \")" + canary + R"(\"}"})",
                                  std::string(R"({"clientSecret":7})"),
                                  R"({"passwords":[")" + canary + R"("]})",
                                  R"({"tokens":{"a":")" + canary + R"("}})",
                                  R"({"api_keys":")" + canary + R"("})",
                                  R"({"accesstoken":")" + canary + R"("})",
                                  R"({"clientsecret":")" + canary + R"("})",
                                  R"({"creds":")" + canary + R"("})",
                                  R"({"authHeader":"Basic )" + canary + R"("})",
                                  R"({"env":[{"name":"PASSWORD","value":")" + canary + R"("}]})",
                                  R"({"env":[{"Value":")" + canary + R"(","Key":"DB_PASSWORD"}]})",
                                  R"({"args":["--password",")" + canary + R"("]})",
                                  R"({"command":"x --password )" + canary + R"("})",
                                  "{\"" + key + R"(":1})"}) {
    const Arguments arguments = kept(text);
    EXPECT_EQ(arguments.json.find("canary"), std::string::npos) << arguments.json;
    EXPECT_NE(arguments.json.find("<redacted>"), std::string::npos) << arguments.json;
    EXPECT_TRUE(arguments.is_redacted) << text;
    EXPECT_FALSE(arguments.is_whole());
  }
}

TEST(Arguments, have_no_part_of_a_secret_that_stands_at_the_cut) {
  const std::string key = "canary7Fk29dLqP31mZx7Tr5uWv0B8sXy2Qe4Rt";
  for (std::size_t before = 0; before < 2 * Arguments::bytes_max; before += 7) {
    std::string text;
    while (text.size() < before) text += "word ";
    const Arguments arguments = kept(R"({"t":")" + text + key + " " + text + "\"}");
    EXPECT_EQ(arguments.json.find("canary"), std::string::npos) << before;
  }
}

TEST(Arguments, have_no_name_twice) {
  const Arguments arguments = kept(
      R"({"ghp_aaaaaaaaaaaa":1,"b":{"ghp_aaaaaaaaaaaa":2},"ghp_bbbbbbbbbbbb":3,"<redacted>":4})");
  EXPECT_TRUE(json::Document::parse(arguments.json)) << arguments.json;
}

TEST(Arguments, keep_what_stands_beside_secrets) {
  EXPECT_EQ(kept(R"({"args":["--password","hunter2","-v"],"max_tokens":5})").json,
            R"({"args":["--password","<redacted>","-v"],"max_tokens":5})");
  EXPECT_EQ(kept(R"([{"name":"PASSWORD","value":"hunter2"},{"name":"LANG","value":"C"}])").json,
            R"([{"name":"PASSWORD","value":"<redacted>"},{"name":"LANG","value":"C"}])");
}

// Characters and values that take more room than they seem to.
TEST(Arguments, are_cut_whatever_they_are_made_of) {
  for (const std::string_view element :
       {"{}", "[]", "[[[]]]", R"({"a":{}})", R"("")", "0", R"("\u0001\u0001\u0001\u0001")"}) {
    std::string text = "{\"list\":[";
    for (int i = 0; i < 30'000; ++i) text += std::string(i == 0 ? "" : ",") + std::string(element);
    const Arguments arguments = kept(text + "]}");
    EXPECT_TRUE(arguments.is_cut) << element;
    EXPECT_LT(arguments.json.size(), 2 * Arguments::bytes_max) << element;
  }
  std::string control;
  std::string wide;
  for (int i = 0; i < 5'000; ++i) {
    control += "\\u0001";
    wide += "\xE2\x82\xAC";
  }
  for (const std::string& text : {"\"" + control + "\"", "\"" + wide + "\"", "\"x" + wide + "\"",
                                  "{\"" + control + "\":1}", "\"xx" + wide + "\""}) {
    const Arguments arguments = kept(text);
    EXPECT_TRUE(arguments.is_cut);
    EXPECT_LT(arguments.json.size(), 2 * Arguments::bytes_max);
    EXPECT_TRUE(json::Document::parse(arguments.json));
  }
}

TEST(Arguments, are_cut_and_say_so) {
  std::string many = "{";
  for (int i = 0; i < 5'000; ++i)
    many += "\"m" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "[";
  deep += std::string(100, ']');
  for (const std::string& text :
       {R"({"a":")" + std::string(100'000, 'x') + R"(","b":1})", many + "\"z\":0}", deep,
        R"({"a":[)" + std::string(9'999, ' ') + std::string(20'000, '1') + "]}",
        "{\"" + std::string(9'000, 'n') + "\":1}"}) {
    const Arguments arguments = kept(text);
    EXPECT_TRUE(arguments.is_cut) << arguments.json;
    EXPECT_FALSE(arguments.is_whole());
    EXPECT_LT(arguments.json.size(), 3 * Arguments::bytes_max);
    EXPECT_TRUE(json::Document::parse(arguments.json)) << arguments.json;
  }
}

// A secret must not stand there because it was cut before anybody could tell.
TEST(Arguments, show_no_beginning_of_a_secret_where_the_room_ends) {
  const Arguments arguments =
      kept(R"({"a":")" + std::string(4'060, 'x') + R"(","b":"ghp_0123456789abcdef0123"})");
  EXPECT_EQ(arguments.json.find("ghp_"), std::string::npos) << arguments.json;
}

TEST(Arguments, may_be_anything) {
  EXPECT_EQ(kept("null").json, "null");
  EXPECT_EQ(kept("[]").json, "[]");
  EXPECT_EQ(kept("\"text\"").json, "\"text\"");
}

}  // namespace
}  // namespace telemetry
