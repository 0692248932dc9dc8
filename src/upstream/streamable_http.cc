#include "upstream/streamable_http.h"

#include "base/random.h"
#include "upstream/detail_http_session.h"

namespace upstream {
namespace {

class StreamableHttpTarget final : public Target {
 public:
  StreamableHttpTarget(mcp::TargetName name, HttpSettings settings, const Log& log)
      : place_(std::make_shared<HttpPlace>(std::move(name), std::move(settings), log)) {}

  const mcp::TargetName& name() const override { return place_->name; }
  std::string_view endpoint() const override { return place_->authority; }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site> site, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    CO_TRY(auto params, InitializeParams::from(initialize_params));
    SystemRandom random;
    auto session = std::make_unique<HttpSession>(std::move(site), place_, random, std::move(params),
                                                 std::move(credentials));
    Result<> up = co_await session->bring_up(deadline);
    if (!up) {
      place_->log.warn("session not opened",
                       {{"target", place_->name.text()}, {"reason", up.error().why()}});
      co_return tl::unexpected(std::move(up).error());
    }
    co_return std::unique_ptr<Session>(std::move(session));
  }

 private:
  std::shared_ptr<HttpPlace> place_;
};

}  // namespace

std::unique_ptr<Target> make_streamable_http_target(mcp::TargetName name, HttpSettings settings,
                                                    const Log& log) {
  return std::make_unique<StreamableHttpTarget>(std::move(name), std::move(settings), log);
}

}  // namespace upstream
