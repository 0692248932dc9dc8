#include "http/client.h"

#include <set>

#include <gtest/gtest.h>

#include "base/sleep.h"
#include "http/detail_test_corpus.h"
#include "http/detail_test_stream.h"

namespace http {
namespace {

using testing_::Json;
using testing_::run;
using testing_::ScriptedStream;
using testing_::Then;

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Hands out scripted connections in order, and remembers them. Each plays its pieces only after a
// request was written to it, unless it is `eager`.
class Upstream final : public Connector {
 public:
  class Script {
   public:
    Script(std::vector<std::string> the_pieces, Then the_end = Then::stay_open,
           bool the_fails_writes = false)
        : pieces(std::move(the_pieces)), then(the_end), fails_writes(the_fails_writes) {}
    std::vector<std::string> pieces;
    Then then;
    bool fails_writes;
  };

  explicit Upstream(std::vector<Script> scripts) : scripts_(std::move(scripts)) {}

  Task<Result<std::unique_ptr<net::Stream>>> connect(const Endpoint&, Deadline) override {
    if (connections == scripts_.size()) co_return failed(Fault::unavailable, "refused");
    auto stream = std::make_unique<Recorder>(*this, connections++);
    co_return std::unique_ptr<net::Stream>(std::move(stream));
  }

  // What was written to each connection.
  std::vector<std::string> written = std::vector<std::string>(16);
  std::size_t connections = 0;
  std::vector<ScriptedStream*> streams = std::vector<ScriptedStream*>(16);

 private:
  class Recorder final : public net::Stream {
   public:
    Recorder(Upstream& upstream, std::size_t index) : upstream_(upstream), index_(index) {
      upstream_.streams[index_] = &stream_;
      stream_.fails_writes = upstream_.scripts_[index_].fails_writes;
    }
    ~Recorder() override { upstream_.streams[index_] = nullptr; }
    Task<Result<std::span<const std::byte>>> read(Deadline deadline) override {
      return stream_.read(deadline);
    }
    Task<Result<>> write(net::Buffers buffers, Deadline deadline) override {
      auto done = co_await stream_.write(buffers, deadline);
      upstream_.written[index_] = stream_.written;
      if (std::exchange(has_played_, true)) co_return done;
      Script& script = upstream_.scripts_[index_];
      for (std::string& piece : std::exchange(script.pieces, {})) stream_.push(std::move(piece));
      stream_.then(script.then);
      co_return done;
    }
    Task<Result<>> finish(Deadline deadline) override { return stream_.finish(deadline); }
    bool is_quiet() const override { return stream_.is_quiet(); }

   private:
    Upstream& upstream_;
    std::size_t index_;
    bool has_played_ = false;
    ScriptedStream stream_;
  };

  std::vector<Script> scripts_;
};

class Client {
 public:
  explicit Client(std::vector<Upstream::Script> scripts) : upstream(std::move(scripts)) {}

  Result<Response> exchange(Request request) {
    const Deadline deadline = Deadline::in(scheduler.now(), std::chrono::seconds(30));
    return run(scheduler, pool.exchange(std::move(request), endpoint, deadline));
  }
  Result<std::string> text(Response& response) {
    const Deadline deadline = Deadline::in(scheduler.now(), std::chrono::seconds(200));
    return run(scheduler, response.body.read_all(response_body_bytes_max, deadline));
  }
  Result<std::string> text_of(Request request) {
    auto response = exchange(std::move(request));
    if (!response) return tl::unexpected<Error>(response.error());
    return text(*response);
  }

