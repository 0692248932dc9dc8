#include "gateway/traffic.h"

namespace gateway {
namespace {

// Names and messages come from clients and servers.
constexpr std::size_t text_bytes_max = 256;

std::string cut(std::string_view text) {
  if (text.size() <= text_bytes_max) return std::string(text);
  return std::string(text.substr(0, text_bytes_max)) + "...";
}

std::string_view kind_of(const telemetry::Record& record) {
  if (!record.tool.empty()) return "tool";
  if (!record.prompt.empty()) return "prompt";
  return record.resource.empty() ? "" : "resource";
}

std::string_view name_of(const telemetry::Record& record) {
  if (!record.tool.empty()) return record.tool;
  return record.prompt.empty() ? record.resource : record.prompt;
}

std::string_view caller_of(const telemetry::Record& record) {
  if (!record.jwt_subject.empty()) return record.jwt_subject;
  return record.user.empty() ? record.api_key : record.user;
}

bool is_stream_of_events(const telemetry::Record& record) {
  if (record.protocol != "mcp") return false;
  return record.http_method == "GET" || record.mcp_method == "subscriptions/listen";
}

}  // namespace

Sighting::Sighting(const telemetry::Record& record, WallTime at, Duration it_took,
                   auth::Principal the_caller)
    : time(at),
      took(it_took),
      status(record.http_status),
      is_stream(is_stream_of_events(record)),
      http_method(cut(record.http_method)),
      host(cut(record.http_host)),
      path(cut(record.http_path)),
      listener(cut(record.listener)),
      route(cut(record.route)),
      source(cut(record.source)),
      subject(cut(caller_of(record))),
      mcp_method(cut(record.mcp_method)),
      kind(kind_of(record)),
      name(cut(gateway::name_of(record))),
      target(cut(record.mcp_target)),
      session(cut(record.mcp_session)),
      decision(record.authz_decision),
      rule(cut(record.authz_origin)),
      // If no rule decided, the reason stands there.
      expression(record.authz_origin.empty() ? std::string() : cut(record.authz_rule)),
      reason(record.authz_reason),
      error(cut(record.error.empty() ? record.mcp_error : record.error)),
      caller(std::move(the_caller)),
      arguments(record.arguments) {}

class Traffic::SightingLetter final : public net::Letter {
 public:
  SightingLetter(Traffic& traffic, Sighting sighting)
      : traffic_(traffic), sighting_(std::move(sighting)) {}
  void open(net::Loop&) override {
    traffic_.letters_.fetch_sub(1, std::memory_order_relaxed);
    if (traffic_.watcher_ != nullptr) traffic_.watcher_->see(std::move(sighting_));
  }

 private:
  Traffic& traffic_;
  Sighting sighting_;
};

void Traffic::tell(Sighting sighting) {
  if (letters_.fetch_add(1, std::memory_order_relaxed) < letters_max) {
    std::unique_ptr<net::Letter> letter =
        std::make_unique<SightingLetter>(*this, std::move(sighting));
    if (home_->post(letter)) return;
  }
  letters_.fetch_sub(1, std::memory_order_relaxed);
  lost_.fetch_add(1, std::memory_order_relaxed);
}

void Traffic::watch(Watcher& watcher) {
  watcher_ = &watcher;
  is_watched_.store(true, std::memory_order_relaxed);
  takes_arguments_.store(wants_arguments_, std::memory_order_relaxed);
}

void Traffic::take_arguments(bool wanted) {
  wants_arguments_ = wanted;
  takes_arguments_.store(wanted && is_watched(), std::memory_order_relaxed);
}

void Traffic::unwatch() {
  is_watched_.store(false, std::memory_order_relaxed);
  takes_arguments_.store(false, std::memory_order_relaxed);
  watcher_ = nullptr;
}

Traffic::Counts Traffic::counts() const {
  Counts all;
  for (const Tally& tally : tallies_) {
    all.requests += tally.requests.load(std::memory_order_relaxed);
    all.errors += tally.errors.load(std::memory_order_relaxed);
    all.allowed += tally.allowed.load(std::memory_order_relaxed);
    all.denied += tally.denied.load(std::memory_order_relaxed);
  }
  return all;
}

}  // namespace gateway
