#include "upstream/detail_modern_channel.h"

namespace upstream {
namespace {

// The response to a request that has no notifications of interest.
Task<Result<mcp::Message>> response_to(ModernChannel& channel, ModernOrder order) {
  CO_TRY(const auto answer, co_await channel.ask(std::move(order)));
  for (;;) {
    CO_TRY(mcp::Message message, co_await answer->next());
    if (message.is_response()) co_return std::move(message);
  }
}

}  // namespace

// A server that refuses the revision and names it as one it supports is asked once more.
Task<Result<Discovery>> discover(ModernChannel& channel, std::uint64_t id,
                                 const mcp::ModernClient& client, Deadline deadline) {
  const mcp::ModernSaying saying(client);
  for (bool is_first = true;; is_first = false) {
    ModernOrder order(is_first ? id : id + 1, "server/discover",
                      mcp::modern_params(json::Value(), saying), deadline);
    order.may_repeat = true;
    CO_TRY(mcp::Message answer, co_await response_to(channel, std::move(order)));
    const mcp::Discovered kind = mcp::judge_discovery(answer);
    if (kind != mcp::Discovered::refused || !is_first) {
      co_return Discovery(kind == mcp::Discovered::modern ? kind : mcp::Discovered::legacy,
                          std::move(answer));
    }
  }
}

}  // namespace upstream
