#include "mcp/name.h"

#include <algorithm>

#include "base/text.h"

namespace mcp {
namespace {

constexpr std::size_t target_bytes_max = 64;  // several model APIs cap a whole tool name there
constexpr std::string_view ui_scheme = "ui://";

std::optional<Addressed> split_at(std::string_view text, char delimiter) {
  const std::size_t at = text.find(delimiter);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  return Addressed{TargetName(std::string(text.substr(0, at))),
                   UpstreamName(std::string(text.substr(at + 1)))};
}

}  // namespace

bool is_valid_target_name(std::string_view text) {
  return !text.empty() && text.size() <= target_bytes_max &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return base::is_alnum(c) || c == '-' || c == '.'; });
}

std::vector<std::string> spellings(PrefixMode) {
  return {"conditional", "always", "never"};
}

bool is_prefixed(PrefixMode mode, std::size_t targets) {
  return mode == PrefixMode::always || (mode == PrefixMode::conditional && targets > 1);
}

ExposedName expose(const TargetName& target, const UpstreamName& name) {
  return ExposedName(target.text() + '_' + name.text());
}

std::optional<Addressed> split(const ExposedName& name) {
  return split_at(name.text(), '_');
}

ExposedName expose_uri(const TargetName& target, const UpstreamName& uri) {
  const std::string_view text = uri.text();
  if (!text.starts_with(ui_scheme)) return ExposedName(target.text() + '+' + uri.text());
  return ExposedName(std::string(ui_scheme) + target.text() + '+' +
                     std::string(text.substr(ui_scheme.size())));
}

std::optional<Addressed> split_uri(const ExposedName& uri) {
  const std::string_view text = uri.text();
  if (!text.starts_with(ui_scheme)) return split_at(text, '+');
  std::optional<Addressed> addressed = split_at(text.substr(ui_scheme.size()), '+');
  if (addressed) {
    addressed->name = UpstreamName(std::string(ui_scheme) + addressed->name.text());
  }
  return addressed;
}

ExposedName expose_task(const TargetName& target, const UpstreamName& id) {
  return ExposedName(target.text() + '+' + id.text());
}

std::optional<Addressed> split_task(const ExposedName& id) {
  return split_at(id.text(), '+');
}

}  // namespace mcp
