#include "upstream/attended.h"

#include "upstream/detail_http_answer.h"

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
    if (session) vitals_->recovered();
    note(session, false);
    co_return session;
  }

  Task<Result<std::unique_ptr<Session>>> resume(
      std::shared_ptr<Site> site, Portable portable, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    auto session =
        co_await target_->resume(std::move(site), portable, deadline, std::move(credentials));
    note(session, true);
    co_return session;
  }

 private:
  void note(const Result<std::unique_ptr<Session>>& session, bool is_resumed) {
    if (session) {
      (*session)->attend(Vitals::Session(vitals_));
      return;
    }
    // What one client is refused for, and a session that is over, say nothing about the server.
    const Error& error = session.error();
    const bool is_the_servers =
        error.fault() != Fault::bad_request && !(is_resumed && error.fault() == Fault::not_found);
    if (is_the_servers) vitals_->failed(error.why());
    // It is there and minds who asks: the next one may have better credentials.
    if (refuses_credentials(error)) vitals_->recovered();
  }

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
