// The load generator: sends requests to a server under test, checks every answer, has the
// upstream behind a proxy inside it, and prints one line of JSON. Exit status 1 if anything at all
// was wrong, 2 if nothing could be measured.
//
//   load --port P [--upstream Q] [--pids A,B] [--mode json|chunked|sse|mcp] [--connections N]
//        [--requests N] [--warm-up N] [--rate R] [--token FILE] [--sessions N] [--seconds N]
//   --tree P instead of --pids: that process and its descendants, as they are once sessions are
//   open FILE holds a token a line: with mode mcp, each request takes the next one. load --port P
//   --idle N ...       N connections, one request each, then memory load --port P --streams N ...
//   N MCP sessions with an open stream each, then memory load --upstream Q --serve        the
//   upstream alone

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <map>
#include <tuple>

#include <poll.h>

#include "client.h"
#include "process.h"
#include "session.h"
#include "upstream.h"

namespace bench {
namespace {

// A name that is not known is refused: a measurement of something else helps nobody.
constexpr std::array<std::string_view, 15> known = {
    "port", "upstream", "pids",     "tree",    "mode", "connections", "requests", "warm-up",
    "rate", "token",    "sessions", "seconds", "idle", "streams",     "serve"};

class Options {
 public:
  Options(int count, char** words) {
    for (int i = 1; i < count; ++i) {
      const std::string_view name = words[i];
      const bool is_known = name.starts_with("--") &&
                            std::find(known.begin(), known.end(), name.substr(2)) != known.end();
      if (!is_known) usage();
      const bool has_value = i + 1 < count && words[i + 1][0] != '-';
      values_[std::string(name.substr(2))] = has_value ? words[++i] : "";
    }
  }
  bool has(const std::string& name) const { return values_.contains(name); }
  std::string text(const std::string& name, const std::string& otherwise = "") const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }
  std::uint64_t number(const std::string& name, std::uint64_t otherwise = 0) const {
    if (!has(name)) return otherwise;
    const auto number = number_at(text(name));
    if (!number) usage();
    return *number;
  }
  std::uint16_t port(const std::string& name) const {
    return static_cast<std::uint16_t>(number(name));
  }

 private:
  [[noreturn]] static void usage() { give_up("load: see the head of bench/load.cc"); }
  std::map<std::string, std::string> values_;
};

std::vector<std::string> tokens_of(const Options& options) {
  std::vector<std::string> tokens;
  if (!options.has("token")) return tokens;
  std::ifstream file(options.text("token"));
  for (std::string token; file >> token;) tokens.push_back(token);
  if (tokens.empty()) give_up("no token in " + options.text("token"));
  return tokens;
}

// The first one.
std::string token_of(const Options& options) {
  std::vector<std::string> tokens = tokens_of(options);
  return tokens.empty() ? "" : std::move(tokens.front());
}

// One JSON object, member by member.
class Report {
 public:
  void add(std::string_view name, std::uint64_t value) { put(name, std::to_string(value)); }
  void add(std::string_view name, double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                   std::chars_format::fixed, 2);
    put(name, std::string(digits.data(), end.ptr));
  }
  void add(std::string_view name, std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
      const bool is_plain = c >= ' ' && c != '"' && c != '\\';
      quoted += is_plain ? c : '?';
    }
    put(name, quoted + "\"");
  }
  void print() const { std::ignore = std::fputs(("{" + members_ + "}\n").c_str(), stdout); }

 private:
  void put(std::string_view name, const std::string& json) {
    if (!members_.empty()) members_ += ",";
    members_.append("\"").append(name).append("\":").append(json);
  }
  std::string members_;
};

double quantile_microseconds(const std::vector<std::uint64_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return static_cast<double>(sorted[std::min(at, sorted.size() - 1)]) / 1000;
}

Load load_of(const Options& options) {
  Load load;
  load.port = options.port("port");
  load.connections = options.number("connections", load.connections);
  load.warm_up = options.number("warm-up", 0);
  load.requests = options.number("requests", 10000) + load.warm_up;
  load.rate = static_cast<double>(options.number("rate", 0));
  load.seconds_max = options.number("seconds", load.seconds_max);
  if (options.has("idle")) {
    load.connections = options.number("idle");
    load.warm_up = 0;
    load.one_each = true;
  }
  return load;
}

