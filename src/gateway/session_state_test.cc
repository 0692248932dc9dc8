#include "gateway/session_state.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

const WallTime now{std::chrono::seconds(1'700'000'000)};

json::Document parse(std::string text) {
  return std::move(*json::Document::parse(std::move(text)));
}

std::optional<SessionState> state(const std::string& params, std::string_view server = "{}") {
  const json::Document document = parse(params);
  return SessionState::from(now, mcp::Revision::v2025_06_18, document.root(), server);
}

TEST(SessionState, reads_what_it_wrote) {
  const auto made = state(
      R"({"protocolVersion":"2025-06-18","capabilities":{"roots":{"listChanged":true}},)"
      R"("clientInfo":{"name":"n","version":"1","title":"t","icons":[{"src":"data:x"}]},"_meta":{}})",
      R"({"id":"server-session"})");
  ASSERT_TRUE(made);
  const auto read = SessionState::read(std::string(made->text()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->begun(), 1'700'000'000);
  EXPECT_EQ(read->revision(), mcp::Revision::v2025_06_18);
  EXPECT_EQ(read->server().find_string("id"), "server-session");
  EXPECT_EQ(read->params().raw(),
            R"({"protocolVersion":"2025-06-18","capabilities":{"roots":{"listChanged":true}},)"
            R"("clientInfo":{"name":"n","title":"t","version":"1"}})");
}

TEST(SessionState, is_none_if_it_does_not_fit_into_an_id) {
  const auto params = [](std::size_t length) {
    return R"({"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":")" +
           std::string(length, 'n') + R"(","version":"1"}})";
  };
  ASSERT_TRUE(state(params(1)));
  const std::size_t rest = SessionState::bytes_max - state(params(1))->text().size();
  EXPECT_TRUE(state(params(1 + rest)));
  EXPECT_FALSE(state(params(2 + rest)));
}

TEST(SessionState, reads_nothing_else) {
  for (const char* text : {"", "{}", "[]", R"({"begun":1,"revision":"2025-06-18","params":{}})",
                           R"({"begun":"1","revision":"2025-06-18","params":{},"server":{}})",
                           R"({"begun":1,"revision":"1999-01-01","params":{},"server":{}})"}) {
    EXPECT_FALSE(SessionState::read(text)) << text;
  }
  EXPECT_TRUE(SessionState::read(R"({"begun":1,"revision":"2025-06-18","params":{},"server":{}})"));
}

}  // namespace
}  // namespace gateway
