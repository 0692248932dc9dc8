#include "http/server.h"

#include <set>

#include <gtest/gtest.h>

#include "http/detail_test_corpus.h"
#include "http/detail_test_stream.h"
#include "http/detail_test_wire.h"
#include "http/media_type.h"

namespace http {
namespace {

using testing_::Json;
using testing_::run;
using testing_::ScriptedStream;
using testing_::Then;

// What a small application made of a connection.
class Seen {
 public:
  std::vector<std::string> forwarded;  // complete requests, as an upstream would see them
  std::vector<int> statuses;           // of the final answers on the wire
  bool is_closed = false;
  std::optional<int> refused;

  bool operator==(const Seen&) const = default;
};

// Answers as a gateway would before it looks at a message: 401 where a token is needed, 404 for
// other paths, 415 for other types.
int verdict_on(const Request& request, bool needs_token) {
  if (request.target == "*") return 405;
  if (request.path() != "/mcp") return 404;
  if (needs_token) return 401;
  const auto type = request.headers.find("content-type");
  const bool is_json = type && is_utf8_media_type(*type, "application/json");
  return request.method == "POST" && type && !is_json ? 415 : 200;
}

Task<> serve(ServerConnection& connection, Seen& seen, bool needs_token) {
  while (true) {
    auto incoming = co_await connection.next();
    if (!incoming) {
      if (connection.refusal()) seen.refused = connection.refusal()->status;
      break;
    }
    if (!*incoming) break;
    Incoming& exchange = **incoming;
    const std::string line = exchange.request.method + " " + exchange.request.target;
    const int status = verdict_on(exchange.request, needs_token);
    Response response(status, "text/plain", "x");
    if (status == 200) {
      auto body =
          co_await exchange.request.body.read_all(request_body_bytes_max, Deadline::never());
      if (body) seen.forwarded.push_back(line + " " + *body);
      if (!body) response.status = 502;
    }
    auto sent = co_await exchange.send(std::move(response));
    if (!sent) break;
  }
  co_await connection.close();
  seen.is_closed = true;
}

// The final statuses of the answers in `written`, which must be well-formed to the last byte.
std::vector<int> statuses_in(std::string_view written) {
  static const ClientLimits limits;
  std::vector<int> statuses;
  while (!written.empty()) {
    ResponseReader reader("GET", limits);
    EXPECT_EQ(reader.take(written), Progress::done);
    testing_::BodyTaker body(reader.framing(), reader.length());
    std::string text;
    EXPECT_EQ(body.take(written, text), Progress::done);
    statuses.push_back(reader.response().status);
    if (testing::Test::HasFailure()) break;
  }
  return statuses;
}

Seen conversation(const std::vector<std::string>& pieces, Then then, bool needs_token = false) {
  ManualScheduler scheduler;
  ScriptedStream stream(pieces, then);
  const ServerLimits limits;
  Seen seen;
  {
    ServerConnection connection(stream, limits);
    run(scheduler, serve(connection, seen, needs_token));
  }
  seen.statuses = statuses_in(stream.written);
  return seen;
}

bool has_status(const Json& entry, int status) {
  for (const Json& allowed : entry["status"].items) {
    if (allowed.number() == status) return true;
  }
  return entry["status"].items.empty();
}

// What only a reader of JSON can refuse.
bool needs_json(const std::string& name) {
  const std::set<std::string> names = {"body-bom", "body-empty-json", "body-trailing-garbage",
                                       "chunk-smuggle-in-data", "accept-missing"};
  return names.contains(name);
}

void expect_refused(const Json& entry, const Seen& seen) {
  const std::string& name = entry["name"].text;
  EXPECT_TRUE(seen.forwarded.empty()) << name;
  ASSERT_LE(seen.statuses.size(), 1u) << name;
  // A request that is incomplete on an open connection is given up by time.
  const bool is_slow = seen.statuses == std::vector<int>{408};
  EXPECT_TRUE(is_slow || seen.statuses.empty() || has_status(entry, seen.statuses[0])) << name;
}

TEST(Http1RawCorpus, is_answered_as_it_says) {
  SKIP_WITHOUT_CORPUS("http1-raw");
  const auto cases = testing_::corpus_cases("http1-raw");
  ASSERT_EQ(cases.size(), 292u);

  for (const Json& entry : cases) {
    const std::string& name = entry["name"].text;
    if (needs_json(name)) continue;
    const Then then = entry["then"].text == "half-close" ? Then::end : Then::stay_open;
    const bool needs_token = entry["requires"].text == "jwt-strict route";
    const Seen seen = conversation({testing_::bytes_of(entry)}, then, needs_token);
    const std::size_t most = static_cast<std::size_t>(entry["max_forwarded"].number());
    EXPECT_LE(seen.forwarded.size(), most) << name;
    for (const std::string& line : seen.forwarded) {
      EXPECT_TRUE(!entry.has("forbidden_target") ||
                  !line.starts_with("POST " + entry["forbidden_target"].text + " "))
          << name;
    }
    if (entry["expected"].text == "reject") expect_refused(entry, seen);
    if (entry["expected"].text == "accept") {
      EXPECT_EQ(seen.forwarded.size(), most) << name;
      EXPECT_EQ(seen.statuses, std::vector<int>(most, 200)) << name;
    }
    if (entry["expected"].text == "safe" && !seen.statuses.empty()) {
      const int first = seen.statuses[0];
      const bool is_quiet = first == 200 || first == 408;
      EXPECT_TRUE(is_quiet || has_status(entry, first)) << name << " " << first;
    }
  }
}

TEST(Http1RawCorpus, is_answered_alike_however_it_is_split) {
  SKIP_WITHOUT_CORPUS("http1-raw");

  for (const Json& entry : testing_::corpus_cases("http1-raw")) {
    const Then then = entry["then"].text == "half-close" ? Then::end : Then::stay_open;
    const bool needs_token = entry["requires"].text == "jwt-strict route";
    const std::string bytes = testing_::bytes_of(entry);
    const Seen whole = conversation({bytes}, then, needs_token);
    auto splits = testing_::splits_of(bytes);
    // Every place of a cut is tried on the readers; here a sample.
    for (std::size_t at = 0; at < splits.size(); at += at + 16 < splits.size() ? 16 : 1) {
      const Seen split = conversation(splits[at], then, needs_token);
      ASSERT_EQ(split.forwarded, whole.forwarded) << entry["name"].text;
      ASSERT_EQ(split.statuses, whole.statuses) << entry["name"].text;
    }
  }
}

// A source that yields given pieces and then ends, or fails.
class Pieces final : public BodySource {
 public:
  Pieces(std::vector<std::string> pieces, bool fails) : pieces_(std::move(pieces)), fails_(fails) {}
  Task<Result<std::optional<std::string>>> read(Deadline) override {
    if (at_ < pieces_.size()) co_return pieces_[at_++];
    if (fails_) co_return failed(Fault::upstream_failed, "cut");
    co_return std::nullopt;
  }

