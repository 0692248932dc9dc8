// A text becomes the whole configuration or problems with a place. What is accepted is dumped as
// what reads back equal, and building it ends in a snapshot or in problems with a place; its
// routers find a route for every request or none.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <tuple>

#include "runtime/build.h"
#include "schema/schema.h"

namespace {

void require(bool condition, std::source_location where = std::source_location::current()) {
  if (condition) return;
  std::ignore = std::fprintf(stderr, "%s, line %u\n", where.function_name(), where.line());
  std::abort();
}

class NoLog final : public LogSink {
 public:
  void write(std::string_view) override {}
};

// No child is ever started here: targets start theirs when a session begins.
net::Spawner& no_spawner() {
  alignas(std::max_align_t) static std::byte nothing[1];
  return reinterpret_cast<net::Spawner&>(nothing);
}

void check_problems(const schema::Problems& problems, const yaml::Source& source) {
  for (const schema::Problem& problem : problems) {
    require(!problem.message.empty());
    require(problem.at.line <= source.text.size() + 1);
  }
  require(problems.empty() || !schema::render(problems, source).empty());
}

void check_dump(const config::File& file) {
  const std::string text = schema::dump(file, schema::Show::plain);
  const auto node = yaml::read(text);
  require(node.has_value());
  const auto again = schema::read<config::File>(*node);
  require(!schema::has_errors(again.problems));
  require(again.value == file);
  require(schema::dump(again.value, schema::Show::plain) == text);
}

void check_routers(const runtime::Snapshot& snapshot) {
  for (const char* target : {"/", "/mcp?a=b", "/api/v1//x"}) {
    http::Request request("GET", target, "a.example:80");
    request.headers.add("x-a", "b");
    for (const runtime::Bind& bind : snapshot.binds) {
      for (const runtime::Listener& listener : bind.listeners) {
        const auto found = listener.router.find(request);
        require(!found || *found < listener.routes.size());
      }
    }
  }
}

void check_build(const config::File& file, const yaml::Source& source) {
  // Whatever a configuration names, this program opens no file.
  if (schema::dump(file, schema::Show::plain).find("\"file\":\"") != std::string::npos) return;
  static NoLog sink;
  auth::KeyStore keys;
  runtime::TargetStore targets(no_spawner(), Log(sink, LogFormat::text, LogLevel::error));
  runtime::Stores stores{keys, targets};
  const runtime::Built built = runtime::build(file, stores);
  require((built.snapshot == nullptr) == schema::has_errors(built.problems));
  check_problems(built.problems, source);
  if (built.snapshot) check_routers(*built.snapshot);
}

std::optional<std::string> environment(std::string_view name) {
  if (name.size() == 1) return std::string(name) + ": [$A, \"";
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const yaml::Source source{"c", std::string(reinterpret_cast<const char*>(data), size)};
  const auto reading = schema::read_text<config::File>(source, &environment);
  check_problems(reading.problems, source);
  if (schema::has_errors(reading.problems)) {
    for (const schema::Problem& problem : reading.problems) require(problem.at.line > 0);
    return 0;
  }
  check_dump(reading.value);
  check_build(reading.value, source);
  return 0;
}
