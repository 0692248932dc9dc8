#include "mcp/write.h"
#include "upstream/detail_session_memory.h"

namespace upstream {

void SessionMemory::note(const mcp::Call& call) {
  const std::string_view method = call.method();
  const bool is_kept = method == "logging/setLevel" || method == "resources/subscribe" ||
                       method == "resources/unsubscribe";
  if (!is_kept) return;
  std::string params = mcp::edited_params(call.params(), call.edit());
  if (method == "logging/setLevel") {
    log_level_ = std::move(params);
  } else if (method == "resources/unsubscribe") {
    subscribed_.erase(params);
  } else if (subscribed_.size() < subscriptions_max) {
    subscribed_.insert(std::move(params));
  }
}

}  // namespace upstream