  ManualScheduler scheduler;
  Upstream upstream;
  Endpoint endpoint{"up.test", 8080};
  Pool pool{scheduler, upstream, ClientLimits()};
};

Request get() {
  return Request("GET", "/x");
}
Request post() {
  Request request("POST", "/x");
  request.body = Body("{}");
  return request;
}

TEST(Pool, sends_a_request_and_keeps_the_connection) {
  Client client({{{ok}}});

  auto response = client.exchange(post());

  ASSERT_TRUE(response) << response.error().why();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(client.text(*response).value_or(""), "ok");
  EXPECT_EQ(client.upstream.written[0],
            "POST /x HTTP/1.1\r\nhost: up.test:8080\r\ncontent-length: 2\r\n\r\n{}");
  EXPECT_EQ(client.pool.idle_count(), 1u);
}

TEST(Pool, uses_a_kept_connection_again) {
  Client client({{{ok}}});
  ASSERT_EQ(client.text_of(get()).value_or(""), "ok");
  client.upstream.streams[0]->on_write = [](ScriptedStream& stream) { stream.push(ok); };

  EXPECT_EQ(client.text_of(get()).value_or(""), "ok");

  EXPECT_EQ(client.upstream.connections, 1u);
}

TEST(Pool, drops_an_idle_connection_that_says_anything) {
  Client client({{{ok}}, {{"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"}}});
  ASSERT_EQ(client.text_of(get()).value_or(""), "ok");
  client.upstream.streams[0]->push("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON");

  auto response = client.exchange(post());

  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(client.upstream.streams[0], nullptr);
}

TEST(Pool, gives_back_an_idle_connection_that_nobody_asks_for_again) {
  for (const bool has_ended : {true, false}) {
    Client client({{{ok}}});
    ASSERT_EQ(client.text_of(get()).value_or(""), "ok");
    if (has_ended) client.upstream.streams[0]->then(Then::end);
    client.scheduler.advance(std::chrono::seconds(2));
    EXPECT_EQ(client.pool.idle_count(), has_ended ? 0u : 1u);
  }
}

TEST(Pool, repeats_only_a_safe_request_on_a_dead_connection) {
  for (const bool is_safe : {true, false}) {
    Client client({{{ok}}, {{ok}}});
    ASSERT_EQ(client.text_of(get()).value_or(""), "ok");
    client.upstream.streams[0]->on_write = [](ScriptedStream& stream) { stream.then(Then::reset); };

    const auto text = client.text_of(is_safe ? get() : post());

    EXPECT_EQ(text.has_value(), is_safe);
    EXPECT_EQ(client.upstream.connections, is_safe ? 2u : 1u);
  }
}

TEST(Pool, never_repeats_once_anything_was_answered) {
  Client client({{{ok}}, {{ok}}});
  ASSERT_EQ(client.text_of(get()).value_or(""), "ok");
  client.upstream.streams[0]->on_write = [](ScriptedStream& stream) {
    stream.push("HTTP/1.1 2");
    stream.then(Then::end);
  };

  EXPECT_FALSE(client.text_of(get()));
  EXPECT_EQ(client.upstream.connections, 1u);
}

TEST(Pool, drops_idle_connections_in_time) {
  Client client({{{"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n"}}});
  ASSERT_TRUE(client.exchange(get()));
  client.scheduler.advance(std::chrono::milliseconds(3900));
  EXPECT_EQ(client.pool.idle_count(), 1u);

  client.scheduler.advance(std::chrono::milliseconds(200));

  EXPECT_EQ(client.pool.idle_count(), 0u);
}

TEST(Pool, passes_on_no_hop_by_hop_field_and_makes_its_own_framing) {
  Client client(
      {{{"HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-End: 2\r\nContent-Length: "
         "0\r\n\r\n"}}});
  Request request = post();
  request.headers.add("Connection", "authorization, x-drop");
  request.headers.add("Authorization", "Bearer t");
  request.headers.add("X-Drop", "1");
  request.headers.add("TE", "trailers");
  request.headers.add("Content-Length", "99");
  request.headers.add("Host", "other");

  auto response = client.exchange(std::move(request));

  EXPECT_EQ(client.upstream.written[0],
            "POST /x HTTP/1.1\r\nhost: up.test:8080\r\nauthorization: Bearer t\r\n"
            "content-length: 2\r\n\r\n{}");
  ASSERT_TRUE(response);
  EXPECT_FALSE(response->headers.has("x-hop"));
  EXPECT_TRUE(response->headers.has("x-end"));
}

const std::string too_large = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig";

// One piece, and then nothing for ever; or as many pieces as are said, and the end.
class SlowBody final : public BodySource {
 public:
  SlowBody(ManualScheduler& scheduler, std::optional<int> pieces)
      : scheduler_(scheduler), pieces_(pieces) {}
  Task<Result<std::optional<std::string>>> read(Deadline deadline) override {
    const Deadline soon = Deadline::in(scheduler_.now(), std::chrono::seconds(1));
    const Deadline until = pieces_ ? deadline.or_sooner(soon) : deadline;
    if (read_++ > 0) co_await sleep_until(until);
    if (pieces_ && read_ > *pieces_) co_return std::nullopt;
    if (!pieces_ && read_ > 1) co_return failed(Fault::timed_out, "no more came");
    co_return "piece";
  }

