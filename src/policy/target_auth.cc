#include "policy/target_auth.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace policy {
namespace {

using Held = BackendAuth::Held;

Error of_target(Error error, const std::string& target) {
  return target.empty() ? std::move(error) : std::move(error).within("target " + target);
}

class TargetAuth final : public BackendAuth {
 public:
  TargetAuth(SharedAuth others, std::map<std::string, SharedAuth> of_targets) {
    if (others) all_.emplace_back("", std::move(others));
    for (auto& [target, auth] : of_targets) all_.emplace_back(target, std::move(auth));
  }

  bool differs_by_token() const override {
    return std::any_of(all_.begin(), all_.end(),
                       [](const auto& one) { return one.second->differs_by_token(); });
  }

  std::optional<Result<Held>> credentials(Exchange& exchange) const override {
    std::vector<Held> held;
    for (const auto& [target, auth] : all_) {
      auto given = auth->credentials(exchange);
      if (!given) return std::nullopt;
      if (!*given) return tl::unexpected(of_target(std::move(*given).error(), target));
      held.push_back(std::move(**given));
    }
    return together(held);
  }

  Task<Result<Held>> fetch(Exchange& exchange) const override {
    std::vector<Held> held;
    for (const auto& [target, auth] : all_) {
      auto given = auth->credentials(exchange);
      if (!given) {
        given = co_await auth->fetch(exchange);
      }
      if (!*given) co_return tl::unexpected(of_target(std::move(*given).error(), target));
      held.push_back(std::move(**given));
    }
    co_return together(held);
  }

 private:
  // In the order of all_.
  Held together(const std::vector<Held>& held) const {
    auth::Credentials whole;
    for (std::size_t i = 0; i < held.size(); ++i) {
      const std::string& target = all_[i].first;
      if (!target.empty()) {
        whole.add_part(target, held[i]);
      } else if (held[i]) {
        whole = *held[i];
      }
    }
    return std::make_shared<const auth::Credentials>(std::move(whole));
  }

  std::vector<std::pair<std::string, SharedAuth>> all_;  // those of the others under no name, first
};

}  // namespace

SharedAuth make_target_auth(SharedAuth others, std::map<std::string, SharedAuth> of_targets) {
  return std::make_shared<TargetAuth>(std::move(others), std::move(of_targets));
}

}  // namespace policy
