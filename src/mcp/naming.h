#pragma once
// The names under which a backend of several targets shows their things, and what a client's name
// stands for. One Naming is made for a backend, and both who authorizes and who forwards ask it, so
// that what is called is what was allowed.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/method.h"
#include "mcp/name.h"

namespace mcp {

class Naming {
 public:
  // Their order is that of the configuration; no two are equal.
  explicit Naming(std::vector<TargetName> targets) : targets_(std::move(targets)) {}

  // One thing of one target.
  struct Place {
    std::size_t target;  // its number in the order of the configuration
    UpstreamName name;
  };
  // Nothing if the name stands for no thing of any target.
  std::optional<Place> resolve(Subject::Kind kind, std::string_view exposed) const;
  // The other way: what the client calls a target's tool, prompt, task or resource (or template of
  // one).
  std::string exposed(Subject::Kind kind, std::size_t target, std::string_view name) const;

  std::size_t size() const { return targets_.size(); }
  const TargetName& target(std::size_t number) const { return targets_[number]; }

 private:
  std::vector<TargetName> targets_;
};

}  // namespace mcp
