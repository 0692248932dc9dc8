#include "mcp/era.h"

#include <vector>

#include <gtest/gtest.h>

namespace mcp {
namespace {

using Headers = std::vector<std::string_view>;

TEST(Revision, reads_what_it_writes) {
  for (const Revision revision :
       {Revision::v2024_11_05, Revision::v2025_03_26, Revision::v2025_06_18, Revision::v2025_11_25,
        Revision::v2026_07_28}) {
    EXPECT_EQ(read_revision(text_of(revision)), revision);
  }
  EXPECT_FALSE(read_revision("2025-01-01"));
  EXPECT_FALSE(read_revision("2025-11-25 "));
}

TEST(Revision, is_the_clients_if_it_is_known_and_legacy) {
  EXPECT_EQ(negotiate("2025-03-26"), Revision::v2025_03_26);
  EXPECT_EQ(negotiate("2024-11-05"), Revision::v2024_11_05);
  EXPECT_EQ(negotiate("2026-07-28"), latest_legacy);
  EXPECT_EQ(negotiate("1999-01-01"), latest_legacy);
  EXPECT_EQ(negotiate(""), latest_legacy);
}

TEST(Revision, of_a_request_is_its_sessions) {
  const Headers none, same{"2025-06-18"}, other{"2025-03-26"};

  EXPECT_EQ(revision_of_request(none, Revision::v2025_06_18), Revision::v2025_06_18);
  EXPECT_EQ(revision_of_request(same, Revision::v2025_06_18), Revision::v2025_06_18);
  EXPECT_EQ(revision_of_request(other, Revision::v2025_06_18), Revision::v2025_06_18);
}

TEST(Revision, of_a_request_must_be_one_that_is_served) {
  for (const Headers& headers :
       {Headers{"2099-01-01"}, Headers{"2026-07-28"}, Headers{""},
        Headers{"2025-06-18", "2025-06-18"}, Headers{"2025-06-18, 2025-03-26"}}) {
    EXPECT_FALSE(revision_of_request(headers, Revision::v2025_06_18)) << headers.front();
  }
  EXPECT_EQ(
      revision_of_request(Headers{"2099-01-01"}, latest_legacy).error().data(),
      R"({"supported":["2024-11-05","2025-03-26","2025-06-18","2025-11-25","2026-07-28"],"requested":"2099-01-01"})");
}

TEST(Era, is_decided_per_message) {
  const auto era = [](const char* text, const Headers& headers, bool names_session) {
    return era_of_message(*read(text, Sender::client), headers, names_session);
  };
  const char* modern_meta =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
  const char* initialize = R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})";
  const char* call = R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})";

  EXPECT_EQ(era(modern_meta, {}, true), Era::modern);
  EXPECT_EQ(era(initialize, {"2026-07-28"}, false), Era::legacy);
  EXPECT_EQ(era(call, {"2026-07-28"}, false), Era::modern);
  EXPECT_EQ(era(call, {"2026-07-28"}, true), Era::legacy);
  EXPECT_EQ(era(call, {"2025-11-25"}, false), Era::legacy);
  EXPECT_EQ(era(call, {}, false), Era::legacy);
  EXPECT_EQ(era(R"({"jsonrpc":"2.0","id":1,"result":{}})", {"2026-07-28"}, false), Era::legacy);
}

}  // namespace
}  // namespace mcp
