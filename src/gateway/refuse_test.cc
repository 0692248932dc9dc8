#include "gateway/refuse.h"

#include <set>

#include <gtest/gtest.h>

namespace gateway {
namespace {

constexpr std::string_view canary = "canary-of-the-operator";

struct Row {
  Fault fault;
  int status;
  policy::Reason reason;
};
constexpr Row rows[] = {
    {Fault::bad_request, 400, policy::Reason::invalid_request},
    {Fault::unauthenticated, 401, policy::Reason::jwt_auth},
    {Fault::forbidden, 403, policy::Reason::authorization},
    {Fault::not_found, 404, policy::Reason::not_found},
    {Fault::conflict, 409, policy::Reason::mcp},
    {Fault::too_large, 413, policy::Reason::invalid_request},
    {Fault::too_many, 429, policy::Reason::mcp},
    {Fault::unavailable, 503, policy::Reason::upstream_failure},
    {Fault::upstream_failed, 502, policy::Reason::upstream_failure},
    {Fault::timed_out, 504, policy::Reason::timeout},
    {Fault::cancelled, 499, policy::Reason::client_gone},
    {Fault::internal, 500, policy::Reason::internal},
};

class RefuseTest : public testing::Test {
 protected:
  // Everything a client could read of a response.
  static std::string seen(const http::Response& response) {
    std::string all = response.body.text();
    for (std::size_t i = 0; i < response.headers.size(); ++i) {
      const http::Field field = response.headers.at(i);
      all += "\n" + std::string(field.name) + ": " + std::string(field.value);
    }
    return all;
  }
  static Error error(Fault fault) { return Error(fault, std::string(canary)); }

  policy::Exchange exchange_{http::Request("POST", "/mcp", "gw"), policy::Peer(), Instant(),
                             WallTime()};
  mcp::Id id_{7};
};

TEST_F(RefuseTest, has_an_entry_for_every_fault) {
  std::set<std::string_view> texts;
  for (const Row& row : rows) {
    const Outward& entry = outward(row.fault);
    EXPECT_EQ(entry.status, row.status) << name_of(row.fault);
    EXPECT_EQ(entry.reason, row.reason) << name_of(row.fault);
    EXPECT_FALSE(entry.text.empty());
    EXPECT_LT(static_cast<int>(entry.code), 0);
    texts.insert(entry.text);
  }
  EXPECT_EQ(texts.size(), std::size(rows));
  EXPECT_EQ(std::size(rows), static_cast<std::size_t>(Fault::internal) + 1);
}

TEST_F(RefuseTest, never_tells_a_client_what_is_for_operators) {
  for (const Row& row : rows) {
    const Error why = error(row.fault);
    const http::Response plain = refuse(exchange_, why);
    EXPECT_EQ(plain.status, row.status);
    EXPECT_EQ(plain.headers.find("content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(seen(plain).find(canary), std::string::npos);
    EXPECT_EQ(plain.body.text(), outward(row.fault).text);
    EXPECT_EQ(exchange_.record.error, canary);
    EXPECT_EQ(exchange_.record.reason, row.reason);
    const http::Response rpc = refuse_call(exchange_, id_, why);
    EXPECT_EQ(seen(rpc).find(canary), std::string::npos);
    EXPECT_EQ(error_text(exchange_, id_, why).find(canary), std::string::npos);
    EXPECT_EQ(exchange_.record.mcp_error.find(canary), std::string::npos);
  }
}

TEST_F(RefuseTest, answers_a_failed_call_with_200_and_an_error_of_its_id) {
  for (const Row& row : rows) {
    const http::Response response = refuse_call(exchange_, id_, error(row.fault));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.find("content-type"), "application/json");
    const Outward& entry = outward(row.fault);
    EXPECT_EQ(response.body.text(), R"({"jsonrpc":"2.0","id":7,"error":{"code":)" +
                                        std::to_string(static_cast<int>(entry.code)) +
                                        R"(,"message":")" + std::string(entry.text) + R"("}})");
    EXPECT_EQ(exchange_.record.mcp_error_code, static_cast<int>(entry.code));
    EXPECT_EQ(exchange_.record.mcp_error, entry.text);
    EXPECT_EQ(exchange_.record.reason, row.reason);
    EXPECT_EQ(error_text(exchange_, id_, error(row.fault)), response.body.text());
  }
}

TEST_F(RefuseTest, says_what_http_demands_in_its_own_words) {
  const http::Response response = refuse(exchange_, 415, "send application/json");
  EXPECT_EQ(response.status, 415);
  EXPECT_EQ(response.body.text(), "send application/json");
  EXPECT_EQ(exchange_.record.reason, policy::Reason::invalid_request);
}

TEST_F(RefuseTest, records_mcp_as_the_reason_unless_somebody_decided_before) {
  const RpcError versions{mcp::Code::unsupported_version, "no", R"({"a":1})"};
  const http::Response first = refuse_call(exchange_, 400, std::nullopt, versions);
  EXPECT_EQ(first.status, 400);
  EXPECT_EQ(first.body.text(),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"no","data":{"a":1}}})");
  EXPECT_EQ(exchange_.record.reason, policy::Reason::mcp);
  exchange_.record.reason = policy::Reason::authorization;
  const RpcError unknown{mcp::Code::invalid_params, "Unknown tool: x", {}};
  refuse_call(exchange_, 200, id_, unknown);
  EXPECT_EQ(exchange_.record.reason, policy::Reason::authorization);
}

TEST_F(RefuseTest, answers_a_bad_message_with_400_and_an_unknown_method_with_200) {
  using Reason = mcp::ReadFault::Reason;
  const struct {
    mcp::ReadFault fault;
    int status;
  } table[] = {
      {mcp::ReadFault(Reason::not_json, mcp::Code::parse_error, "w"), 400},
      {mcp::ReadFault(Reason::too_large, mcp::Code::invalid_request, "w"), 400},
      {mcp::ReadFault(Reason::batch, mcp::Code::invalid_request, "w"), 400},
      {mcp::ReadFault(Reason::invalid, mcp::Code::invalid_params, "w", id_), 400},
      {mcp::ReadFault(Reason::invalid, mcp::Code::method_not_found, "w", id_), 200},
  };
  for (const auto& row : table) {
    const http::Response response = refuse_message(exchange_, row.fault);
    EXPECT_EQ(response.status, row.status) << static_cast<int>(row.fault.code());
    EXPECT_NE(response.body.text().find(row.fault.id() ? R"("id":7)" : R"("id":null)"),
              std::string::npos);
    EXPECT_EQ(exchange_.record.mcp_error_code, static_cast<int>(row.fault.code()));
  }
}

}  // namespace
}  // namespace gateway
