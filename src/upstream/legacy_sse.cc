#include "upstream/legacy_sse.h"

#include "upstream/detail_sse_session.h"

namespace upstream {
namespace {

class SseTarget final : public Target {
 public:
  SseTarget(mcp::TargetName name, HttpSettings settings, const Log& log,
            std::shared_ptr<Vitals> vitals)
      : place_(std::make_shared<HttpPlace>(std::move(name), std::move(settings), log,
                                           std::move(vitals))) {}

  const mcp::TargetName& name() const override { return place_->name; }
  std::string_view endpoint() const override { return place_->authority; }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site> site, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    CO_TRY(auto params, InitializeParams::from(initialize_params));
    SseWire wire(std::move(site), place_, std::move(credentials));
    auto session = co_await open_sse_session(std::move(wire), std::move(params), deadline);
    if (!session) {
      place_->log.warn("session not opened",
                       {{"target", place_->name.text()}, {"reason", session.error().why()}});
    }
    co_return session;
  }

 private:
  std::shared_ptr<HttpPlace> place_;
};

}  // namespace

std::unique_ptr<Target> make_sse_target(mcp::TargetName name, HttpSettings settings, const Log& log,
                                        std::shared_ptr<Vitals> vitals) {
  return std::make_unique<SseTarget>(std::move(name), std::move(settings), log, std::move(vitals));
}

}  // namespace upstream
