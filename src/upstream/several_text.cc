#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/base64.h"
#include "json/write.h"
#include "mcp/task.h"
#include "mcp/write.h"
#include "upstream/detail_several_text.h"

namespace upstream {
namespace {

using Kind = mcp::Subject::Kind;
using Text = std::optional<std::string>;

// A list of many targets may have more members than any one message of a server.
constexpr json::Limits joint_limits{.depth_max = 160, .members_max = 16'000'000};

// The object anew; `change` says what stands in a member's place, as JSON text, or nothing; empty:
// it is left out.
template <class Change>
std::string changed_object(json::Value object, Change change) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : object.members()) {
    const Text changed = change(member);
    if (changed && changed->empty()) continue;
    out.name(member.name);
    if (changed) {
      out.raw(*changed);
    } else {
      out.value(member.value);
    }
  }
  return out.end_object().take();
}

// The array anew, or nothing if no element changes.
template <class Change>
Text changed_array(json::Value array, Change change) {
  bool is_changed = false;
  json::Writer out;
  out.begin_array();
  for (const json::Value element : array.elements()) {
    const Text changed = change(element);
    is_changed = is_changed || changed;
    if (changed) {
      out.raw(*changed);
    } else {
      out.value(element);
    }
  }
  out.end_array();
  return is_changed ? Text(out.take()) : std::nullopt;
}

// The object with one member changed, or nothing if it has no such member or that stays.
template <class Change>
Text with_changed(json::Value object, std::string_view name, Change change) {
  const auto member = object.find(name);
  Text changed = member ? change(*member) : std::nullopt;
  if (!changed) return std::nullopt;
  return changed_object(object, [&](const json::Member& each) {
    return each.name == name ? std::exchange(changed, std::nullopt) : std::nullopt;
  });
}

Text exposed_uri(const Owner& owner, json::Value uri) {
  const auto text = uri.as_string();
  return text ? Text(json::quoted(owner.exposed(Kind::resource, *text))) : std::nullopt;
}

Text with_exposed_uri(const Owner& owner, json::Value object) {
  return with_changed(object, "uri", [&](json::Value uri) { return exposed_uri(owner, uri); });
}

// A block of content: links and embedded resources name what can be read.
Text exposed_block(const Owner& owner, json::Value block) {
  const auto type = block.find_string("type");
  if (type == "resource_link") return with_exposed_uri(owner, block);
  if (type != "resource") return std::nullopt;
  return with_changed(block, "resource",
                      [&](json::Value resource) { return with_exposed_uri(owner, resource); });
}

Text exposed_content(const Owner& owner, json::Value content) {
  if (content.is_object()) return exposed_block(owner, content);
  return changed_array(content, [&](json::Value block) { return exposed_block(owner, block); });
}

// MCP Apps: the page of a tool.
Text exposed_tool_meta(const Owner& owner, json::Value meta) {
  const auto page = [&](json::Value uri) { return exposed_uri(owner, uri); };
  const Text ui = with_changed(
      meta, "ui", [&](json::Value value) { return with_changed(value, "resourceUri", page); });
  return ui ? ui : with_changed(meta, "ui/resourceUri", page);
}

std::optional<std::size_t> read_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_canonical = text == "0" || !text.starts_with('0');
  if (error != std::errc() || end != text.data() + text.size() || !is_canonical) {
    return std::nullopt;
  }
  return number;
}

// A capability that some of the targets have: what any of them can do is there.
class Capability {
 public:
  explicit Capability(std::string_view name) : name_(name) {}
  std::string_view name() const { return name_; }

  void add(json::Value said) {
    for (const json::Member member : said.members()) add(member.name, member.value.raw());
  }
  void add(std::string_view member, std::string_view value) {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const auto& known) { return known.first == member; });
    if (found == members_.end()) {
      members_.emplace_back(member, value);
    } else if (value == "true") {
      found->second = value;
    }
  }
  void write(json::Writer& out) const {
    out.name(name_).begin_object();
    for (const auto& [name, value] : members_) out.name(name).raw(value);
    out.end_object();
  }

 private:
  std::string_view name_;
  std::vector<std::pair<std::string_view, std::string_view>> members_;
};

class Capabilities {
 public:
  Capability& of(std::string_view name) {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const Capability& c) { return c.name() == name; });
    return found == all_.end() ? all_.emplace_back(name) : *found;
  }
  bool has(std::string_view name) const {
    return std::any_of(all_.begin(), all_.end(),
                       [&](const Capability& c) { return c.name() == name; });
  }
  void write(json::Writer& out) const {
    out.name("capabilities").begin_object();
    for (const Capability& capability : all_) capability.write(out);
    if (tasks_.calls) out.name("tasks").raw(tasks_.text());
    out.end_object();
  }

  void add(const mcp::TaskOffer& tasks) {
    tasks_.calls = tasks_.calls || tasks.calls;
    tasks_.lists = tasks_.lists || tasks.lists;
    tasks_.cancels = tasks_.cancels || tasks.cancels;
  }

 private:
  std::vector<Capability> all_;
  mcp::TaskOffer tasks_;
};

