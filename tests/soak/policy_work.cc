// tools/list under a configuration that changes between two policies. Each answer says four times
// under which it was made: by a header of the listener's, by one of the route's, and by what the
// first and the last of a thousand rules allow.

#include <array>

#include "exchange.h"
#include "work.h"

namespace soak {
namespace {

struct Policy {
  std::string_view name;
  std::string_view first_tool;  // allowed by the first rule
  std::string_view last_tool;   // allowed by the last rule
};
constexpr std::array<Policy, 2> policies = {Policy{"a", "echo", "add"},
                                            Policy{"b", "add", "printEnv"}};

class PolicyWork final : public Work {
 public:
  explicit PolicyWork(const Place& place)
      : place_(place), session_(open_session(place.port, place.path, place.token)) {}

  void ask(Asked& asked, std::string& out) override {
    std::string text = mcp_request_to(
        place_.path, place_.token, session_, "POST",
        R"({"jsonrpc":"2.0","id":)" + std::to_string(asked.id) + R"(,"method":"tools/list"})");
    // What the listener's CORS policy answers is how it is seen.
    text.insert(text.find("\r\n") + 2, "Origin: http://soak.test\r\n");
    out += text;
  }

  std::string fault_of(const Asked& asked, const bench::Message& answer) override {
    if (answer.status() != 200) return "status " + std::to_string(answer.status());
    if (!is_id(answer.body, asked.id)) return "another id";
    const std::string_view listener = answer.field("access-control-expose-headers");
    const std::string_view route = answer.field("x-route");
    for (std::size_t i = 0; i < policies.size(); ++i) {
      const Policy& policy = policies.at(i);
      if (listener != "x-policy-" + std::string(policy.name)) continue;
      if (route != policy.name) return "the route of the other policy";
      if (!has_only(answer.body, policy)) return "the rules of the other policy";
      ++seen_.at(i);
      return "";
    }
    return "no policy at all";
  }

  void finish() override {
    if (!end_session(place_.port, place_.path, place_.token, session_)) ++not_ended_;
  }

  std::string report() const override {
    return ",\"seen_a\":" + std::to_string(seen_[0]) + ",\"seen_b\":" + std::to_string(seen_[1]) +
           ",\"sessions_not_ended\":" + std::to_string(not_ended_);
  }

 private:
  static bool is_id(std::string_view body, std::uint64_t id) {
    return bench::number_after(body, "\"id\":") == id;
  }
  static bool has_only(std::string_view body, const Policy& policy) {
    for (const std::string_view tool : {"echo", "add", "printEnv"}) {
      const bool is_offered = tool == policy.first_tool || tool == policy.last_tool;
      const std::string name = "\"name\":\"" + std::string(tool) + "\"";
      if (bench::count_of(body, name) != (is_offered ? 1U : 0U)) return false;
    }
    return true;
  }

  Place place_;
  std::string session_;
  std::array<std::uint64_t, 2> seen_{};
  std::uint64_t not_ended_ = 0;
};

}  // namespace

std::unique_ptr<Work> make_policy_work(const Place& place) {
  return std::make_unique<PolicyWork>(place);
}

}  // namespace soak