 private:
  ManualScheduler& scheduler_;
  std::optional<int> pieces_;
  int read_ = 0;
};

Request slow_post(Client& client, std::optional<int> pieces = std::nullopt) {
  Request request("POST", "/x");
  request.body = Body(std::make_unique<SlowBody>(client.scheduler, pieces), std::nullopt);
  return request;
}

// An echo answers while it reads.
TEST(Pool, sends_all_of_a_request_that_is_answered_before_its_end) {
  for (const std::string head : {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 204 None\r\n"}) {
    const bool has_body = head.find("200") != std::string::npos;
    Client client({{{head + (has_body ? "Content-Length: 4\r\n\r\nal" : "\r\n")}}});

    auto response = client.exchange(slow_post(client, 3));

    ASSERT_TRUE(response) << response.error().why();
    EXPECT_TRUE(
        client.upstream.written[0].ends_with("5\r\npiece\r\n5\r\npiece\r\n5\r\npiece\r\n0\r\n\r\n"))
        << client.upstream.written[0];
    if (has_body) {
      client.upstream.streams[0]->push("l!");
      EXPECT_EQ(client.text(*response).value_or(""), "all!");
    }
    EXPECT_EQ(client.pool.idle_count(), 1u);
  }
}

TEST(Pool, sends_no_more_to_a_server_that_wants_to_close) {
  Client client({{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"}}});

  EXPECT_EQ(client.text_of(slow_post(client)).value_or(""), "ok");
  EXPECT_EQ(client.pool.idle_count(), 0u);
}

TEST(Pool, gives_the_answer_that_came_before_the_request_was_sent) {
  Client client({{{too_large}}});

  auto response = client.exchange(slow_post(client));

  ASSERT_TRUE(response) << response.error().why();
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(client.text(*response).value_or(""), "big");
  // What comes next on that connection would be taken for the rest of the body.
  EXPECT_EQ(client.pool.idle_count(), 0u);
}

TEST(Pool, reads_on_when_an_interim_answer_came_before_the_request_was_sent) {
  Client client(
      {{{"HTTP/1.1 103 Hint\r\n\r\nHTTP/1.1 413 Too", " Large\r\nContent-Length: 0\r\n\r\n"}}});

  auto response = client.exchange(slow_post(client));

  ASSERT_TRUE(response) << response.error().why();
  EXPECT_EQ(response->status, 413);
}

TEST(Pool, gives_the_answer_of_a_server_that_closed_before_the_request_was_sent) {
  Client client({{{too_large}, Then::reset, true}});

  auto response = client.exchange(post());

  ASSERT_TRUE(response) << response.error().why();
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(client.text(*response).value_or(""), "big");
  EXPECT_EQ(client.pool.idle_count(), 0u);
}

TEST(Pool, fails_where_a_broken_connection_left_no_answer) {
  Client client({{{"HTTP/1.1 413 Too"}, Then::reset, true}});
  auto response = client.exchange(post());

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().fault(), Fault::upstream_failed);
}

TEST(Pool, gives_up_a_connection_whose_body_is_dropped) {
  Client client({{{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"}}});
  {
    auto response = client.exchange(get());
    ASSERT_TRUE(response);
  }

  EXPECT_EQ(client.pool.idle_count(), 0u);
  EXPECT_EQ(client.upstream.streams[0], nullptr);
}

// What the message says about itself is judged by the reader of messages, not of bytes.
bool is_about_the_message(const Json& entry) {
  return entry["category"].text == "body";
}

enum class Outcome { complete, failed, cut };

struct Answer {
  Outcome outcome;
  std::string text;
};

Answer ask(Client& client, const std::string& method) {
  Request request(method, "/mcp");
  request.body = Body("{}");
  auto response = client.exchange(std::move(request));
  if (!response) return {Outcome::failed, response.error().why()};
  auto text = client.text(*response);
  if (!text) return {Outcome::cut, text.error().why()};
  return {Outcome::complete, *text};
}

Then then_of(const Json& entry) {
  if (entry["then"].text == "close") return Then::end;
  return entry["then"].text == "reset" ? Then::reset : Then::stay_open;
}

bool fits(const std::string& expected, Outcome outcome) {
  if (expected == "ok") return outcome == Outcome::complete;
  if (expected == "ok_or_bad_gateway") return outcome != Outcome::cut;
  if (expected == "truncate") return outcome == Outcome::cut;
  return outcome != Outcome::complete;
}

TEST(Http1UpstreamResponsesCorpus, is_decided_as_it_says_and_harms_nobody_else) {
  SKIP_WITHOUT_CORPUS("http1-upstream-responses");
  const auto cases = testing_::corpus_cases("http1-upstream-responses");
  ASSERT_EQ(cases.size(), 82u);

  for (const Json& entry : cases) {
    const std::string& name = entry["name"].text;
    const std::string bytes = testing_::bytes_of(entry);
    auto splits = testing_::splits_of(bytes);
    if (splits.size() > 24) splits.erase(splits.begin() + 1, splits.end() - 20);
    for (const auto& pieces : splits) {
      Client client(
          {{pieces, then_of(entry)}, {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"}}});
      const bool is_early = name == "unsolicited-before-request";
      const Answer answer =
          is_early ? Answer{Outcome::failed, ""} : ask(client, entry["request_method"].text);
      if (!is_about_the_message(entry)) {
        ASSERT_TRUE(fits(entry["expected"].text, answer.outcome)) << name << ": " << answer.text;
      }
      // A clean answer on a connection with nothing behind it may be kept and asked again.
      client.scheduler.run();
      if (client.pool.idle_count() == 1) {
        client.upstream.streams[0]->on_write = [](ScriptedStream& stream) {
          stream.push("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother");
        };
      }
      if (is_early) client.pool.drop_idle();
      if (is_early) continue;
      const Answer next = ask(client, "POST");
      ASSERT_EQ(next.text, "other") << name;
    }
  }
}

TEST(Http1UpstreamResponsesCorpus, drops_a_connection_that_answers_unasked) {
  SKIP_WITHOUT_CORPUS("http1-upstream-responses");

  for (const Json& entry : testing_::corpus_cases("http1-upstream-responses")) {
    if (entry["name"].text != "unsolicited-before-request") continue;
    Client client({{{ok}}, {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"}}});
    ASSERT_EQ(ask(client, "POST").text, "ok");
    client.upstream.streams[0]->push(testing_::bytes_of(entry));
    client.scheduler.run();
    EXPECT_EQ(ask(client, "POST").text, "other");
    return;
  }
  FAIL() << "the case is missing";
}

}  // namespace
}  // namespace http
