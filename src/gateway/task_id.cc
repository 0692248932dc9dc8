#include "gateway/task_id.h"

#include <cstdint>

#include "crypto/digest.h"

namespace gateway {
namespace {

constexpr std::string_view purpose = "agentgateway taskId 1";
constexpr std::size_t length_bytes = 2;

std::string owner_text(const Binding& binding) {
  const crypto::Sha256 digest = crypto::sha256(binding.text());
  return std::string(crypto::view_of(digest));
}

}  // namespace

// What was sealed: the owner's digest, the tool's length, the tool, the id.
std::string seal_task(const SessionIds& ids, const Binding& binding, const TaskName& task) {
  if (task.tool.size() > task_id_bytes_max || task.id.size() > task_id_bytes_max) return {};
  std::string text = owner_text(binding);
  text += static_cast<char>(task.tool.size() / 256);
  text += static_cast<char>(task.tool.size() % 256);
  text += task.tool;
  text += task.id;
  return ids.seal_text(text, purpose);
}

std::optional<TaskName> open_task(const SessionIds& ids, std::string_view sealed,
                                  const Binding& binding) {
  if (sealed.size() > sealed_task_bytes_max) return std::nullopt;
  const auto text = ids.open_text(sealed, purpose);
  const std::string owner = owner_text(binding);
  if (!text || text->size() < owner.size() + length_bytes) return std::nullopt;
  const std::string_view opened(*text);
  if (!crypto::equal_in_constant_time(opened.substr(0, owner.size()), owner)) return std::nullopt;
  const auto high = static_cast<std::uint8_t>(opened[owner.size()]);
  const auto low = static_cast<std::uint8_t>(opened[owner.size() + 1]);
  const std::size_t length = high * std::size_t{256} + low;
  const std::string_view names = opened.substr(owner.size() + length_bytes);
  if (length > names.size()) return std::nullopt;
  return TaskName{std::string(names.substr(0, length)), std::string(names.substr(length))};
}

}  // namespace gateway
