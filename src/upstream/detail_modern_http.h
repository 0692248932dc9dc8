#pragma once
// Requests to a modern server over Streamable HTTP (2026-07-28, transports): each is a POST that
// says in its fields what it is about. Closing the answer before its end is the cancellation.

#include "upstream/detail_http_session.h"
#include "upstream/detail_modern_channel.h"

namespace upstream {

class ModernHttp final : public ModernChannel {
 public:
  // `credentials` may be null.
  ModernHttp(std::shared_ptr<Site> site, std::shared_ptr<HttpPlace> place,
             std::shared_ptr<const auth::CurrentCredentials> credentials);

  Task<Result<std::unique_ptr<ModernAnswer>>> ask(ModernOrder order) override;
  bool has_headers() const override { return true; }
  bool is_remote() const override { return true; }
  Scheduler& scheduler() const override { return site_->scheduler(); }
  const Log& log() const override { return place_->log; }
  const mcp::TargetName& name() const override { return place_->name; }
  const QueueLimits& queue() const override { return place_->settings.queue; }
  void doubt() override { place_->era.forget(); }

 private:
  Task<Result<http::Response>> send(http::Request request, Deadline deadline);

  std::shared_ptr<Site> site_;
  std::shared_ptr<HttpPlace> place_;
  std::shared_ptr<const auth::CurrentCredentials> credentials_;
};

// Opens a session with whatever era of server is there.
Task<Result<std::unique_ptr<Session>>> open_http_session(
    std::shared_ptr<HttpPlace> place, std::shared_ptr<Site> site, json::Value initialize_params,
    Deadline deadline, std::shared_ptr<const auth::CurrentCredentials> credentials);
// Goes on with one, if that era of server is there still.
Task<Result<std::unique_ptr<Session>>> resume_http_session(
    std::shared_ptr<HttpPlace> place, std::shared_ptr<Site> site, Portable session,
    Deadline deadline, std::shared_ptr<const auth::CurrentCredentials> credentials);

}  // namespace upstream