 private:
  std::vector<std::string> pieces_;
  bool fails_;
  std::size_t at_ = 0;
};

Body body_of(std::vector<std::string> pieces, bool fails = false,
             std::optional<std::uint64_t> length = std::nullopt) {
  return Body(std::make_unique<Pieces>(std::move(pieces), fails), length);
}

// A connection with its script, driven step by step.
class Server {
 public:
  explicit Server(std::vector<std::string> pieces, Then then = Then::stay_open,
                  const ServerLimits& limits = {})
      : stream(std::move(pieces), then), connection(stream, limits) {}

  std::optional<Incoming> next() {
    auto incoming = run(scheduler, connection.next());
    error = incoming ? std::nullopt : std::optional<Error>(incoming.error());
    if (!incoming || *incoming == nullptr) return std::nullopt;
    return std::move(**incoming);
  }
  Result<> send(Incoming& incoming, Response response) {
    return run(scheduler, incoming.send(std::move(response)));
  }
  Result<std::string> body(Incoming& incoming) {
    return run(scheduler, incoming.request.body.read_all(1 << 20, Deadline::never()));
  }

  ManualScheduler scheduler;
  ScriptedStream stream;
  ServerConnection connection;
  std::optional<Error> error;
};

const std::string get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string post = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";

TEST(ServerConnection, sends_a_whole_answer_in_one_write) {
  Server server({get});
  auto incoming = server.next();
  ASSERT_TRUE(incoming);

  ASSERT_TRUE(server.send(*incoming, Response(200, "text/plain", "hello")));

  EXPECT_EQ(server.stream.writes, 1);
  EXPECT_EQ(server.stream.written,
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello");
  EXPECT_EQ(incoming->status_sent(), 200);
}

TEST(ServerConnection, keeps_pipelined_requests_in_order) {
  Server server({get + post + "12345" + "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"});

  auto first = server.next();
  ASSERT_TRUE(server.send(*first, Response(200)));
  auto second = server.next();
  EXPECT_EQ(server.body(*second).value_or(""), "12345");
  ASSERT_TRUE(server.send(*second, Response(201)));
  auto third = server.next();
  EXPECT_EQ(third->request.target, "/b");
}

TEST(ServerConnection, takes_pipelined_requests_however_they_are_cut) {
  std::string all;
  for (int i = 0; i < 5; ++i) {
    all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n" + post + "12345";
  }
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    for (const bool is_read : {true, false}) {
      Server server({all.substr(0, cut), all.substr(cut)});
      for (int i = 0; i < 5; ++i) {
        auto got = server.next();
        ASSERT_TRUE(got) << cut;
        ASSERT_EQ(got->request.target, "/" + std::to_string(i)) << cut;
        ASSERT_TRUE(server.send(*got, Response(200)));
        auto posted = server.next();
        ASSERT_TRUE(posted) << cut;
        if (is_read) {
          ASSERT_EQ(server.body(*posted).value_or(""), "12345") << cut;
        }
        ASSERT_TRUE(server.send(*posted, Response(200)));
      }
    }
  }
}

TEST(ServerConnection, asks_for_an_expected_body_when_it_is_first_read) {
  Server server(
      {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"});
  auto incoming = server.next();
  EXPECT_EQ(server.stream.written, "");
  server.stream.on_write = [](ScriptedStream& stream) {
    stream.on_write = nullptr;
    stream.push("ok");
  };

  EXPECT_EQ(server.body(*incoming).value_or(""), "ok");

  EXPECT_EQ(server.stream.written, "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(ServerConnection, closes_if_an_expected_body_was_never_asked_for) {
  Server server(
      {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"});
  auto incoming = server.next();

  ASSERT_TRUE(server.send(*incoming, Response(401)));
  server.stream.push(get);

  EXPECT_NE(server.stream.written.find("connection: close"), std::string::npos);
  EXPECT_FALSE(server.next());
}

TEST(ServerConnection, writes_a_source_in_chunks_and_leaves_out_empty_pieces) {
  Server server({get});
  auto incoming = server.next();
  Response response(200);
  response.body = body_of({"abc", "", "0123456789abcdef"});

  ASSERT_TRUE(server.send(*incoming, std::move(response)));

  EXPECT_EQ(server.stream.written,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
}

TEST(ServerConnection, never_ends_a_cut_body_cleanly) {
  for (const bool has_length : {false, true}) {
    Server server({get + get});
    auto incoming = server.next();
    Response response(200);
    response.body =
        body_of({"abc"}, !has_length, has_length ? std::optional<std::uint64_t>(9) : std::nullopt);

    EXPECT_FALSE(server.send(*incoming, std::move(response)));

    EXPECT_FALSE(server.stream.written.ends_with("0\r\n\r\n"));
    EXPECT_FALSE(server.next());
    EXPECT_FALSE(server.stream.is_finished);
  }
}

TEST(ServerConnection, answers_a_head_request_without_a_body) {
  Server server({"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"});
  auto incoming = server.next();

  ASSERT_TRUE(server.send(*incoming, Response(200, "text/plain", "hello")));

  EXPECT_TRUE(server.stream.written.ends_with("content-length: 5\r\n\r\n"));
}

// RFC 9110, 8.6: only the length that a GET would have may be said.
TEST(ServerConnection, says_no_length_of_a_head_that_is_not_known) {
  Server server({"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n"});
  auto incoming = server.next();

  ASSERT_TRUE(server.send(*incoming, Response(200)));

  EXPECT_EQ(server.stream.written, "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(server.next()->request.target, "/b");
}

TEST(ServerConnection, keeps_an_old_client_only_if_it_asks) {
  Server asked({"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"});
  auto incoming = asked.next();
  ASSERT_TRUE(asked.send(*incoming, Response(200)));
  EXPECT_NE(asked.stream.written.find("connection: keep-alive"), std::string::npos);

  Server silent({"GET / HTTP/1.0\r\n\r\n"});
  auto other = silent.next();
  Response response(200);
  response.body = body_of({"abc"});
  ASSERT_TRUE(silent.send(*other, std::move(response)));
  EXPECT_EQ(silent.stream.written, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc");
  EXPECT_FALSE(silent.next());
  EXPECT_TRUE(silent.stream.is_finished);
}

TEST(ServerConnection, drops_what_was_not_read_of_a_body) {
  Server server({post + "12", "345" + get});
  auto first = server.next();
  ASSERT_TRUE(server.send(*first, Response(403)));

  auto second = server.next();

  ASSERT_TRUE(second);
  EXPECT_EQ(second->request.method, "GET");
}

TEST(ServerConnection, closes_instead_of_dropping_a_long_body) {
  Server server({"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"});
  auto incoming = server.next();

  ASSERT_TRUE(server.send(*incoming, Response(403)));

  EXPECT_NE(server.stream.written.find("connection: close"), std::string::npos);
  EXPECT_FALSE(server.next());
}

TEST(ServerConnection, refuses_a_head_that_arrives_too_slowly) {
  Server server({"GET / HT"});

  EXPECT_FALSE(server.next());

  ASSERT_TRUE(server.connection.refusal());
  EXPECT_EQ(server.connection.refusal()->status, 408);
  EXPECT_TRUE(server.stream.written.starts_with("HTTP/1.1 408 "));
}

TEST(ServerConnection, refuses_a_body_that_arrives_too_slowly) {
  Server server({post + "12"});
  auto incoming = server.next();

  const auto body = server.body(*incoming);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().fault(), Fault::timed_out);
  ASSERT_TRUE(server.send(*incoming, Response(504)));

  EXPECT_EQ(incoming->status_sent(), 408);
  EXPECT_FALSE(server.next());
}

TEST(ServerConnection, answers_a_malformed_body_itself) {
  Server server({"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "zz\r\n"});
  auto incoming = server.next();

  EXPECT_FALSE(server.body(*incoming));
  ASSERT_TRUE(server.send(*incoming, Response(502)));

  EXPECT_EQ(incoming->status_sent(), 400);
  EXPECT_EQ(server.connection.refusal()->status, 400);
}

TEST(ServerConnection, ends_an_idle_connection) {
  Server server({});
  const Instant begin = server.scheduler.now();

  EXPECT_FALSE(server.next());

  EXPECT_FALSE(server.error);
  EXPECT_TRUE(server.stream.is_finished);
  EXPECT_GE(server.scheduler.now() - begin, std::chrono::seconds(75));
  EXPECT_EQ(server.stream.written, "");
}

TEST(ServerConnection, ends_orderly_with_its_client) {
  Server server({get}, Then::end);
  auto incoming = server.next();
  ASSERT_TRUE(server.send(*incoming, Response(200)));

  EXPECT_FALSE(server.next());

  EXPECT_FALSE(server.error);
  EXPECT_FALSE(server.connection.refusal());
}

TEST(ServerConnection, says_what_it_refused) {
  Server server({"GET /secret HTTP/1.1\r\nHost: h\r\nbroken\r\n\r\n"});

  EXPECT_FALSE(server.next());

  ASSERT_TRUE(server.error);
  EXPECT_EQ(server.error->fault(), Fault::bad_request);
  EXPECT_EQ(server.connection.refusal()->target, "/secret");
  EXPECT_EQ(server.connection.refusal()->method, "GET");
  EXPECT_FALSE(server.next());
}

TEST(ServerConnection, closes_after_the_next_answer_when_drained) {
  Server server({get + get});
  auto incoming = server.next();
  server.connection.drain();

  ASSERT_TRUE(server.send(*incoming, Response(200)));

  EXPECT_NE(server.stream.written.find("connection: close"), std::string::npos);
  EXPECT_FALSE(server.next());
}

TEST(ServerConnection, ends_if_a_request_was_left_without_an_answer) {
  Server server({get + get});
  {
    auto incoming = server.next();
  }

  EXPECT_FALSE(server.next());
}

TEST(ServerConnection, never_lets_a_value_start_a_line_of_its_own) {
  Server server({get});
  auto incoming = server.next();
  Response response(200);
  response.headers.add("x-a", "b\r\nSet-Cookie: c");
  response.headers.add("bad name", "d");

  ASSERT_TRUE(server.send(*incoming, std::move(response)));

  EXPECT_NE(server.stream.written.find("x-a: b  Set-Cookie: c\r\n"), std::string::npos);
  EXPECT_EQ(server.stream.written.find("bad name"), std::string::npos);
}

}  // namespace
}  // namespace http
