#include "http/freshness.h"

#include <gtest/gtest.h>

namespace http {
namespace {

using std::chrono::seconds;

constexpr WallTime now{seconds(784'111'777)};  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(HttpDate, is_read_in_its_one_form) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), now);
  EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), WallTime());
  for (const char* text :
       {"", "0", "-1", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

struct Row {
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<int> seconds;
};

TEST(Freshness, is_what_the_answer_says) {
  const std::string later = "Sun, 06 Nov 1994 08:50:37 GMT";
  const Row rows[] = {
      {{}, std::nullopt},
      {{{"cache-control", "public"}}, std::nullopt},
      {{{"cache-control", "public, max-age=300"}}, 300},
      {{{"cache-control", "Max-Age=\"300\""}}, 300},
      {{{"cache-control", "max-age=300"}, {"cache-control", "max-age=60"}}, 60},
      {{{"cache-control", "max-age=-1"}}, 0},
      {{{"cache-control", "max-age=soon"}}, 0},
      {{{"cache-control", "max-age=99999999999999999999"}}, 365 * 86400},
      {{{"cache-control", "no-store, max-age=300"}}, 0},
      {{{"cache-control", "no-cache"}, {"expires", later}}, 0},
      {{{"expires", later}}, 60},
      {{{"expires", later}, {"date", "Sun, 06 Nov 1994 08:50:00 GMT"}}, 37},
      {{{"expires", later}, {"cache-control", "max-age=5"}}, 5},
      {{{"expires", "0"}}, 0},
      {{{"expires", "Thu, 01 Jan 1970 00:00:00 GMT"}}, 0},
  };
  for (const Row& row : rows) {
    Headers headers;
    std::string text;
    for (const auto& [name, value] : row.fields) {
      headers.add(name, value);
      text += name + ": " + value + "; ";
    }
    const auto fresh = freshness_of(headers, now);
    ASSERT_EQ(fresh.has_value(), row.seconds.has_value()) << text;
    if (fresh) {
      EXPECT_EQ(fresh->count(), *row.seconds) << text;
    }
  }
}

}  // namespace
}  // namespace http
