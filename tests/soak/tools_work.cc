// tools/call over sessions whose children are killed now and then. A call that was in flight when
// its child died may fail, if it does so soon; every other one must not.

#include <algorithm>
#include <csignal>
#include <fstream>
#include <vector>

#include "client.h"
#include "exchange.h"
#include "poller.h"
#include "work.h"

namespace soak {
namespace {

constexpr std::uint64_t millisecond = 1'000'000;
constexpr std::size_t message_size = 200;
// A gateway stops starting a child that dies too often in a minute; before that its session is
// ended and another one opened.
constexpr int kills_of_one_session = 3;
constexpr std::uint64_t killed_again_after = 3000 * millisecond;

struct Slot {
  std::string session;
  std::uint64_t mark = 0;  // of this very session
  std::size_t in_flight = 0;
  int kills = 0;
  std::uint64_t killed_at = 0;
  bool is_retiring = false;
  bool is_recovering = false;  // killed, and no answer since
};

std::string tool_call(std::uint64_t id, std::string_view tool, std::string_view arguments) {
  std::string text = R"({"jsonrpc":"2.0","id":)" + std::to_string(id);
  text.append(R"(,"method":"tools/call","params":{"name":")").append(tool);
  return text.append(R"(","arguments":)").append(arguments).append("}}");
}

std::string message_of(std::uint64_t id) {
  std::string text = "call " + std::to_string(id) + " ";
  text.append(message_size - std::min(message_size, text.size()), 'x');
  return text;
}

// Only what is a child of ours is killed, whatever an answer says.
bool is_child(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  file >> name;
  return name == "child";
}

class ToolsWork final : public Work {
 public:
  explicit ToolsWork(const Place& place) : place_(place), slots_(place.sessions) {
    for (Slot& slot : slots_) open(slot);
    next_kill_ = bench::now_nanoseconds() + place_.kill_every_ms * millisecond;
  }

