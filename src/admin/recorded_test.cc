#include "admin/recorded.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace admin {
namespace {

gateway::Sighting call_with(const std::string& arguments) {
  telemetry::Record record;
  record.http_method = "POST";
  record.http_path = "/mcp";
  record.http_host = "gateway.example";
  record.source = "2001:db8::1:4711";
  record.mcp_method = "tools/call";
  record.mcp_session = "7";
  record.tool = "echo";
  record.mcp_target = "demo";
  if (!arguments.empty()) {
    const auto document = json::Document::parse(arguments).value();
    record.arguments = std::make_shared<const telemetry::Arguments>(document.root());
  }
  const auto key = std::make_shared<const auth::ApiKey>(
      "alice", "key-1", json::Document::parse(R"({"name":"alice","key":"<redacted>"})").value());
  return {record, WallTime(), Duration(0), auth::Principal(key)};
}

TEST(Recorded, keeps_the_last_ones) {
  Recorded recorded;
  for (std::size_t i = 0; i <= Recorded::kept_max; ++i) {
    recorded.add("r-" + std::to_string(i), call_with(""));
  }
  EXPECT_EQ(recorded.find("r-0"), nullptr);
  EXPECT_NE(recorded.find("r-1"), nullptr);
  EXPECT_NE(recorded.find("r-" + std::to_string(Recorded::kept_max)), nullptr);
  EXPECT_EQ(recorded.find(""), nullptr);
  recorded.clear();
  EXPECT_EQ(recorded.find("r-1"), nullptr);
}

TEST(Recorded, keeps_no_more_than_so_many_bytes) {
  Recorded recorded;
  std::string nested = "{\"x\":\"";
  nested += std::string(900'000, 'a') + "\"}";
  for (int i = 0; i < 10; ++i) {
    const auto key = std::make_shared<const auth::ApiKey>(
        "alice", "key-1", json::Document::parse(std::string(nested)).value());
    recorded.add(std::to_string(i), gateway::Sighting(telemetry::Record(), WallTime(), Duration(0),
                                                      auth::Principal(key)));
  }
  EXPECT_EQ(recorded.find("5"), nullptr);
  EXPECT_NE(recorded.find("9"), nullptr);
}

TEST(Recorded, forgets_arguments_and_nothing_else) {
  Recorded recorded;
  recorded.add("a", call_with(R"({"message":"hello"})"));
  EXPECT_EQ(recorded.find("a")->arguments->json, R"({"message":"hello"})");
  recorded.forget_arguments();
  EXPECT_EQ(recorded.find("a")->arguments, nullptr);
  EXPECT_TRUE(recorded.find("a")->caller.api_key());
}

TEST(Recorded, says_what_rules_saw) {
  json::Writer writer;
  write_data(writer, call_with(R"({"message":"hello","token":"x"})"), runtime::Snapshot());
  EXPECT_EQ(writer.take(), R"({"jwt":null,"apiKey":{"name":"alice","key":"<redacted>"},)"
                           R"("request":{"method":"POST","path":"/mcp","host":"gateway.example"},)"
                           R"("source":{"address":"2001:db8::1","port":4711},)"
                           R"("mcp":{"methodName":"tools/call","sessionId":"7",)"
                           R"("tool":{"name":"echo","target":"demo",)"
                           R"("arguments":{"message":"hello","token":"<redacted>"}}}})");
}

}  // namespace
}  // namespace admin
