#pragma once
// Names on the two sides of the gateway. A client says `target_tool`; the server knows it as
// `tool`. Mixing them up would authorize one thing and call another, so each has its own type.
//
// Target names hold no `_` and no `+`, which is why the first of either always ends the target's
// name.

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mcp {

template <class Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }
  auto operator<=>(const Name&) const = default;

 private:
  std::string text_;
};

using ExposedName = Name<struct ExposedTag>;    // as the client says it
using UpstreamName = Name<struct UpstreamTag>;  // as the server says it
using TargetName = Name<struct TargetTag>;      // as the configuration says it

// Letters, digits, `-` and `.`; not empty, at most 64 bytes.
bool is_valid_target_name(std::string_view text);

// Whether names carry their target's: only with several targets (agentgateway's default), always,
// never.
enum class PrefixMode { conditional, always, never };
std::vector<std::string> spellings(PrefixMode);
bool is_prefixed(PrefixMode mode, std::size_t targets);

struct Addressed {
  TargetName target;
  UpstreamName name;
  bool operator==(const Addressed&) const = default;
};

// Tools and prompts: `target_name`, split at the first `_`; nothing if there is none or no target
// stands before it. The name behind it may be empty: the target then knows no such tool.
ExposedName expose(const TargetName& target, const UpstreamName& name);
std::optional<Addressed> split(const ExposedName& name);

// Resources: `target+uri`, and `ui://target+rest` for ui:// URIs, which must keep their scheme (MCP
// Apps).
ExposedName expose_uri(const TargetName& target, const UpstreamName& uri);
std::optional<Addressed> split_uri(const ExposedName& uri);

// Tasks: `target+id`, whatever the id looks like.
ExposedName expose_task(const TargetName& target, const UpstreamName& id);
std::optional<Addressed> split_task(const ExposedName& id);

}  // namespace mcp