  void ask(Asked& asked, std::string& out) override {
    do {
      next_ = (next_ + 1) % slots_.size();
    } while (slots_[next_].is_retiring);
    asked.slot = next_;
    asked.mark = slots_[next_].mark;
    ++slots_[next_].in_flight;
    const std::string arguments = R"({"message":")" + message_of(asked.id) + "\"}";
    const std::string body = tool_call(asked.id, asked.is_big ? "big" : "echo", arguments);
    out += mcp_request_to(place_.path, place_.token, slots_[next_].session, "POST", body);
  }

  std::string fault_of(const Asked& asked, const bench::Message& answer) override {
    Slot& slot = slots_[asked.slot];
    --slot.in_flight;
    const std::string fault = content_fault_of(asked, answer);
    if (fault.empty()) {
      note_recovery(asked, slot);
      return "";
    }
    if (answer.status() == 404 && place_.may_restart) {
      ++unknown_;
      if (asked.mark == slot.mark) renew(slot);
      return "";
    }
    return is_explained(asked, slot, answer) ? "" : fault;
  }

  void left(const Asked& asked) override { --slots_[asked.slot].in_flight; }

  void disturb() override {
    for (Slot& slot : slots_) {
      if (slot.is_retiring && slot.in_flight == 0) replace(slot);
    }
    const std::uint64_t now = bench::now_nanoseconds();
    if (place_.kill_every_ms == 0 || now < next_kill_) return;
    next_kill_ = now + place_.kill_every_ms * millisecond;
    kill_one(now);
  }

  void finish() override {
    for (const Slot& slot : slots_) {
      if (!end_session(place_.port, place_.path, place_.token, slot.session)) ++not_ended_;
    }
  }

  std::string report() const override {
    const auto member = [](std::string_view name, std::uint64_t value) {
      return ",\"" + std::string(name) + "\":" + std::to_string(value);
    };
    return member("kills", kills_) + member("injected", injected_) +
           member("noticed_us_max", noticed_max_ / 1000) +
           member("recovered_us_max", recovered_max_ / 1000) + member("sessions", opened_) +
           member("sessions_unknown", unknown_) + member("sessions_not_ended", not_ended_);
  }

 private:
  void open(Slot& slot) {
    slot = Slot();
    renew(slot);
  }

  void renew(Slot& slot) {
    slot.session = open_session(place_.port, place_.path, place_.token);
    slot.mark = ++opened_;
  }

  void replace(Slot& slot) {
    const bool is_ended = end_session(place_.port, place_.path, place_.token, slot.session);
    if (!is_ended && !place_.may_restart) ++not_ended_;
    open(slot);
  }

  std::string content_fault_of(const Asked& asked, const bench::Message& answer) const {
    if (answer.status() != 200) return "status " + std::to_string(answer.status());
    if (bench::number_after(answer.body, "\"id\":") != asked.id) return "another id";
    if (bench::count_of(answer.body, "\"Echo: " + message_of(asked.id) + "\"") == 1) return "";
    return "another answer: " + std::string(answer.body.substr(0, 120));
  }

  // Whether this is the failure of a call that was in flight when its child was killed.
  bool is_explained(const Asked& asked, const Slot& slot, const bench::Message& answer) {
    const bool is_failure = bench::count_of(answer.body, "\"error\":{\"code\":-32603") == 1 &&
                            bench::number_after(answer.body, "\"id\":") == asked.id;
    const std::uint64_t noticed = slot.killed_at + place_.notice_ms * millisecond;
    if (!is_failure || slot.killed_at == 0 || asked.started > noticed) return false;
    const std::uint64_t from = std::max(slot.killed_at, asked.started);
    noticed_max_ = std::max(noticed_max_, bench::now_nanoseconds() - from);
    ++injected_;
    return true;
  }

  void note_recovery(const Asked& asked, Slot& slot) {
    if (!slot.is_recovering || asked.started < slot.killed_at) return;
    slot.is_recovering = false;
    recovered_max_ = std::max(recovered_max_, bench::now_nanoseconds() - slot.killed_at);
  }

  void kill_one(std::uint64_t now) {
    for (std::size_t tried = 0; tried < slots_.size(); ++tried) {
      next_victim_ = (next_victim_ + 1) % slots_.size();
      Slot& slot = slots_[next_victim_];
      if (slot.is_retiring || now < slot.killed_at + killed_again_after) continue;
      kill(slot);
      return;
    }
  }

  // The child itself says which process it is.
  void kill(Slot& slot) {
    const auto answer = exchange(
        place_.port,
        mcp_request_to(place_.path, place_.token, slot.session, "POST", tool_call(0, "pid", "{}")));
    const auto pid = answer ? bench::number_after(answer->body, "\"pid ") : std::nullopt;
    if (!pid || !is_child(static_cast<int>(*pid))) return;
    slot.killed_at = bench::now_nanoseconds();
    if (::kill(static_cast<pid_t>(*pid), SIGKILL) != 0) return;
    slot.is_recovering = true;
    ++kills_;
    if (++slot.kills < kills_of_one_session) return;
    // Never the last one that takes requests.
    slot.is_retiring = std::count_if(slots_.begin(), slots_.end(),
                                     [](const Slot& other) { return !other.is_retiring; }) > 1;
  }

  Place place_;
  std::vector<Slot> slots_;
  std::size_t next_ = 0;
  std::size_t next_victim_ = 0;
  std::uint64_t next_kill_ = 0;
  std::uint64_t kills_ = 0;
  std::uint64_t injected_ = 0;
  std::uint64_t noticed_max_ = 0;
  std::uint64_t recovered_max_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t not_ended_ = 0;
};

}  // namespace

std::unique_ptr<Work> make_tools_work(const Place& place) {
  return std::make_unique<ToolsWork>(place);
}

}  // namespace soak
