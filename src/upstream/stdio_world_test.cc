#include <filesystem>
#include <fstream>
#include <sstream>

#include <dirent.h>
#include <unistd.h>

#include "upstream/detail_stdio_session.h"
#include "upstream/detail_stdio_world.h"

namespace upstream {
namespace {

constexpr std::string_view initialize_params =
    R"({"protocolVersion":"2025-11-25","capabilities":{"roots":{"listChanged":true},)"
    R"("sampling":{},"elicitation":{"form":{}},"tasks":{}},)"
    R"("clientInfo":{"name":"test","version":"1"}})";

Task<Result<std::unique_ptr<Session>>> open_session(Target& target, Deadline deadline) {
  const auto params = json::Document::parse(std::string(initialize_params));
  co_return co_await target.open(nullptr, params->root(), deadline);
}

Task<Result<std::unique_ptr<Conversation>>> begin(Session& session, std::string method,
                                                  std::string params) {
  const auto document = json::Document::parse(std::move(params));
  const mcp::Call call(method, document->root(), Deadline::never());
  co_return co_await session.start(call);
}

}  // namespace

std::size_t MemoryLog::count(std::string_view part) const {
  std::size_t count = 0;
  for (std::size_t at = text_.find(part); at != std::string::npos; at = text_.find(part, at + 1)) {
    ++count;
  }
  return count;
}

Task<Result<Event>> ask(Session& session, std::string method, std::string params,
                        Deadline deadline) {
  const auto document = json::Document::parse(std::move(params));
  const mcp::Call call(method, document->root(), deadline);
  CO_TRY(auto conversation, co_await session.start(call));
  for (;;) {
    CO_TRY(Event event, co_await conversation->next());
    if (event.kind() == Event::Kind::result) co_return std::move(event);
  }
}

StdioWorld::StdioWorld()
    : marker_("world-" + std::to_string(getpid()) + "-" +
              std::to_string(reinterpret_cast<std::uintptr_t>(this))) {}

StdioSettings StdioWorld::settings(const std::string& script) const {
  StdioSettings settings;
  settings.command = "python3";
  settings.era = mcp::Era::legacy;  // the scripts begin with initialize
  settings.arguments = {"tests/peers/stdio_server.py", script, marker_};
  return settings;
}

std::unique_ptr<Target> StdioWorld::target(StdioSettings settings, std::shared_ptr<Vitals> vitals) {
  const Log log(log_, LogFormat::json, LogLevel::debug);
  return make_stdio_target(mcp::TargetName("child"), std::move(settings), spawner_, log, nullptr,
                           std::move(vitals));
}

std::shared_ptr<const StdioPlace> StdioWorld::place(StdioSettings settings,
                                                    std::shared_ptr<ChildCount> children) {
  const Log log(log_, LogFormat::json, LogLevel::debug);
  return std::make_shared<const StdioPlace>(mcp::TargetName("child"), std::move(settings), spawner_,
                                            log, std::move(children), std::make_shared<Vitals>());
}

Result<std::unique_ptr<Session>> StdioWorld::open(Target& target) {
  return run(open_session(target, Deadline::in(SystemClock().now(), std::chrono::seconds(20))));
}

std::unique_ptr<Session> StdioWorld::open(const std::string& script) {
  const auto made = target(settings(script));
  auto session = open(*made);
  EXPECT_TRUE(session) << session.error().why();
  return session ? std::move(*session) : nullptr;
}

std::string StdioWorld::ask(Session& session, const std::string& method, const std::string& params,
                            Duration patience) {
  const Deadline deadline = Deadline::in(SystemClock().now(), patience);
  const Result<Event> event = run(upstream::ask(session, method, params, deadline));
  if (!event) return std::string(name_of(event.error().fault())) + ": " + event.error().why();
  const mcp::Message& message = event->message();
  return std::string(message.result() ? message.result()->raw() : message.error()->raw());
}

std::unique_ptr<Conversation> StdioWorld::start(Session& session, const std::string& method,
                                                const std::string& params) {
  auto conversation = run(begin(session, method, params));
  EXPECT_TRUE(conversation) << conversation.error().why();
  return conversation ? std::move(*conversation) : nullptr;
}

std::size_t StdioWorld::processes() const {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "cmdline");
    std::stringstream text;
    text << file.rdbuf();
    if (text.str().find(marker_) != std::string::npos) ++count;
  }
  return count;
}

bool StdioWorld::is_empty_soon(std::size_t left) {
  const Instant end = SystemClock().now() + std::chrono::seconds(10);
  while (processes() > left) {
    if (SystemClock().now() > end) return false;
    loop_.turn(SystemClock().now() + std::chrono::milliseconds(20));
  }
  return true;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

}  // namespace upstream
