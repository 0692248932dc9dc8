// The corpora of upstream answers and of event streams, as answers to a call: what a client gets,
// that nothing hangs, and that the next answer on the same pool belongs to whoever asked.

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "upstream/detail_http_world.h"

namespace upstream {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t answers_min = 77;  // those that are not compressed
constexpr std::size_t streams_min = 43;  // those that are not compressed
constexpr auto patience = std::chrono::seconds(3);

std::string corpus(const std::string& name) {
  const char* dir = std::getenv("SHARED_DIR");  // NOLINT(concurrency-mt-unsafe)
  return std::string(dir != nullptr ? dir : "../shared") + "/corpora/" + name + "/cases.jsonl";
}

class Case {
 public:
  explicit Case(const std::string& line) : document_(*json::Document::parse(line)) {}
  std::string text(const char* member) const {
    return std::string(document_.root().find_string(member).value_or(""));
  }
  bool has(const char* member) const { return document_.root().find(member).has_value(); }
  std::string bytes() const {
    const auto decoded = base::base64_decode(text("bytes_b64"));
    EXPECT_TRUE(decoded);
    return *decoded;
  }
  json::Elements events() const { return document_.root().find("events")->elements(); }

 private:
  json::Document document_;
};

std::vector<Case> read_cases(const std::string& name) {
  std::vector<Case> cases;
  std::ifstream file(corpus(name));
  for (std::string line; std::getline(file, line);) cases.emplace_back(line);
  return cases;
}

bool is_skipped(const std::string& name) {
  if (std::filesystem::exists(corpus(name))) return false;
  const char* ci = std::getenv("CI");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_FALSE(ci != nullptr && std::string(ci) == "true") << "no corpus " << name;
  return true;
}

// 202 is fine, but no answer to a request; nor is what is compressed, which nobody asked for.
bool is_no_answer(const std::string& name) {
  return name == "ok-202-empty" || name == "202-with-garbage" || name == "body-gzip-ok";
}

// What a call gets whose connection plays the case, and then another session's call.
std::pair<std::string, std::string> play(const Case& each) {
  HttpWorld world;
  const auto one = world.open_well();
  const auto other = world.open_well();
  const std::string bytes = each.bytes();
  std::shared_ptr<ServerEnd> played;
  world.serve = [&](ServedRequest& request) {
    if (played) return request.answer_result(R"({"for":"the other"})");
    played = request.end;
    if (!bytes.empty()) request.end->say(bytes);
    if (each.text("then") == "close") request.end->close();
    if (each.text("then") == "reset") request.end->reset();
  };
  std::string got = world.ask(*one, "tools/call", "{}", patience);
  // A connection that said something wrong is never used again.
  const bool must_close = each.text("expected") == "bad_gateway";
  if (must_close) {
    EXPECT_FALSE(played->is_open()) << each.text("name");
  }
  return {got, world.ask(*other, "tools/call")};
}

TEST(UpstreamResponsesCorpus, gives_each_call_its_own_answer_or_an_error) {
  if (is_skipped("http1-upstream-responses")) GTEST_SKIP();
  const auto cases = read_cases("http1-upstream-responses");
  std::size_t played = 0;
  for (const Case& each : cases) {
    if (!each.has("bytes_b64")) continue;  // compressed; src/http plays them
    ++played;
    const std::string expected = each.text("expected");
    const auto [got, next] = play(each);
    const bool is_error = got.starts_with("upstream_failed: ") || got.starts_with("timed_out: ");
    const bool must_fail = expected == "bad_gateway" || expected == "truncate";
    EXPECT_TRUE(is_error || got == "{}") << each.text("name") << ": " << got;
    if (must_fail) {
      EXPECT_TRUE(is_error) << each.text("name") << ": " << got;
    }
    if (expected == "ok" && !is_no_answer(each.text("name"))) {
      EXPECT_EQ(got, "{}") << each.text("name");
    }
    EXPECT_EQ(next, R"({"for":"the other"})") << each.text("name");
  }
  EXPECT_GE(played, answers_min);
}

// What a call must get of a stream with those events.
std::string expected_of(const Case& each) {
  for (const json::Value event : each.events()) {
    const std::string data(event.find_string("data").value_or(""));
    if (event.find_string("event") != "message" || data.empty()) continue;
    const auto message = mcp::read(data, mcp::Sender::server);
    if (!message) return "is no message";
    if (message->is_response() && message->id() == mcp::Id(1)) return "{}";
  }
  // With an event id it is gone on with, which this server does not.
  return "";
}

std::string got_of(const std::vector<std::string>& pieces) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [&](ServedRequest& request) {
    if (request.method == "GET") return request.answer_status("405 Method Not Allowed");
    request.end->say(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    for (const std::string& piece : pieces) request.end->say(piece);
    request.end->close();
  };
  return world.ask(*session, "tools/call", "{}", patience);
}

std::vector<std::string> split_after_each_cr(const std::string& bytes) {
  std::vector<std::string> pieces(1);
  for (const char c : bytes) {
    pieces.back() += c;
    if (c == '\r') pieces.emplace_back();
  }
  if (pieces.back().empty()) pieces.pop_back();
  return pieces;
}

TEST(EventStreamsCorpus, gives_a_call_its_answer_however_the_bytes_are_split) {
  if (is_skipped("sse-streams")) GTEST_SKIP();
  std::size_t played = 0;
  for (const Case& each : read_cases("sse-streams")) {
    if (!each.has("bytes_b64")) continue;
    ++played;
    const std::string bytes = each.bytes();
    std::vector<std::string> single;
    for (const char c : bytes) single.emplace_back(1, c);
    const std::vector<std::string> whole =
        bytes.empty() ? std::vector<std::string>() : std::vector<std::string>{bytes};
    const std::string expected = expected_of(each);
    for (const auto& pieces : {whole, single, split_after_each_cr(bytes)}) {
      const std::string got = got_of(pieces);
      if (expected == "{}") {
        EXPECT_EQ(got, "{}") << each.text("name");
      } else {
        EXPECT_THAT(got, StartsWith("upstream_failed: ")) << each.text("name");
        EXPECT_THAT(got, HasSubstr(expected)) << each.text("name");
      }
    }
  }
  EXPECT_GE(played, streams_min);
}

}  // namespace
}  // namespace upstream
