#include "http/sse.h"

#include <gtest/gtest.h>

#include "http/detail_test_corpus.h"

namespace http {
namespace {

std::vector<Event> events_of(EventReader& reader, const std::vector<std::string>& pieces) {
  std::vector<Event> events;
  for (const std::string& piece : pieces) {
    EXPECT_TRUE(reader.push(piece));
    while (auto event = reader.next()) events.push_back(std::move(*event));
  }
  return events;
}

TEST(EventReader, gives_events_with_name_data_and_id) {
  EventReader reader;

  const auto events =
      events_of(reader, {"id: 7\nevent: x\ndata: a\ndata: b\n\nretry: 1500\ndata\n\n: hi\n\n"});

  EXPECT_EQ(events, (std::vector<Event>{Event("x", "a\nb", "7"), Event("message", "", "7")}));
  EXPECT_EQ(reader.retry(), Duration(std::chrono::milliseconds(1500)));
}

TEST(EventReader, takes_every_line_end_even_cut_in_two) {
  EventReader reader;

  const auto events =
      events_of(reader, {"data: a\r", "\ndata: b\r", "data: c\n\r", "\ndata: d\r\r"});

  EXPECT_EQ(events, (std::vector<Event>{Event("message", "a\nb\nc"), Event("message", "d")}));
}

TEST(EventReader, refuses_a_line_beyond_its_limit_however_it_comes) {
  for (const std::size_t size : {1u, 7u, 100u}) {
    EventReader reader(16);
    const std::string bytes = "data: ok\n\ndata: 0123456789abc\n\n";
    bool is_refused = false;
    for (std::size_t at = 0; at < bytes.size() && !is_refused; at += size) {
      is_refused = !reader.push(bytes.substr(at, size));
    }
    EXPECT_TRUE(is_refused);
    EXPECT_TRUE(reader.next());
    EXPECT_FALSE(reader.next());
  }
}

TEST(EventReader, bounds_the_data_of_one_event) {
  EventReader reader(16);

  EXPECT_TRUE(reader.push("data: 12345678\n"));
  const auto pushed = reader.push("data: 12345678\ndata: 1\n");

  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().fault(), Fault::too_large);
}

TEST(FormatEvent, is_read_back_as_it_was) {
  const std::vector<Event> events = {Event("message", "{}"), Event("x", "a\nb\n", "12"),
                                     Event("message", "", "3"), Event("y", "\n", "3")};
  for (const Event& event : events) {
    EventReader reader;
    EXPECT_EQ(events_of(reader, {format_event(event)}), std::vector<Event>{event});
  }
}

TEST(FormatEvent, lets_nothing_break_out_of_its_line) {
  EventReader reader;

  const auto events = events_of(
      reader, {format_event(Event("a\ndata: evil", "one\r\ntwo\rthree", "1\n\ndata: evil"))});

  EXPECT_EQ(events, std::vector<Event>{Event("adata: evil", "one\ntwo\nthree", "1data: evil")});
}

TEST(FormatComment, is_ignored_by_readers) {
  EventReader reader;

  EXPECT_TRUE(events_of(reader, {format_comment("keep\nalive"), format_comment("")}).empty());
  EXPECT_EQ(format_comment(""), ":\n\n");
  EXPECT_EQ(format_retry(std::chrono::seconds(2)), "retry: 2000\n\n");
}

// The corpus shows bytes that are no UTF-8 as replacement characters, as a decoder would; they are
// passed on here, and whoever reads the JSON refuses them.
std::string decoded(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t size = base::utf8_length(bytes);
    out += size == 0 ? "\xef\xbf\xbd" : std::string(bytes.substr(0, size));
    bytes.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

void expect_events(const testing_::Json& entry, const std::vector<Event>& events) {
  const auto& expected = entry["events"].items;
  ASSERT_EQ(events.size(), expected.size()) << entry["name"].text;
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(events[i].name, expected[i]["event"].text);
    ASSERT_EQ(events[i].id, expected[i]["id"].text);
    if (expected[i].has("data_length")) {
      ASSERT_EQ(events[i].data.size(),
                static_cast<std::size_t>(expected[i]["data_length"].number()));
    } else {
      ASSERT_EQ(decoded(events[i].data), expected[i]["data"].text);
    }
  }
}

TEST(SseStreamsCorpus, gives_the_events_it_says_however_it_is_split) {
  SKIP_WITHOUT_CORPUS("sse-streams");
  const auto cases = testing_::corpus_cases("sse-streams");
  ASSERT_EQ(cases.size(), 48u);

  for (const testing_::Json& entry : cases) {
    const std::string bytes = testing_::bytes_of(entry);
    for (const auto& pieces : testing_::splits_of(bytes)) {
      EventReader reader;
      expect_events(entry, events_of(reader, pieces));
      ASSERT_FALSE(HasFatalFailure()) << entry["name"].text;
      // A wait beyond a day is taken as a day.
      EXPECT_EQ(reader.retry().has_value(), !entry["retry"].is_null) << entry["name"].text;
    }
  }
}

}  // namespace
}  // namespace http
