#include "http/h1_read.h"

#include <set>

#include <gtest/gtest.h>

#include "http/detail_test_corpus.h"
#include "http/detail_test_wire.h"

namespace http {
namespace {

using testing_::check_requests;
using testing_::check_response;
using testing_::Json;
using testing_::parse_requests;
using testing_::parse_response;
using testing_::Parsed;

std::string with_line(std::string_view line) {
  return "POST /mcp HTTP/1.1\r\nHost: gw.test\r\n" + std::string(line) + "\r\n\r\n";
}

TEST(RequestReader, reads_a_request_with_its_fields_and_body) {
  const std::string bytes =
      "POST /mcp?x=1 HTTP/1.1\r\nHost: GW.test:8080\r\nX-A:  b c \r\nContent-Length: 2\r\n\r\n{}";

  const Parsed parsed = parse_requests({bytes});

  ASSERT_EQ(parsed.messages.size(), 1u);
  const Parsed::One& one = parsed.messages[0];
  EXPECT_EQ(one.method, "POST");
  EXPECT_EQ(one.target, "/mcp?x=1");
  EXPECT_EQ(one.authority, "gw.test:8080");
  EXPECT_EQ(one.headers.find("x-a"), "b c");
  EXPECT_EQ(one.headers.find("X-A"), "b c");
  EXPECT_EQ(one.body, "{}");
}

TEST(RequestReader, prefers_the_authority_of_an_absolute_target) {
  const Parsed parsed =
      parse_requests({"GET http://One.test/x HTTP/1.1\r\nHost: two.test\r\n\r\n"});

  ASSERT_EQ(parsed.messages.size(), 1u);
  EXPECT_EQ(parsed.messages[0].authority, "one.test");
  EXPECT_EQ(parsed.messages[0].headers.find("host"), "one.test");
  EXPECT_EQ(parsed.messages[0].target, "/x");
}

TEST(RequestReader, refuses_with_the_status_that_fits) {
  const std::vector<std::pair<std::string, int>> cases = {
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405},
      {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {with_line("X: " + std::string(70'000, 'a')), 431},
      {with_line("Content-Length: 5\r\nContent-Length: 5"), 400},
      {with_line("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400},
      {with_line("Content-Length: 05"), 400},
      {with_line("Content-Length: 5\t"), 400},
      {with_line("Content-Length:\t5"), 400},
      {with_line("Transfer-Encoding: gzip, chunked"), 501},
      {with_line("Expect: 200-ok"), 417},
      {with_line("Mcp_Session_Id: x"), 400},
      {with_line("Mcp-Session-Id: x\r\nmcp-session-id: y"), 400},
      {with_line("Host: gw.test"), 400},
      {with_line("X: a\r\n b"), 400},
      {with_line("X : a"), 400},
      {"GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /a%2f..%5cb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /a/..;x/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
  };

  for (const auto& [bytes, status] : cases) {
    EXPECT_EQ(parse_requests({bytes}).fault, status) << bytes.substr(0, 120);
  }
}

TEST(RequestReader, refuses_one_field_more_than_allowed) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 1; i < fields_max; ++i) bytes += "x: y\r\n";

  EXPECT_EQ(parse_requests({bytes + "\r\n"}).messages.size(), 1u);
  EXPECT_EQ(parse_requests({bytes + "x: y\r\n\r\n"}).fault, 431);
}

TEST(RequestReader, ignores_few_empty_lines_before_a_request) {
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

  EXPECT_EQ(parse_requests({"\r\n\r\n" + request}).messages.size(), 1u);
  EXPECT_EQ(parse_requests({"\r\n\r\n\r\n" + request}).fault, 400);
}

TEST(ChunkReader, drops_extensions_and_trailers) {
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;a=\"x;\";b\r\nabc\r\n0\r\nX-T: evil\r\n\r\n";

  const Parsed parsed = parse_requests({bytes});

  ASSERT_EQ(parsed.messages.size(), 1u);
  EXPECT_EQ(parsed.messages[0].body, "abc");
  EXPECT_EQ(parsed.messages[0].authority, "a");
  EXPECT_EQ(parsed.messages[0].headers.size(), 2u);
}

// Found by h1_response_fuzz: llhttp refuses backslashes and what is not ASCII.
TEST(ChunkReader, refuses_extensions_that_are_not_plain_text) {
  for (const char* extension : {"a=\"", "a=\"\\\"", "a=\"\\", "a=\"\x01\"", "a=\"\x7f\"",
                                "a=\"\xc3\xa4\"", "a=\"\\\xff\"", "a=\"x\\o\"", "a=\"\\\"\""}) {
    const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;" +
                              std::string(extension) + "\r\n\r\n";
    EXPECT_EQ(parse_requests({bytes}).fault, 400) << extension;
  }
}

TEST(ChunkReader, refuses_a_trailer_that_others_could_merge_into_the_head) {
  for (const char* name : {"Host", "Authorization", "Content-Length", "Transfer-Encoding",
                           "Mcp-Name", "Connection", "content_length"}) {
    const std::string bytes =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
        std::string(name) + ": 1\r\n\r\n";
    EXPECT_EQ(parse_requests({bytes}).fault, 400) << name;
  }
}

TEST(ResponseReader, finds_the_end_of_each_kind_of_body) {
  struct Case {
    std::string bytes;
    std::string method;
    bool ended;
    std::string body;
  };
  const std::vector<Case> cases = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", "GET", false, "ab"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "GET", false,
       "ab"},
      {"HTTP/1.1 200 OK\r\n\r\nabc", "GET", true, "abc"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HEAD", false, ""},
      {"HTTP/1.1 204 OK\r\nContent-Length: 2\r\n\r\nab", "GET", false, ""},
      {"HTTP/1.1 103 Hint\r\nX: y\r\n\r\nHTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", "GET", false,
       "a"},
  };

  for (const Case& c : cases) {
    const Parsed parsed = parse_response({c.bytes}, c.method, c.ended);
    ASSERT_EQ(parsed.messages.size(), 1u) << c.bytes;
    EXPECT_EQ(parsed.messages[0].body, c.body) << c.bytes;
    EXPECT_EQ(parsed.messages[0].headers.has("x"), false);
  }
}

// Found by h1_response_fuzz: llhttp reads these until the connection ends.
TEST(ResponseReader, takes_tabs_behind_the_coding_for_white_space) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: \tchunked \t \r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  const Parsed parsed = parse_response({bytes}, "GET", false);
  ASSERT_EQ(parsed.messages.size(), 1u);
  EXPECT_EQ(parsed.messages[0].body, "abc");
  EXPECT_EQ(check_response(bytes, {}, "GET", false), "");
}

TEST(ResponseReader, makes_every_white_space_before_a_value_one_space) {
  const Parsed parsed = parse_response({"HTTP/1.1 200 OK\r\nA:\tv\r\nB:  v\r\nC:v\r\nD:\t\r\nE: "
                                        "\tv\t \r\nContent-Length: 0\r\n\r\n"},
                                       "GET", false);
  ASSERT_EQ(parsed.messages.size(), 1u);
  std::string text;
  parsed.messages[0].headers.append_to(text, KnownFields());
  EXPECT_EQ(text, "a: v\r\nb: v\r\nc: v\r\nd: \r\ne: v\r\ncontent-length: 0\r\n");
}

TEST(ResponseReader, keeps_no_connection_on_which_an_unread_body_may_follow) {
  struct Case {
    std::string head;
    std::string method;
    bool keeps;
  };
  const std::vector<Case> cases = {
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "GET", false},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "GET", true},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "POST", false},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", true},
      {"HTTP/1.1 304 Not Modified\r\n\r\n", "POST", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", true},
  };

  for (const Case& c : cases) {
    const ClientLimits limits;
    ResponseReader reader(c.method, limits);
    std::string_view bytes = c.head;
    ASSERT_EQ(reader.take(bytes), Progress::done) << c.head;
    EXPECT_EQ(reader.keeps_alive(), c.keeps) << c.method << " " << c.head;
  }
}

// The cases that a reader of bytes can judge: the others need a token, a JSON reader or a route.
bool is_judged_later(const Json& entry) {
  return entry.has("requires") || entry["category"].text == "body" ||
         entry["name"].text == "chunk-smuggle-in-data";  // one request, whose body is no JSON
}

// The same request with a Host, for want of which many would be refused too early to tell.
std::string with_host(std::string bytes) {
  const std::size_t end = bytes.find(" HTTP/1.1\r\n");
  if (end != std::string::npos) bytes.insert(end + 11, "Host: h\r\n");
  return bytes;
}

TEST(Http1RawCorpus, is_decided_alike_however_it_is_split) {
  SKIP_WITHOUT_CORPUS("http1-raw");
  const auto cases = testing_::corpus_cases("http1-raw");
  ASSERT_EQ(cases.size(), 292u);

  for (const Json& entry : cases) {
    const std::string bytes = testing_::bytes_of(entry);
    for (const auto& pieces : testing_::splits_of(bytes)) {
      ASSERT_EQ(check_requests(bytes, pieces), "") << entry["name"].text;
    }
  }
}

TEST(Http1RawCorpus, is_decided_as_it_says) {
  SKIP_WITHOUT_CORPUS("http1-raw");

  for (const Json& entry : testing_::corpus_cases("http1-raw")) {
    const Parsed parsed = parse_requests({testing_::bytes_of(entry)});
    const int most = entry["max_forwarded"].number();
    if (is_judged_later(entry)) continue;
    EXPECT_LE(static_cast<int>(parsed.messages.size()), most) << entry["name"].text;
    if (entry["expected"].text == "accept") {
      EXPECT_EQ(static_cast<int>(parsed.messages.size()), most) << entry["name"].text;
      EXPECT_EQ(parsed.fault, 0) << entry["name"].text;
    }
  }
}

// Modes in which llhttp goes on after a message that closes the connection. That message is valid
// for us as well; what follows it must never be read.
bool is_about_data_after_close(const std::string& mode) {
  return mode.ends_with("-keep-alive") || mode.ends_with("-data-after-close");
}

TEST(Http1LlhttpCorpus, refuses_what_llhttp_refuses) {
  SKIP_WITHOUT_CORPUS("http1-llhttp");
  const auto cases = testing_::corpus_cases("http1-llhttp");
  ASSERT_EQ(cases.size(), 207u);
  const std::set<int> pauses = {5, 21, 22, 23, 24};
  int refused = 0;

  for (const Json& entry : cases) {
    const std::string bytes = testing_::bytes_of(entry);
    const bool is_request = entry["parser_mode"].text.starts_with("request");
    const bool is_lenient = entry["lenient"].is_true();
    const bool is_error =
        !entry["llhttp_error"].is_null && !pauses.contains(entry["llhttp_error"]["code"].number());
    for (const auto& pieces : testing_::splits_of(bytes)) {
      const std::string broken =
          is_request ? check_requests(bytes, pieces) : check_response(bytes, pieces, "GET", true);
      ASSERT_EQ(broken, "") << entry["name"].text;
    }
    // What llhttp only takes leniently has to be refused as well.
    const bool must_refuse = is_error || (is_lenient && entry["llhttp_error"].is_null);
    if (!must_refuse) continue;
    ++refused;
    const bool has_host = base::to_lower(bytes).find("\nhost:") != std::string::npos;
    const std::string hosted = has_host ? bytes : with_host(bytes);
    ASSERT_EQ(check_requests(hosted, {}), "") << entry["name"].text;
    const Parsed parsed =
        is_request ? parse_requests({hosted}) : parse_response({bytes}, "GET", true);
    const int complete = entry["messages_complete"].number();
    if (is_about_data_after_close(entry["parser_mode"].text)) {
      EXPECT_LE(parsed.messages.size(), 1u) << entry["name"].text;
      EXPECT_LT(parsed.used, hosted.size()) << entry["name"].text;
      continue;
    }
    const int most = is_lenient ? std::max(complete - 1, 0) : complete;
    EXPECT_LE(static_cast<int>(parsed.messages.size()), most)
        << entry["name"].text << " " << entry["llhttp_error"]["reason"].text;
  }
  EXPECT_GT(refused, 80);
}

TEST(Http1UpstreamResponsesCorpus, is_decided_alike_however_it_is_split) {
  SKIP_WITHOUT_CORPUS("http1-upstream-responses");
  const auto cases = testing_::corpus_cases("http1-upstream-responses");
  ASSERT_EQ(cases.size(), 82u);

  for (const Json& entry : cases) {
    const std::string bytes = testing_::bytes_of(entry);
    const bool ended = entry["then"].text == "close";
    for (const auto& pieces : testing_::splits_of(bytes)) {
      ASSERT_EQ(check_response(bytes, pieces, entry["request_method"].text, ended), "")
          << entry["name"].text;
    }
  }
}

}  // namespace
}  // namespace http
