#include "admin/event_feed.h"

#include <gtest/gtest.h>

#include "admin/target_view.h"
#include "http/sse.h"
#include "json/value.h"
#include "net/spawner.h"
#include "net/test_loop.h"
#include "runtime/build.h"

namespace admin {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view two_targets = R"(binds:
- port: 3000
  listeners:
  - routes:
    - backends:
      - mcp:
          targets:
          - name: one
            demo: {}
          - name: two
            demo: {}
)";

class NoSink final : public LogSink {
 public:
  void write(std::string_view) override {}
};

FeedTimes quick() {
  FeedTimes times;
  times.targets = milliseconds(5);
  times.metrics = milliseconds(20);
  times.kept = milliseconds(50);
  times.keep_alive = milliseconds(30);
  return times;
}

class EventFeedTest : public testing::Test {
 protected:
  EventFeedTest() {
    shared.traffic = &traffic;
    run_text(std::string(two_targets));
    feed.emplace(loop, clock, running, shared, quick());
  }

  void run_text(std::string text) {
    const yaml::Source source{"test.yaml", std::move(text)};
    auto reading =
        schema::read_text<config::File>(source, [](std::string_view) { return std::nullopt; });
    runtime::Built built = runtime::build(reading.value, stores);
    ASSERT_TRUE(built.snapshot);
    running.runs(source, reading.value, built.snapshot, {});
  }
  upstream::Vitals& vitals(std::size_t index) {
    return *served_targets(*running.snapshot()).at(index).entry->vitals;
  }
  static Topics only(std::string_view names) { return Topics::parse(names).value(); }

  // One connection's reader.
  struct Reader {
    http::Response response;
    http::EventReader events;
  };
  Reader follow(std::string_view topics, std::string_view last_id = "") {
    auto response = feed->follow(only(topics), last_id);
    EXPECT_TRUE(response);
    return {std::move(*response), http::EventReader()};
  }
  // The next event; its name is empty if there is none in that time.
  http::Event next(Reader& reader, Duration patience = std::chrono::seconds(10)) {
    const Instant end = clock.now() + patience;
    for (;;) {
      if (auto event = reader.events.next()) return *event;
      if (clock.now() > end) return http::Event("", "");
      auto piece = net::run_to_end(loop, reader.response.body.read(Deadline(end)));
      EXPECT_TRUE(piece && *piece);
      comments += **piece == http::format_comment("keep-alive") ? 1 : 0;
      EXPECT_TRUE(reader.events.push(**piece));
    }
  }
  void serve_call(const std::string& tool, std::string_view decision = "allow") {
    telemetry::Record record;
    record.protocol = "mcp";
    record.http_method = "POST";
    record.http_status = 200;
    record.mcp_method = "tools/call";
    record.tool = tool;
    record.authz_decision = decision;
    const auto sent = json::Document::parse(R"({"message":"hello"})").value();
    record.arguments = std::make_shared<const telemetry::Arguments>(sent.root());
    traffic.count(0, record);
    if (traffic.is_watched()) {
      traffic.tell(gateway::Sighting(record, clock.wall(), milliseconds(2)));
    }
  }

  NoSink sink;
  SystemClock clock;
  SystemRandom random;
  net::Spawner spawner;
  auth::KeyStore keys;
  Log log{sink, LogFormat::text, LogLevel::error};
  runtime::TargetStore targets{spawner, log};
  runtime::Stores stores{keys, targets};
  gateway::SessionIds ids{crypto::SealKey::from_random(random), random};
  gateway::SessionTable sessions{gateway::SessionLimits()};
  gateway::Load load{gateway::Limits()};
  net::Loop loop;
  gateway::Traffic traffic{loop.address(), 1};
  gateway::Shared shared{log, clock, ids, sessions, load};
  Running running;
  std::optional<EventFeed> feed;
  int comments = 0;
};

TEST_F(EventFeedTest, says_hello_and_tells_of_every_change_of_the_configuration) {
  Reader reader = follow("config");
  const http::Event hello = next(reader);
  EXPECT_EQ(hello.name, "hello");
  EXPECT_EQ(json::Document::parse(hello.data)->root().find_string("revision"),
            running.revision().id);

  running.misses("it is gone");
  const http::Event missing = next(reader);
  EXPECT_EQ(missing.name, "config");
  EXPECT_EQ(json::Document::parse(missing.data)->root().find_string("state"), "missing");
  run_text(std::string(two_targets) + "# changed\n");
  const http::Event changed = next(reader);
  EXPECT_EQ(json::Document::parse(changed.data)->root().find_string("state"), "ok");
  EXPECT_EQ(json::Document::parse(changed.data)->root().find_string("revision"),
            running.revision().id);
}

TEST_F(EventFeedTest, tells_of_targets_that_change) {
  Reader reader = follow("targets");
  EXPECT_EQ(next(reader).name, "hello");

  vitals(1).failed("no answer");

  const http::Event event = next(reader);
  EXPECT_EQ(event.name, "targets");
  EXPECT_EQ(json::Document::parse(event.data)->root().find_string("state"), "failing");
  EXPECT_EQ(json::Document::parse(event.data)->root().find_string("id"),
            id_of(*served_targets(*running.snapshot()).at(1).entry));
}

