#include "upstream/attended.h"

namespace upstream {
namespace {

class AttendedTarget final : public Target {
 public:
  AttendedTarget(std::unique_ptr<Target> target, std::shared_ptr<Vitals> vitals)
      : target_(std::move(target)),
        vitals_(std::move(vitals)),
        name_(target_->name()),
        endpoint_(target_->endpoint()) {}

  const mcp::TargetName& name() const override { return name_; }
  std::string_view endpoint() const override { return endpoint_; }
  bool restart() override { return target_->restart(); }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site> site, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    auto session = co_await target_->open(std::move(site), initialize_params, deadline,
                                          std::move(credentials));
    if (session) {
      vitals_->recovered();
      (*session)->attend(Vitals::Session(vitals_));
    } else if (session.error().fault() != Fault::bad_request) {
      // What a server refuses one client for says nothing about the server.
      vitals_->failed(session.error().why());
    }
    co_return session;
  }

 private:
  const std::unique_ptr<Target> target_;
  const std::shared_ptr<Vitals> vitals_;
  const mcp::TargetName name_;
  const std::string endpoint_;
};

}  // namespace

std::unique_ptr<Target> attended(std::unique_ptr<Target> target, std::shared_ptr<Vitals> vitals) {
  return std::make_unique<AttendedTarget>(std::move(target), std::move(vitals));
}

}  // namespace upstream
