#include <gtest/gtest.h>

#include "upstream/detail_handshake.h"

namespace upstream {
namespace {

Result<Handshake> judge(const std::string& outcome) {
  return judge_handshake(
      std::move(*mcp::read(R"({"jsonrpc":"2.0","id":1,)" + outcome + "}", mcp::Sender::server)));
}

TEST(Handshake, offers_what_the_client_offers_but_tasks) {
  const auto params = json::Document::parse(
      R"({"protocolVersion":"2026-07-28","capabilities":{"roots":{},"tasks":{"list":{}}},"clientInfo":{"name":"c","version":"1"},"_meta":{"x":1}})");

  EXPECT_EQ(
      InitializeParams::from(params->root())->value().raw(),
      R"({"protocolVersion":"2025-11-25","capabilities":{"roots":{}},"clientInfo":{"name":"c","version":"1"},"_meta":{"x":1}})");
}

TEST(Handshake, needs_a_version_and_capabilities) {
  for (const char* text :
       {"{}", R"({"protocolVersion":"2025-11-25"})", R"({"protocolVersion":1,"capabilities":{}})",
        R"({"protocolVersion":"2025-11-25","capabilities":[]})"}) {
    const auto params = json::Document::parse(text);
    EXPECT_EQ(InitializeParams::from(params->root()).error().fault(), Fault::bad_request) << text;
  }
}

TEST(Handshake, takes_any_legacy_revision_the_server_chooses) {
  const auto handshake = judge(
      R"("result":{"protocolVersion":"2024-11-05","capabilities":{"tools":{},"tasks":{}},"serverInfo":{}})");

  ASSERT_TRUE(handshake);
  EXPECT_EQ(handshake->revision(), mcp::Revision::v2024_11_05);
  EXPECT_EQ(handshake->answer().result()->raw(),
            R"({"protocolVersion":"2024-11-05","capabilities":{"tools":{}},"serverInfo":{}})");
}

TEST(Handshake, says_of_tasks_what_is_passed_on) {
  const auto handshake = judge(
      R"("result":{"protocolVersion":"2025-11-25","capabilities":{"tasks":{"list":{},"requests":{"tools":{"call":{}},"x":{}}},"tools":{}},"serverInfo":{}})");

  ASSERT_TRUE(handshake);
  EXPECT_EQ(handshake->answer().result()->find("capabilities")->raw(),
            R"({"tasks":{"list":{},"requests":{"tools":{"call":{}}}},"tools":{}})");
}

TEST(Handshake, fails_with_the_servers_words) {
  const auto refused = judge(R"("error":{"code":-1,"message":"go away"})");
  const auto unknown = judge(R"("result":{"protocolVersion":"2030-01-01"})");
  const auto none = judge(R"("result":{})");

  EXPECT_EQ(refused.error().why(), "initialize was refused: go away");
  EXPECT_EQ(unknown.error().fault(), Fault::upstream_failed);
  EXPECT_EQ(none.error().fault(), Fault::upstream_failed);
}

}  // namespace
}  // namespace upstream
