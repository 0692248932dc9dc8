#include "upstream/streamable_http.h"

#include "upstream/detail_modern_http.h"

namespace upstream {
namespace {

class StreamableHttpTarget final : public Target {
 public:
  StreamableHttpTarget(mcp::TargetName name, HttpSettings settings, const Log& log,
                       std::shared_ptr<Vitals> vitals)
      : place_(std::make_shared<HttpPlace>(std::move(name), std::move(settings), log,
                                           std::move(vitals))) {}

  const mcp::TargetName& name() const override { return place_->name; }
  std::string_view endpoint() const override { return place_->authority; }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site> site, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    return open_http_session(place_, std::move(site), initialize_params, deadline,
                             std::move(credentials));
  }
  Task<Result<std::unique_ptr<Session>>> resume(
      std::shared_ptr<Site> site, Portable portable, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    return resume_http_session(place_, std::move(site), portable, deadline, std::move(credentials));
  }

 private:
  std::shared_ptr<HttpPlace> place_;
};

}  // namespace

std::unique_ptr<Target> make_streamable_http_target(mcp::TargetName name, HttpSettings settings,
                                                    const Log& log,
                                                    std::shared_ptr<Vitals> vitals) {
  return std::make_unique<StreamableHttpTarget>(std::move(name), std::move(settings), log,
                                                std::move(vitals));
}

}  // namespace upstream
