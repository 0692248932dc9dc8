#include "mcp/naming.h"

#include <algorithm>

namespace mcp {

std::optional<Naming::Place> Naming::resolve(Subject::Kind kind, std::string_view exposed) const {
  if (kind == Subject::Kind::none) return std::nullopt;
  const ExposedName said{std::string(exposed)};
  std::optional<Addressed> addressed =
      kind == Subject::Kind::resource ? split_uri(said) : split(said);
  if (!addressed) return std::nullopt;
  const auto found = std::find(targets_.begin(), targets_.end(), addressed->target);
  if (found == targets_.end()) return std::nullopt;
  return Place{static_cast<std::size_t>(found - targets_.begin()), std::move(addressed->name)};
}

std::string Naming::exposed(Subject::Kind kind, std::size_t target, std::string_view name) const {
  const UpstreamName own{std::string(name)};
  const bool is_uri = kind == Subject::Kind::resource;
  return (is_uri ? expose_uri(targets_[target], own) : expose(targets_[target], own)).text();
}

}  // namespace mcp
