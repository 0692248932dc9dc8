#include "gateway/task_id.h"

#include <cstdint>

#include "crypto/digest.h"

namespace gateway {
namespace {

constexpr std::string_view purpose = "agentgateway taskId 1";
constexpr std::string_view cursor_purpose = "agentgateway taskCursor 1";
constexpr std::size_t sealed_cursor_bytes_max = 8192;
constexpr std::size_t length_bytes = 2;

std::string owner_text(const Binding& binding) {
  const crypto::Sha256 digest = crypto::sha256(binding.text());
  return std::string(crypto::view_of(digest));
}

// What stands behind the owner's digest.
std::optional<std::string> open_owned(const SessionIds& ids, std::string_view sealed,
                                      const Binding& binding, std::string_view its_purpose) {
  auto text = ids.open_text(sealed, its_purpose);
  const std::string owner = owner_text(binding);
  if (!text || text->size() < owner.size()) return std::nullopt;
  const std::string_view begin = std::string_view(*text).substr(0, owner.size());
  if (!crypto::equal_in_constant_time(begin, owner)) return std::nullopt;
  return text->substr(owner.size());
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
  const auto text = open_owned(ids, sealed, binding, purpose);
  if (!text || text->size() < length_bytes) return std::nullopt;
  const std::string_view opened(*text);
  const auto high = static_cast<std::uint8_t>(opened[0]);
  const auto low = static_cast<std::uint8_t>(opened[1]);
  const std::size_t length = high * std::size_t{256} + low;
  const std::string_view names = opened.substr(length_bytes);
  if (length > names.size()) return std::nullopt;
  return TaskName{std::string(names.substr(0, length)), std::string(names.substr(length))};
}

std::string seal_task_cursor(const SessionIds& ids, const Binding& binding,
                             std::string_view cursor) {
  if (cursor.size() > task_cursor_bytes_max) return {};
  return ids.seal_text(owner_text(binding).append(cursor), cursor_purpose);
}

std::optional<std::string> open_task_cursor(const SessionIds& ids, std::string_view sealed,
                                            const Binding& binding) {
  if (sealed.size() > sealed_cursor_bytes_max) return std::nullopt;
  return open_owned(ids, sealed, binding, cursor_purpose);
}

}  // namespace gateway
