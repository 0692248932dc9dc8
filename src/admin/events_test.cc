#include "admin/events.h"

#include <gtest/gtest.h>

#include "http/sse.h"

namespace admin {
namespace {

Topics only(std::string_view names) {
  return Topics::parse(names).value();
}

class EventsTest : public testing::Test {
 protected:
  // All that is new, as "name data", and the id of the last.
  std::vector<std::string> read(Bookmark& bookmark, std::size_t bytes_max = 1'000'000) {
    std::string text;
    const bool is_any = events_.read(bookmark, text, bytes_max);
    EXPECT_EQ(is_any, !text.empty());
    http::EventReader reader;
    EXPECT_TRUE(reader.push(text));
    std::vector<std::string> found;
    while (auto event = reader.next()) {
      found.push_back(event->name + " " + event->data);
      last_id_ = event->id;
    }
    return found;
  }
  void publish(Topic topic, std::string_view name, int number) {
    events_.publish(topic, name, std::to_string(number));
  }
  using Texts = std::vector<std::string>;

  SystemRandom random_;
  Events events_{random_};
  std::string last_id_;
};

TEST_F(EventsTest, a_reader_gets_what_comes_of_its_topics) {
  publish(Topic::config, "config", 0);
  Bookmark all = events_.enter(Topics::all(), "");
  Bookmark some = events_.enter(only("traffic,metrics"), "");
  EXPECT_FALSE(all.is_resumed());
  EXPECT_EQ(read(all), Texts());

  publish(Topic::config, "config", 1);
  publish(Topic::traffic, "traffic", 2);
  publish(Topic::targets, "targets", 3);

  EXPECT_EQ(read(all), (Texts{"config 1", "traffic 2", "targets 3"}));
  EXPECT_EQ(read(some), Texts{"traffic 2"});
  EXPECT_EQ(read(all), Texts());
}

TEST_F(EventsTest, a_reader_that_comes_back_goes_on_where_it_was) {
  Bookmark first = events_.enter(Topics::all(), "");
  for (int i = 1; i <= 3; ++i) publish(Topic::config, "config", i);
  (void)read(first, 1);
  const std::string after_one = last_id_;
  (void)read(first);
  const std::string after_all = last_id_;

  Bookmark second = events_.enter(Topics::all(), after_one);
  EXPECT_TRUE(second.is_resumed());
  EXPECT_EQ(events_.id_before(second), after_one);
  EXPECT_EQ(read(second), (Texts{"config 2", "config 3"}));
  Bookmark third = events_.enter(Topics::all(), after_all);
  EXPECT_TRUE(third.is_resumed());
  EXPECT_EQ(read(third), Texts());
}

TEST_F(EventsTest, an_id_of_another_process_or_of_nobody_is_begun_anew) {
  publish(Topic::config, "config", 1);
  Events other(random_);
  other.publish(Topic::config, "config", "1");
  const std::string foreign = other.id_before(other.enter(Topics::all(), ""));
  const std::string own = events_.id_before(events_.enter(Topics::all(), ""));
  for (const std::string& id : {foreign, own + "0", own + "x", std::string("-1"), std::string("1"),
                                std::string(10'000, '9'), own.substr(0, own.size() - 1)}) {
    Bookmark bookmark = events_.enter(Topics::all(), id);
    EXPECT_FALSE(bookmark.is_resumed()) << id;
    EXPECT_EQ(read(bookmark), Texts()) << id;
  }
}

TEST_F(EventsTest, a_slow_reader_is_told_how_much_of_its_topics_it_lost) {
  Bookmark slow = events_.enter(only("traffic"), "");
  publish(Topic::traffic, "traffic", 1);
  (void)read(slow);
  const auto kept = static_cast<int>(Events::kept_max);
  for (int i = 0; i < kept + 10; ++i) {
    publish(i % 2 == 0 ? Topic::traffic : Topic::config, "x", i);
  }

  const Texts got = read(slow);

  ASSERT_EQ(got.size(), Events::kept_max / 2 + 1);
  EXPECT_EQ(got.front(), "lost {\"count\":5}");
  EXPECT_EQ(got[1], "x 10");
  EXPECT_EQ(read(slow), Texts());
}

TEST_F(EventsTest, one_that_comes_back_too_late_is_told_and_gets_what_is_left) {
  publish(Topic::traffic, "traffic", 0);
  const std::string id = events_.id_before(events_.enter(Topics::all(), ""));
  const auto kept = static_cast<int>(Events::kept_max);
  for (int i = 1; i <= kept + 4; ++i) publish(Topic::traffic, "traffic", i);

  Bookmark late = events_.enter(Topics::all(), id);

  EXPECT_FALSE(late.is_resumed());
  EXPECT_EQ(late.missed(), 4U);
  EXPECT_EQ(read(late).size(), Events::kept_max);
}

TEST_F(EventsTest, is_bounded_in_bytes_too) {
  Bookmark slow = events_.enter(Topics::all(), "");
  for (int i = 0; i < 30; ++i) events_.publish(Topic::traffic, "t", std::string(100'000, 'x'));

  const Texts got = read(slow, 100'000'000);

  EXPECT_LE(got.size(), Events::kept_bytes_max / 100'000 + 1);
  EXPECT_TRUE(got.front().starts_with("lost ")) << got.front();
}

TEST_F(EventsTest, what_was_not_recorded_cannot_be_resumed) {
  publish(Topic::config, "config", 1);
  const std::string id = events_.id_before(events_.enter(Topics::all(), ""));
  publish(Topic::config, "config", 2);
  events_.begin(only("traffic"));
  publish(Topic::config, "config", 3);

  EXPECT_FALSE(events_.enter(Topics::all(), id).is_resumed());
  Bookmark of_configuration = events_.enter(only("config"), id);
  EXPECT_TRUE(of_configuration.is_resumed());
  EXPECT_EQ(read(of_configuration), (Texts{"config 2", "config 3"}));
}

TEST(Topics, are_those_that_there_are) {
  EXPECT_TRUE(only("config,metrics").has(Topic::metrics));
  EXPECT_FALSE(only("config,metrics").has(Topic::traffic));
  for (const char* text : {"", "everything", "config,", "config traffic", "Config"}) {
    EXPECT_FALSE(Topics::parse(text)) << text;
  }
}

}  // namespace
}  // namespace admin
