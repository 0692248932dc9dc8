// A load that goes on for long, with harm done while it runs. Every answer is checked. It says how
// many requests are done, line by line, and at the end one line of JSON. Exit status 1 if anything
// was wrong that it had not caused itself.
//
//   soak_load --port P --work proxy|tools|policy [--path /mcp] [--requests N] [--connections N]
//             [--rate R] [--sessions N] [--token FILE] [--leave-every N] [--kill-every MS]
//             [--notice MS] [--seconds N] [--may-restart yes] [--may-fail yes]
//
// SIGTERM: no more requests are begun, and the report comes when those there are have ended.

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <tuple>

#include "load.h"
#include "poller.h"
#include "wire.h"
#include "work.h"

namespace soak {
namespace {

constexpr std::array<std::string_view, 14> known = {
    "port",  "work",        "path",       "requests", "connections", "rate",        "sessions",
    "token", "leave-every", "kill-every", "notice",   "seconds",     "may-restart", "may-fail"};

class Options {
 public:
  Options(int count, char** words) {
    for (int i = 1; i + 1 < count; i += 2) {
      const std::string_view name = words[i];
      const bool is_known = name.starts_with("--") &&
                            std::find(known.begin(), known.end(), name.substr(2)) != known.end();
      if (!is_known) bench::give_up("soak_load: no option " + std::string(name));
      values_[std::string(name.substr(2))] = words[i + 1];
    }
  }
  std::string text(const std::string& name, const std::string& otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }
  std::uint64_t number(const std::string& name, std::uint64_t otherwise) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return otherwise;
    const auto number = bench::number_at(found->second);
    if (!number) bench::give_up("soak_load: --" + name + " is no number");
    return *number;
  }

 private:
  std::map<std::string, std::string> values_;
};

std::string token_in(const std::string& path) {
  std::string token;
  if (path.empty()) return token;
  std::ifstream(path) >> token;
  if (token.empty()) bench::give_up("no token in " + path);
  return token;
}

std::unique_ptr<Work> work_of(const Options& options) {
  Place place;
  place.port = static_cast<std::uint16_t>(options.number("port", 0));
  place.token = token_in(options.text("token", ""));
  place.path = options.text("path", place.path);
  place.sessions = options.number("sessions", place.sessions);
  place.kill_every_ms = options.number("kill-every", place.kill_every_ms);
  place.notice_ms = options.number("notice", place.notice_ms);
  place.may_restart = options.text("may-restart", "") == "yes";
  place.may_fail = options.text("may-fail", "") == "yes";
  const std::string work = options.text("work", "");
  if (work == "proxy") return make_proxy_work(place);
  if (work == "tools") return make_tools_work(place);
  if (work == "policy") return make_policy_work(place);
  bench::give_up("soak_load: no work '" + work + "'");
}

Shape shape_of(const Options& options) {
  Shape shape;
  shape.port = static_cast<std::uint16_t>(options.number("port", 0));
  shape.connections = options.number("connections", shape.connections);
  shape.requests = options.number("requests", shape.requests);
  shape.rate = static_cast<double>(options.number("rate", 0));
  shape.leave_every = options.number("leave-every", shape.leave_every);
  shape.seconds_max = options.number("seconds", shape.seconds_max);
  shape.may_restart = options.text("may-restart", "") == "yes";
  return shape;
}

std::string quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c >= ' ' && c != '"' && c != '\\' ? c : '\'';
  return quoted + "\"";
}

void print_report(const Counts& counts, const Work& work) {
  std::string line = "{\"done\":" + std::to_string(counts.done);
  line += ",\"errors\":" + std::to_string(counts.errors);
  line += ",\"left\":" + std::to_string(counts.left);
  line += ",\"refused\":" + std::to_string(counts.refused);
  line += ",\"closed\":" + std::to_string(counts.closed);
  line += ",\"first_error\":" + quoted(counts.first_error);
  line += work.report() + "}\n";
  std::ignore = std::fputs(line.c_str(), stdout);
}

int run(const Options& options) {
  end_on_sigterm();
  bench::raise_descriptor_limit();
  bench::Poller poller;
  const std::unique_ptr<Work> work = work_of(options);
  Load load(poller, *work, shape_of(options));
  load.run();
  print_report(load.counts(), *work);
  return load.counts().errors == 0 ? 0 : 1;
}

}  // namespace
}  // namespace soak

int main(int count, char** words) {
  return soak::run(soak::Options(count, words));
}
