#pragma once
// What a client of several targets reads: JSON texts of one target under names that say whose they
// are, and those of all targets put together.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/naming.h"
#include "upstream/upstream.h"

namespace upstream {

// One target's names.
class Owner {
 public:
  Owner(const mcp::Naming& naming, std::size_t target) : naming_(naming), target_(target) {}
  std::string exposed(mcp::Subject::Kind kind, std::string_view name) const {
    return naming_.exposed(kind, target_, name);
  }

 private:
  const mcp::Naming& naming_;
  std::size_t target_;
};

// An item of a list under the name a client knows it by; nothing if it has none. A tool says how it
// becomes a task if its target makes some.
struct ListItem {
  std::string name;
  std::string text;
};
std::optional<ListItem> exposed_item(const Owner& owner, const mcp::ListShape& shape,
                                     json::Value item, bool has_tasks);

// The result of a call of that method with the URIs in it as a client knows them; nothing if there
// are none in it.
std::optional<std::string> exposed_result(const Owner& owner, std::string_view method,
                                          json::Value result);

// The same of a task that holds the result of its call (2026-07-28).
std::optional<std::string> exposed_task_result(const Owner& owner, json::Value task);

// Where a list goes on: with that target, from that cursor of its. As text for the client it is
// made and read in exactly one spelling.
struct ListPlace {
  std::size_t target = 0;
  std::optional<std::string> cursor;
};
std::string cursor_text(const ListPlace& place);
// Nothing if it is no cursor that cursor_text() makes for so many targets.
std::optional<ListPlace> read_cursor(std::string_view text, std::size_t targets);

// What one target said to initialize, and its name.
struct Greeting {
  std::string_view target;
  json::Value result;
};
struct GreetingFacts {
  mcp::Revision revision;
  std::string_view version;
  bool may_change = false;     // lists do: targets come and go
  bool is_incomplete = false;  // there are targets that said nothing yet
};
// The result of initialize for the client: capabilities of any target are those of all.
std::string joint_greeting(const std::vector<Greeting>& greetings, const GreetingFacts& facts);

// A message of the gateway's own making, as if a server had sent it.
Result<mcp::Message> message_of(std::string text);
// The result or error of a call.
Result<Event> result_event(std::string_view result);
Result<Event> error_event(mcp::Code code, std::string_view why);

}  // namespace upstream