std::unique_ptr<Job> job_of(const Options& options) {
  const std::string mode = options.text("mode", "json");
  const std::vector<std::string> tokens = tokens_of(options);
  const std::string token = tokens.empty() ? "" : tokens.front();
  if (mode == "mcp") {
    const Visitor visitor{options.port("port"), token, 0};
    return make_tool_job(tokens, open_sessions(visitor, options.number("sessions", 1)));
  }
  const auto answer = answer_of(mode);
  if (!answer) give_up("no mode " + mode);
  return make_proxy_job(*answer, token);
}

// Gives the server a moment to give back what it took for a burst.
void settle() {
  ::poll(nullptr, 0, 1500);
}

int run_load(const Options& options, Poller& poller, const Upstream* upstream) {
  std::vector<int> pids = pids_of(options.text("pids"));
  const std::uint64_t memory_before = resident_kilobytes(pids);
  const std::unique_ptr<Job> job = job_of(options);
  if (options.has("tree")) pids = tree_of(static_cast<int>(options.number("tree")));
  const Load load = load_of(options);
  std::uint64_t cpu_from = 0;
  std::uint64_t time_from = 0;
  Client client(poller, *job, load, [&] {
    cpu_from = cpu_nanoseconds(pids);
    time_from = now_nanoseconds();
  });
  client.run();
  const std::uint64_t cpu = cpu_nanoseconds(pids) - cpu_from;
  const std::uint64_t time = now_nanoseconds() - time_from;
  if (load.one_each) settle();

  const auto counted = static_cast<double>(std::max<std::uint64_t>(client.counted(), 1));
  std::sort(client.latencies().begin(), client.latencies().end());
  const std::uint64_t altered = upstream == nullptr ? 0 : upstream->counts().altered;
  Report report;
  report.add("mode", options.text("mode", "json"));
  report.add("connections", std::uint64_t{load.connections});
  report.add("requests", client.counted());
  report.add("per_second", counted * 1e9 / static_cast<double>(time));
  report.add("cpu_us", static_cast<double>(cpu) / 1000 / counted);
  report.add("p50_us", quantile_microseconds(client.latencies(), 0.5));
  report.add("p99_us", quantile_microseconds(client.latencies(), 0.99));
  report.add("rss_before_kb", memory_before);
  report.add("rss_kb", resident_kilobytes(pids));
  report.add("errors", client.errors());
  report.add("altered", altered);
  report.add("first_error", client.first_error());
  report.print();
  return client.errors() == 0 && altered == 0 && client.counted() != 0 ? 0 : 1;
}

// Sessions and their streams come from so many addresses that none has too many.
int run_streams(const Options& options) {
  constexpr std::size_t sessions_of_one = 50;
  const std::vector<int> pids = pids_of(options.text("pids"));
  const std::size_t wanted = options.number("streams");
  Visitor visitor{options.port("port"), token_of(options), 0};
  Report report;
  report.add("rss_before_kb", resident_kilobytes(pids));
  std::vector<std::pair<Visitor, std::string>> sessions;
  for (; sessions.size() < wanted; ++visitor.caller) {
    const std::size_t count = std::min(sessions_of_one, wanted - sessions.size());
    for (std::string& id : open_sessions(visitor, count)) {
      sessions.emplace_back(visitor, std::move(id));
    }
  }
  settle();
  report.add("rss_sessions_kb", resident_kilobytes(pids));
  std::vector<Descriptor> streams;
  streams.reserve(sessions.size());
  for (const auto& [owner, id] : sessions) streams.push_back(open_stream(owner, id));
  settle();
  report.add("rss_kb", resident_kilobytes(pids));
  report.add("streams", std::uint64_t{streams.size()});
  report.add("errors", std::uint64_t{0});
  report.print();
  return 0;
}

int run(const Options& options) {
  raise_descriptor_limit();
  if (options.has("streams")) return run_streams(options);
  Poller poller;
  std::unique_ptr<Upstream> upstream;
  if (options.has("upstream")) {
    upstream = std::make_unique<Upstream>(poller, options.port("upstream"));
  }
  while (options.has("serve")) poller.turn(-1);
  return run_load(options, poller, upstream.get());
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  return bench::run(bench::Options(count, words));
}