constexpr std::array<std::string_view, 3> listed = {"tools", "prompts", "resources"};

Capabilities joint_capabilities(const std::vector<Greeting>& greetings,
                                const GreetingFacts& facts) {
  Capabilities all;
  for (const Greeting& greeting : greetings) {
    all.add(mcp::task_offer(greeting.result));
    const json::Value said = greeting.result.find("capabilities").value_or(json::Value());
    for (const json::Member member : said.members()) {
      if (member.name != "tasks") all.of(member.name).add(member.value);
    }
  }
  for (const std::string_view name : listed) {
    if (facts.is_incomplete) (void)all.of(name);
    if (facts.may_change && all.has(name)) all.of(name).add("listChanged", "true");
  }
  if (facts.is_incomplete) all.of("resources").add("subscribe", "true");
  return all;
}

std::string joint_instructions(const std::vector<Greeting>& greetings) {
  std::string all;
  for (const Greeting& greeting : greetings) {
    const auto text = greeting.result.find_string("instructions");
    if (!text || text->empty()) continue;
    if (!all.empty()) all += "\n\n";
    all.append("[").append(greeting.target).append("]\n").append(*text);
  }
  return all;
}

}  // namespace

std::optional<ListItem> exposed_item(const Owner& owner, const mcp::ListShape& shape,
                                     json::Value item, bool has_tasks) {
  const auto own_name = item.find_string(shape.item_name);
  if (!own_name) return std::nullopt;
  ListItem exposed;
  exposed.name = owner.exposed(shape.kind, *own_name);
  exposed.text = changed_object(item, [&](const json::Member& member) -> Text {
    if (member.name == shape.item_name) return json::quoted(exposed.name);
    if (shape.kind != Kind::tool) return std::nullopt;
    if (member.name == "execution" && !has_tasks) return Text(std::string());
    return member.name == "_meta" ? exposed_tool_meta(owner, member.value) : std::nullopt;
  });
  return exposed;
}

std::optional<std::string> exposed_task_result(const Owner& owner, json::Value task) {
  return with_changed(task, "result", [&](json::Value result) {
    return with_changed(result, "content",
                        [&](json::Value content) { return exposed_content(owner, content); });
  });
}

std::optional<std::string> exposed_result(const Owner& owner, std::string_view method,
                                          json::Value result) {
  const auto content = [&](json::Value value) { return exposed_content(owner, value); };
  if (method == "tools/call" || method == "tasks/result") {
    return with_changed(result, "content", content);
  }
  if (method == "tasks/get") return exposed_task_result(owner, result);
  if (method == "prompts/get") {
    return with_changed(result, "messages", [&](json::Value messages) {
      return changed_array(
          messages, [&](json::Value message) { return with_changed(message, "content", content); });
    });
  }
  if (method != "resources/read") return std::nullopt;
  return with_changed(result, "contents", [&](json::Value contents) {
    return changed_array(contents, [&](json::Value part) { return with_exposed_uri(owner, part); });
  });
}

// Opaque to the client, but no secret: it says nothing that its reader could not ask for.
std::string cursor_text(const ListPlace& place) {
  std::string text = std::to_string(place.target);
  if (place.cursor) text += ":" + *place.cursor;
  return base::base64url_encode(text);
}

std::optional<ListPlace> read_cursor(std::string_view text, std::size_t targets) {
  const auto plain = base::base64url_decode(text);
  if (!plain) return std::nullopt;
  const std::size_t colon = plain->find(':');
  const auto target = read_number(std::string_view(*plain).substr(0, colon));
  if (!target || *target >= targets) return std::nullopt;
  ListPlace place;
  place.target = *target;
  if (colon != std::string::npos) place.cursor = plain->substr(colon + 1);
  return place;
}

std::string joint_greeting(const std::vector<Greeting>& greetings, const GreetingFacts& facts) {
  json::Writer out;
  out.begin_object().name("protocolVersion").string(mcp::text_of(facts.revision));
  joint_capabilities(greetings, facts).write(out);
  out.name("serverInfo").begin_object().name("name").string("agentgateway");
  out.name("version").string(facts.version).end_object();
  const std::string instructions = joint_instructions(greetings);
  if (!instructions.empty()) out.name("instructions").string(instructions);
  return out.end_object().take();
}

Result<mcp::Message> message_of(std::string text) {
  auto message = mcp::read(std::move(text), mcp::Sender::server, joint_limits);
  if (!message) return failed(Fault::internal, message.error().why());
  return std::move(*message);
}

Result<Event> result_event(std::string_view result) {
  TRY(mcp::Message message, message_of(mcp::result_text(mcp::Id(1), result)));
  return Event(Event::Kind::result, std::move(message));
}

Result<Event> error_event(mcp::Code code, std::string_view why) {
  TRY(mcp::Message message, message_of(mcp::error_text(mcp::Id(1), code, why)));
  return Event(Event::Kind::result, std::move(message));
}

}  // namespace upstream
