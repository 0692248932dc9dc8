#include "mcp/naming.h"

#include <algorithm>

namespace mcp {

namespace {

std::optional<Addressed> split_as(Subject::Kind kind, const ExposedName& said) {
  switch (kind) {
    case Subject::Kind::none:
      return std::nullopt;
    case Subject::Kind::resource:
      return split_uri(said);
    case Subject::Kind::task:
      return split_task(said);
    default:
      return split(said);
  }
}

ExposedName exposed_as(Subject::Kind kind, const TargetName& target, const UpstreamName& own) {
  if (kind == Subject::Kind::resource) return expose_uri(target, own);
  return kind == Subject::Kind::task ? expose_task(target, own) : expose(target, own);
}

}  // namespace

std::optional<Naming::Place> Naming::resolve(Subject::Kind kind, std::string_view exposed) const {
  std::optional<Addressed> addressed = split_as(kind, ExposedName(std::string(exposed)));
  if (!addressed) return std::nullopt;
  const auto found = std::find(targets_.begin(), targets_.end(), addressed->target);
  if (found == targets_.end()) return std::nullopt;
  return Place{static_cast<std::size_t>(found - targets_.begin()), std::move(addressed->name)};
}

std::string Naming::exposed(Subject::Kind kind, std::size_t target, std::string_view name) const {
  return exposed_as(kind, targets_[target], UpstreamName(std::string(name))).text();
}

}  // namespace mcp