TEST_F(EventFeedTest, watches_traffic_only_while_somebody_follows_it) {
  EXPECT_FALSE(traffic.is_watched());
  {
    Reader other = follow("config,targets");
    EXPECT_EQ(next(other).name, "hello");
    EXPECT_FALSE(traffic.is_watched());
    Reader reader = follow("traffic");
    EXPECT_EQ(next(reader).name, "hello");
    EXPECT_TRUE(traffic.is_watched());
    serve_call("echo", "deny");
    const http::Event event = next(reader);
    EXPECT_EQ(event.name, "traffic");
    const auto seen = json::Document::parse(event.data);
    EXPECT_EQ(seen->root().find_string("name"), "echo");
    EXPECT_EQ(seen->root().find_string("decision"), "deny");
    EXPECT_FALSE(seen->root().find("error"));
  }
  EXPECT_TRUE(traffic.is_watched()) << "for a reader that comes back";
  const Instant end = clock.now() + std::chrono::seconds(10);
  while (traffic.is_watched() && clock.now() < end) loop.turn(end);
  EXPECT_FALSE(traffic.is_watched());
}

TEST_F(EventFeedTest, a_reader_that_comes_back_soon_misses_nothing) {
  std::string id;
  {
    Reader reader = follow("traffic");
    (void)next(reader);
    serve_call("a");
    id = next(reader).id;
  }
  serve_call("b");
  Reader again = follow("traffic", id);

  const http::Event hello = next(again);
  EXPECT_EQ(json::Document::parse(hello.data)->root().find("resumed")->as_bool(), true);
  EXPECT_EQ(hello.id, id);
  const http::Event missed = next(again);
  EXPECT_EQ(json::Document::parse(missed.data)->root().find_string("name"), "b");
}

TEST_F(EventFeedTest, measures_from_time_to_time) {
  Reader reader = follow("metrics");
  EXPECT_EQ(next(reader).name, "hello");
  serve_call("a");
  serve_call("b", "deny");

  http::Event event = next(reader);
  while (event.data.find("latencyMs") == std::string::npos && !event.name.empty()) {
    event = next(reader);
  }

  EXPECT_EQ(event.name, "metrics");
  const auto measured = json::Document::parse(event.data);
  EXPECT_EQ(measured->root().find("requests")->as_int(), 2);
  EXPECT_EQ(measured->root().find("allowed")->as_int(), 1);
  EXPECT_EQ(measured->root().find("denied")->as_int(), 1);
  EXPECT_EQ(measured->root().find("latencyMs")->find("p99")->as_double(), 2.0);
}

TEST_F(EventFeedTest, keeps_an_idle_stream_alive) {
  Reader reader = follow("config");
  EXPECT_EQ(next(reader).name, "hello");

  EXPECT_EQ(next(reader, milliseconds(200)).name, "");

  EXPECT_GE(comments, 1);
}

TEST_F(EventFeedTest, has_so_many_followers_and_no_more) {
  std::vector<http::Response> held;
  for (std::size_t i = 0; i < EventFeed::followers_max; ++i) {
    held.push_back(std::move(*feed->follow(Topics::all(), "")));
  }
  EXPECT_FALSE(feed->follow(Topics::all(), ""));
  held.pop_back();
  EXPECT_TRUE(feed->follow(Topics::all(), ""));
}

TEST_F(EventFeedTest, keeps_requests_for_who_asks_about_one_as_long_as_somebody_follows) {
  std::string id;
  {
    Reader reader = follow("traffic");
    (void)next(reader);
    serve_call("echo");
    id = next(reader).id;
    ASSERT_NE(feed->recorded().find(id), nullptr);
    EXPECT_EQ(feed->recorded().find(id)->name, "echo");
  }
  const Instant end = clock.now() + std::chrono::seconds(10);
  while (traffic.is_watched() && clock.now() < end) loop.turn(end);
  EXPECT_EQ(feed->recorded().find(id), nullptr);
}

TEST_F(EventFeedTest, arguments_are_recorded_and_forgotten_as_the_configuration_says) {
  const std::string recording = "config: {admin: {recordArguments: true}}\n";
  Reader reader = follow("traffic,config");
  (void)next(reader);
  EXPECT_FALSE(traffic.takes_arguments());
  run_text(std::string(two_targets) + recording);
  EXPECT_EQ(next(reader).name, "config");
  EXPECT_TRUE(traffic.takes_arguments());
  EXPECT_TRUE(feed->records_arguments());

  serve_call("echo");
  const http::Event event = next(reader);
  EXPECT_EQ(event.data.find("message"), std::string::npos) << "the stream is for many";
  ASSERT_NE(feed->recorded().find(event.id), nullptr);
  ASSERT_NE(feed->recorded().find(event.id)->arguments, nullptr);
  EXPECT_EQ(feed->recorded().find(event.id)->arguments->json, R"({"message":"hello"})");

  run_text(std::string(two_targets));
  EXPECT_EQ(next(reader).name, "config");
  EXPECT_FALSE(traffic.takes_arguments());
  EXPECT_EQ(feed->recorded().find(event.id)->arguments, nullptr);
  serve_call("echo");  // as one that was on its way
  EXPECT_EQ(feed->recorded().find(next(reader).id)->arguments, nullptr);
}

}  // namespace
}  // namespace admin
