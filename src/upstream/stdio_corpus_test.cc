// The corpus of children's behaviour, against the real spawner: one pending request per case, and
// after each case nothing of it is left while another session's child has not noticed.

#include <fstream>

#include <gtest/gtest.h>
#include <malloc.h>

#include "json/write.h"
#include "upstream/detail_stdio_session.h"
#include "upstream/detail_stdio_world.h"

namespace upstream {
namespace {

constexpr std::size_t cases_min = 37;

// What of the heap may be in use after a case that was not before it: caches that were warmed.
constexpr std::size_t heap_slack = std::size_t{256} << 10;

// Bytes in use; under sanitizers 0, where leaks are found by other means.
std::size_t heap_in_use() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::string shared_dir() {
  const char* dir = std::getenv("SHARED_DIR");  // NOLINT(concurrency-mt-unsafe)
  return dir != nullptr ? dir : "../shared";
}

class Case {
 public:
  explicit Case(const std::string& line) : document_(*json::Document::parse(line)) {}
  std::string name() const { return text("name"); }
  std::string expected() const { return text("expected"); }

  // The script for tests/peers/stdio_server.py. A child that does nothing but end has no handshake.
  std::string script() const {
    const json::Value steps = *document_.root().find("child");
    bool is_only_end = true;
    for (const json::Value step : steps.elements()) {
      if (!step.find("exit") && !step.find("signal_self")) is_only_end = false;
    }
    json::Writer out;
    out.begin_object().name("steps").value(steps);
    out.name("handshake").boolean(!is_only_end);
    out.name("literal_ids").boolean(name() == "answer-before-request");
    return out.end_object().take();
  }

 private:
  std::string text(const char* member) const {
    return std::string(document_.root().find_string(member).value_or(""));
  }
  json::Document document_;
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::ifstream file(shared_dir() + "/corpora/stdio-children/cases.jsonl");
  for (std::string line; std::getline(file, line);) cases.emplace_back(line);
  return cases;
}

class StdioChildrenCorpus : public testing::Test {
 protected:
  // "answer", "error" or "timeout" for one request (two where the child waits for two).
  std::string play(const Case& each) {
    StdioSettings settings = world_.settings(each.script());
    if (each.name() == "cmd-missing") settings.command = "no-such-command-here";
    if (each.name() == "cwd-missing") settings.directory = "/no/such/folder";
    const auto target = world_.target(std::move(settings));
    auto session = world_.open(*target);
    if (!session) return outcome(session.error());
    const bool is_short = each.expected() == "timeout";
    const Duration patience = is_short ? std::chrono::milliseconds(500) : std::chrono::seconds(90);
    if (each.name() == "out-of-order") return play_two(**session, patience);
    if (each.name() == "exit-while-pending") return play_five(**session);
    said_ = world_.ask(**session, "tools/call", R"({"name":"x"})", patience);
    return outcome(said_);
  }

 private:
  static std::string outcome(const std::string& answer) {
    if (answer.starts_with("timed_out")) return "timeout";
    return answer.starts_with("{") ? "answer" : "error";
  }
  static std::string outcome(const Error& error) {
    return error.fault() == Fault::timed_out ? "timeout" : "error";
  }
  std::string play_two(Session& session, Duration patience) {
    const auto first = world_.start(session, "tools/call");
    const std::string second = world_.ask(session, "tools/call", "{}", patience);
    const auto event = world_.run(first->next());
    const bool is_paired = second == R"({"n":2})" && event && event->message().result() &&
                           event->message().result()->raw() == R"({"n":1})";
    return is_paired ? "answer" : "mixed up: " + second;
  }
  std::string play_five(Session& session) {
    std::vector<std::unique_ptr<Conversation>> calls;
    for (int i = 0; i < 5; ++i) calls.push_back(world_.start(session, "tools/call"));
    for (const auto& call : calls) {
      const auto event = world_.run(call->next());
      if (event) return "answer";
    }
    return "error";
  }

 protected:
  std::size_t log_bytes() const { return world_.log().text().capacity(); }

  StdioWorld world_;
  std::string said_;  // what the last case's call came to
};

TEST_F(StdioChildrenCorpus, is_handled_as_it_says) {
  if (!std::ifstream(shared_dir() + "/README.md")) {
    const char* ci = std::getenv("CI");  // NOLINT(concurrency-mt-unsafe)
    if (ci != nullptr && std::string_view(ci) == "true") FAIL() << "no corpora in CI";
    GTEST_SKIP() << "no corpora here";
  }
  // Of the same spawner and on the same loop.
  const auto other = world_.open(R"([{"serve":1}])");
  ASSERT_TRUE(other);
  const int other_pid = dynamic_cast<const StdioSession&>(*other).pid();
  const std::vector<Case> cases = read_cases();
  // The log is kept for the test itself.
  const auto heap = [this] { return heap_in_use() - std::min(heap_in_use(), log_bytes()); };

  for (const Case& each : cases) {
    SCOPED_TRACE(each.name());
    const std::size_t before = open_descriptors();
    const std::size_t heap_before = heap();
    const std::string got = play(each);
    if (each.expected() == "either") {
      EXPECT_TRUE(got == "answer" || got == "error") << got;
    } else {
      EXPECT_EQ(got, each.expected()) << said_;
    }
    EXPECT_TRUE(world_.is_empty_soon(1)) << world_.processes() << " processes left";
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_LE(heap(), heap_before + heap_slack);
    EXPECT_NE(world_.ask(*other, "opened").find("capabilities"), std::string::npos);
    EXPECT_EQ(dynamic_cast<const StdioSession&>(*other).pid(), other_pid);
  }

  EXPECT_GE(cases.size(), cases_min);
  EXPECT_EQ(world_.processes(), 1U);
}

TEST_F(StdioChildrenCorpus, crash_loop_starts_few_processes) {
  const auto target = world_.target(world_.settings(R"({"handshake":false,"steps":[{"exit":1}]})"));

  for (int i = 0; i < 100; ++i) EXPECT_FALSE(world_.open(*target));

  EXPECT_LE(world_.log().count("child started"), Restarts::failures_max);
  EXPECT_NE(world_.open(*target).error().why().find("failed 5 times"), std::string::npos);
  EXPECT_TRUE(world_.is_empty_soon());
}

}  // namespace
}  // namespace upstream
