#include "base/log.h"

#include <array>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace {

constexpr WallTime noon{std::chrono::microseconds(1'767'268'800'000'042)};

std::string line_of(LogFormat format, std::string_view key, const LogValue& value) {
  LogLine line(format, noon, LogLevel::info, "request");
  line.add(key, value);
  return std::string(line.finish());
}

TEST(LogLine, writes_time_level_event_and_fields_as_text) {
  EXPECT_EQ(line_of(LogFormat::text, "http.status", 200),
            "2026-01-01T12:00:00.000042Z info request http.status=200\n");
}

TEST(LogLine, writes_one_json_object) {
  EXPECT_EQ(line_of(LogFormat::json, "a", true),
            "{\"time\":\"2026-01-01T12:00:00.000042Z\",\"level\":\"info\",\"event\":\"request\","
            "\"a\":true}\n");
}

TEST(LogLine, keeps_any_bytes_on_one_line) {
  const struct {
    std::string_view value, text, json;
  } table[] = {
      {"plain/path-1", "plain/path-1", "\"plain/path-1\""},
      {"two words", "\"two words\"", "\"two words\""},
      {"", "\"\"", "\"\""},
      {"a=b", "\"a=b\"", "\"a=b\""},
      {"x\ny\"z\\", "\"x\\ny\\\"z\\\\\"", "\"x\\ny\\\"z\\\\\""},
      {std::string_view("\0\x1b", 2), "\"\\x00\\x1b\"", "\"\\u0000\\u001b\""},
      {"\xff", "\"\\xff\"", "\"\\ufffd\""},
      {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"", "\"gr\xc3\xbc\xc3\x9f\""},
  };
  for (const auto& row : table) {
    const std::string text = line_of(LogFormat::text, "k", row.value);
    EXPECT_TRUE(text.ends_with(" k=" + std::string(row.text) + "\n")) << text;
    const std::string json = line_of(LogFormat::json, "k", row.value);
    EXPECT_TRUE(json.ends_with(",\"k\":" + std::string(row.json) + "}\n")) << json;
    EXPECT_EQ(text.find('\n'), text.size() - 1);
  }
}

TEST(LogLine, quotes_only_what_needs_it_between_plain_runs) {
  for (int byte = 0x20; byte < 0x7f; ++byte) {
    const char c = static_cast<char>(byte);
    const std::string escape = c == '"' || c == '\\' ? "\\" : "";
    const std::string json = line_of(LogFormat::json, "k", std::string("ab") + c + "cd " + c);
    EXPECT_TRUE(json.ends_with("\"ab" + escape + c + "cd " + escape + c + "\"}\n")) << json;
  }
}

TEST(LogLine, judges_each_byte_wherever_it_stands) {
  for (std::size_t at = 0; at < 40; ++at) {
    const std::string before(at, 'x');
    const std::string after(40 - at, 'y');
    for (const auto& [raw, escaped] : {std::pair{"\"", "\\\""},
                                       {"\\", "\\\\"},
                                       {"\n", "\\n"},
                                       {"\x7f", "\\x7f"},
                                       {"\xff", "\\xff"},
                                       {"\x1f", "\\x1f"},
                                       {" ", " "},
                                       {"\xc3\xbc", "\xc3\xbc"}}) {
      const std::string text = line_of(LogFormat::text, "k", before + raw + after);
      EXPECT_TRUE(text.ends_with(" k=\"" + before + escaped + after + "\"\n")) << text;
    }
  }
}

// What a terminal obeys, and what hides or turns round its neighbours.
TEST(LogLine, escapes_characters_that_deceive_a_reader) {
  const std::string bytes =
      "a\xc2\x9b\x32J\xe2\x80\xa8"
      "b\xe2\x80\xae"
      "c\xf3\xa0\x80\x81z";
  EXPECT_TRUE(line_of(LogFormat::json, "k", bytes)
                  .ends_with(R"(:"a\u009b2J\u2028b\u202ec\udb40\udc01z"})"
                             "\n"));
  EXPECT_TRUE(line_of(LogFormat::text, "k", bytes)
                  .ends_with(R"(k="a\xc2\x9b2J\xe2\x80\xa8b\xe2\x80\xaec\xf3\xa0\x80\x81z")"
                             "\n"));
}

TEST(LogLine, writes_known_keys_as_it_writes_others) {
  // Also where a line outgrows its first memory.
  for (const LogFormat format : {LogFormat::text, LogFormat::json}) {
    for (std::size_t size = 900; size < 1100; ++size) {
      LogLine line(format, noon, LogLevel::info, "request");
      LogLine same(format, noon, LogLevel::info, "request");
      line.add("long", std::string(size, 'x'));
      same.add("long", std::string(size, 'x'));
      line.add_text("http.method", "POST");
      same.add("http.method", "POST");
      line.add_text("k", "a value that is quoted");
      same.add("k", "a value that is quoted");
      ASSERT_EQ(line.finish(), same.finish()) << size;
    }
  }
}

TEST(LogWriter, writes_everything_before_it_is_gone) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  {
    LogWriter writer(ends[1]);
    for (int i = 0; i < 100; ++i) writer.write("0123456789\n");
  }
  std::array<char, 4096> got{};
  EXPECT_EQ(read(ends[0], got.data(), got.size()), 1100);
  close(ends[0]);
  close(ends[1]);
}

TEST(LogWriter, drops_and_counts_when_nobody_reads) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  fcntl(ends[1], F_SETPIPE_SZ, 4096);
  {
    LogWriter writer(ends[1], 10'000);
    const std::string line(999, 'x');
    for (int i = 0; i < 100; ++i) writer.write(line);
    EXPECT_GT(writer.dropped(), 50U);
    EXPECT_LT(writer.dropped(), 100U);
  }
  close(ends[0]);
  close(ends[1]);
}

// What a pipe brings until a text has come, or its other end is closed.
std::string read_until(int fd, std::string_view wanted) {
  std::string text;
  std::array<char, 4096> piece{};
  while (text.find(wanted) == text.npos) {
    const ssize_t got = read(fd, piece.data(), piece.size());
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

TEST(LogWriter, tells_how_many_lines_were_lost_when_there_is_room_again) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  fcntl(ends[1], F_SETPIPE_SZ, 4096);
  std::string text;
  std::uint64_t dropped = 0;
  {
    LogWriter writer(ends[1], 10'000, LogFormat::json);
    const std::string line = std::string(998, 'x') + "\n";
    for (int i = 0; i < 100; ++i) writer.write(line);
    dropped = writer.dropped();
    text = read_until(ends[0], "log lines lost");
    EXPECT_EQ(writer.dropped(), dropped);
  }
  close(ends[1]);
  text += read_until(ends[0], "no such text");
  close(ends[0]);

  EXPECT_NE(text.find(R"("level":"warn","event":"log lines lost","count":)" +
                      std::to_string(dropped) + "}\n"),
            text.npos)
      << dropped << " lost";
  EXPECT_EQ(text.find("log lines lost"), text.rfind("log lines lost"));
}

}  // namespace
