#include "telemetry/record.h"

#include <set>

#include <gtest/gtest.h>

namespace telemetry {
namespace {

constexpr WallTime noon{std::chrono::microseconds(1'767'268'800'000'042)};
constexpr Duration took = std::chrono::microseconds(12'034);

class Kept final : public LogSink {
 public:
  void write(std::string_view line) override { text += line; }
  std::string text;
};

std::string line_of(const Record& record, LogFormat format, Duration duration) {
  Kept kept;
  write(Log(kept, format, LogLevel::debug), record, noon, duration);
  return kept.text;
}

std::string text(const Record& record) {
  return line_of(record, LogFormat::text, took);
}
std::string json(const Record& record) {
  return line_of(record, LogFormat::json, took);
}

Record full() {
  Record record;
  record.bind = "bind/3000";
  record.listener = "listener0";
  record.route = "route0";
  record.backend = "default";
  record.endpoint = "npx";
  record.source = "192.0.2.7:4711";
  record.http_method = "POST";
  record.http_host = "gw.example";
  record.http_path = "/mcp";
  record.http_status = 200;
  record.jwt_subject = "alice";
  record.protocol = "mcp";
  record.mcp_method = "tools/call";
  record.mcp_target = "everything";
  record.tool = "echo";
  record.mcp_session = "s1";
  record.mcp_error_code = -32602;
  record.mcp_error = "Unknown tool: echo";
  record.authz_decision = "deny";
  record.authz_rule = "mcp.tool.name == 'add'";
  record.reason = Reason::authorization;
  record.error = "for operators";
  return record;
}

TEST(Record, writes_one_line_of_text) {
  EXPECT_EQ(text(full()),
            "2026-01-01T12:00:00.000042Z info request bind=bind/3000 listener=listener0 "
            "route=route0 backend=default endpoint=npx src.addr=192.0.2.7:4711 http.method=POST "
            "http.host=gw.example http.path=/mcp http.version=HTTP/1.1 http.status=200 "
            "jwt.sub=alice protocol=mcp mcp.method.name=tools/call mcp.target=everything "
            "mcp.resource.type=tool gen_ai.tool.name=echo mcp.session.id=s1 "
            "mcp.error.code=-32602 mcp.error.message=\"Unknown tool: echo\" authz.decision=deny "
            "authz.rule=\"mcp.tool.name == 'add'\" error=\"for operators\" reason=Authorization "
            "duration=12.034ms\n");
}

TEST(Record, writes_one_object_of_json) {
  EXPECT_EQ(json(full()),
            R"({"time":"2026-01-01T12:00:00.000042Z","level":"info","event":"request",)"
            R"("bind":"bind/3000","listener":"listener0","route":"route0","backend":"default",)"
            R"("endpoint":"npx","src.addr":"192.0.2.7:4711","http.method":"POST",)"
            R"("http.host":"gw.example","http.path":"/mcp","http.version":"HTTP/1.1",)"
            R"("http.status":200,"jwt.sub":"alice","protocol":"mcp",)"
            R"("mcp.method.name":"tools/call","mcp.target":"everything",)"
            R"("mcp.resource.type":"tool","gen_ai.tool.name":"echo","mcp.session.id":"s1",)"
            R"("mcp.error.code":-32602,"mcp.error.message":"Unknown tool: echo",)"
            R"("authz.decision":"deny","authz.rule":"mcp.tool.name == 'add'",)"
            R"("error":"for operators","reason":"Authorization","duration":"12.034ms"})"
            "\n");
}

TEST(Record, leaves_out_what_is_empty) {
  EXPECT_EQ(text(Record()),
            "2026-01-01T12:00:00.000042Z info request http.version=HTTP/1.1 http.status=0 "
            "duration=12.034ms\n");
}

TEST(Record, names_the_kind_of_what_was_touched) {
  Record prompt;
  prompt.prompt = "p";
  EXPECT_NE(text(prompt).find(" mcp.resource.type=prompt gen_ai.prompt.name=p "),
            std::string::npos);
  Record resource;
  resource.resource = "file:///x";
  EXPECT_NE(text(resource).find(" mcp.resource.type=resource mcp.resource.uri=file:///x "),
            std::string::npos);
}

TEST(Record, is_an_error_of_the_log_if_the_server_failed) {
  Record record;
  for (const int status : {0, 200, 401, 404, 499}) {
    record.http_status = status;
    EXPECT_EQ(record.level(), LogLevel::info) << status;
  }
  for (const int status : {500, 502, 503, 504}) {
    record.http_status = status;
    EXPECT_EQ(record.level(), LogLevel::error) << status;
  }
  EXPECT_NE(text(record).find(" error request "), std::string::npos);
}

TEST(Record, knows_http_1_0) {
  Record record;
  record.http_minor_version = 0;
  EXPECT_NE(text(record).find(" http.version=HTTP/1.0 "), std::string::npos);
}

TEST(Record, writes_durations_with_three_digits_of_milliseconds) {
  const struct {
    Duration took;
    std::string text;
  } table[] = {
      {Duration(0), "0.000ms"},
      {std::chrono::nanoseconds(999), "0.000ms"},
      {std::chrono::microseconds(7), "0.007ms"},
      {std::chrono::milliseconds(1), "1.000ms"},
      {std::chrono::microseconds(999'999), "999.999ms"},
      {std::chrono::seconds(90), "90000.000ms"},
  };
  for (const auto& row : table) {
    const std::string line = line_of(Record(), LogFormat::text, row.took);
    EXPECT_TRUE(line.ends_with(" duration=" + row.text + "\n")) << line;
  }
}

TEST(Record, has_a_name_of_its_own_for_every_reason) {
  std::set<std::string_view> names;
  for (int reason = 0; reason <= static_cast<int>(Reason::client_gone); ++reason) {
    EXPECT_FALSE(name_of(static_cast<Reason>(reason)).empty());
    names.insert(name_of(static_cast<Reason>(reason)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Reason::client_gone) + 1);
}

TEST(Record, stays_one_line_whatever_the_client_sent) {
  Record record;
  record.tool = "a\nduration=0\r\n\x1b[31m";
  record.http_path = "/\xff\"";
  for (const std::string& line : {text(record), json(record)}) {
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    EXPECT_EQ(line.find('\r'), std::string::npos);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
  }
}

}  // namespace
}  // namespace telemetry
