#include "runtime/stores.h"

#include <algorithm>

#include "crypto/digest.h"
#include "upstream/attended.h"
#include "upstream/demo.h"
#include "upstream/legacy_sse.h"
#include "upstream/openapi.h"
#include "upstream/several.h"
#include "upstream/stdio.h"
#include "upstream/streamable_http.h"

namespace runtime {
namespace {

std::optional<mcp::Era> era_of(config::EraSetting setting) {
  if (setting == config::EraSetting::automatic) return std::nullopt;
  return setting == config::EraSetting::modern ? mcp::Era::modern : mcp::Era::legacy;
}

upstream::StdioSettings settings_of(const config::StdioTarget& target, const TargetLimits& limits) {
  upstream::StdioSettings settings;
  settings.line_bytes_max = limits.line_bytes;
  settings.handshake = limits.start_within;
  settings.queue = limits.queue;
  settings.command = target.command;
  settings.era = era_of(target.era);
  settings.arguments = target.arguments;
  settings.environment = target.environment;
  settings.clear_environment = target.clear_environment;
  if (target.idle) settings.idle = *target.idle;
  settings.spares = target.spares;
  return settings;
}

upstream::HttpSettings settings_at(const config::HttpPlace& place, const TargetLimits& limits) {
  upstream::HttpSettings settings;
  settings.endpoint = http::Endpoint(place.host, place.port, place.uses_tls);
  settings.path = place.path;
  settings.answer_bytes_max = limits.answer_bytes;
  settings.event_bytes_max = limits.event_bytes;
  settings.calls_max = limits.calls;
  settings.streams_max = limits.streams;
  settings.queue = limits.queue;
  return settings;
}

// The places were checked when the file was read.
upstream::HttpSettings settings_of(const config::HttpTarget& target, const TargetLimits& limits) {
  upstream::HttpSettings settings = settings_at(config::place_of(target).value(), limits);
  settings.era = era_of(target.era);
  return settings;
}
upstream::HttpSettings settings_of(const config::SseTarget& target, const TargetLimits& limits) {
  return settings_at(config::place_of(target).value(), limits);
}
upstream::OpenApiSettings settings_of(const config::OpenApiTarget& target,
                                      const TargetLimits& limits) {
  upstream::OpenApiSettings settings;
  settings.http = settings_at(config::place_of(target).value(), limits);
  std::string& path = settings.http.path;
  while (path.ends_with('/')) path.pop_back();
  if (target.path || !path.empty()) settings.path = path;
  settings.document = target.document->text.value_or("");
  if (target.document->url) settings.address = Uri::parse(*target.document->url).value();
  return settings;
}

std::uint64_t fingerprint_of(std::string_view text) {
  const crypto::Sha256 digest = crypto::sha256(text);
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | digest[static_cast<std::size_t>(i)];
  return number;
}

std::string address_of(const config::HttpPlace& place) {
  return place.host + "\n" + std::to_string(place.port) + (place.uses_tls ? " TLS\n" : "\n") +
         place.path;
}
std::string address_of(const config::StdioTarget& target) {
  return target.command;
}
std::string address_of(const config::DemoTarget&) {
  return {};
}
template <class RemoteTarget>
std::string address_of(const RemoteTarget& target) {
  return address_of(config::place_of(target).value());
}

std::uint64_t fingerprint_of(const config::Target& settings) {
  const std::string address =
      std::visit([](const auto& kind) { return address_of(kind); }, settings.kind);
  return fingerprint_of(settings.name + "\n" + std::string(config::transport_of(settings)) + "\n" +
                        address);
}

}  // namespace

std::unique_ptr<upstream::Target> TargetStore::make(const config::Target& settings,
                                                    std::shared_ptr<upstream::Vitals> vitals) {
  const mcp::TargetName name(settings.name);
  if (const auto* stdio = std::get_if<config::StdioTarget>(&settings.kind)) {
    return upstream::make_stdio_target(name, settings_of(*stdio, limits_), spawner_, log_,
                                       children_, std::move(vitals));
  }
  if (const auto* remote = std::get_if<config::HttpTarget>(&settings.kind)) {
    return upstream::make_streamable_http_target(name, settings_of(*remote, limits_), log_,
                                                 std::move(vitals));
  }
  if (const auto* sse = std::get_if<config::SseTarget>(&settings.kind)) {
    return upstream::make_sse_target(name, settings_of(*sse, limits_), log_, std::move(vitals));
  }
  if (const auto* rest = std::get_if<config::OpenApiTarget>(&settings.kind)) {
    return upstream::make_openapi_target(name, settings_of(*rest, limits_), log_,
                                         std::move(vitals));
  }
  return upstream::make_demo_target(name);
}

// What a target is told of its callers does not change what it is.
std::shared_ptr<const TargetEntry> TargetStore::get(const config::Target& configured) {
  config::Target settings = configured;
  settings.policies = policy::TargetPolicySettings();
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& entry) { return entry.first == settings; });
  if (found != entries_.end()) return found->second;
  auto entry = std::make_shared<TargetEntry>();
  entry->number = ++last_number_;
  entry->fingerprint = fingerprint_of(settings);
  entry->transport = config::transport_of(settings);
  entry->vitals = std::make_shared<upstream::Vitals>();
  entry->children = std::holds_alternative<config::StdioTarget>(settings.kind) ? 1 : 0;
  entry->target = upstream::attended(make(settings, entry->vitals), entry->vitals);
  entries_.emplace_back(settings, entry);
  return entry;
}

std::shared_ptr<const TargetEntry> TargetStore::get(const config::McpBackend& settings) {
  if (!mcp::is_prefixed(settings.prefix_mode, settings.targets.size())) {
    return get(*settings.targets.front());
  }
  auto entry = std::make_shared<TargetEntry>();
  for (const auto& target : settings.targets) entry->parts.push_back(get(*target));
  const auto found = std::find_if(joint_.begin(), joint_.end(), [&](const Joint& joint) {
    return joint.failure == settings.failure_mode && joint.entry->parts == entry->parts;
  });
  if (found != joint_.end()) return found->entry;
  std::vector<mcp::TargetName> names;
  std::vector<std::shared_ptr<upstream::Target>> targets;
  for (const auto& part : entry->parts) {
    names.push_back(part->target->name());
    targets.emplace_back(part, part->target.get());  // which belongs to the part
  }
  upstream::SeveralSettings how;
  how.failure = settings.failure_mode == config::FailureMode::fail_open
                    ? upstream::FailureMode::open
                    : upstream::FailureMode::closed;
  how.version = version_;
  entry->number = ++last_number_;
  std::string fingerprints = "several";
  for (const auto& part : entry->parts) {
    entry->children += part->children;
    fingerprints += "\n" + std::to_string(part->fingerprint);
  }
  entry->fingerprint = fingerprint_of(fingerprints);
  entry->naming = std::make_shared<const mcp::Naming>(std::move(names));
  entry->target =
      upstream::make_several_target(entry->naming, std::move(targets), std::move(how), log_);
  joint_.push_back(Joint{settings.failure_mode, entry});
  return entry;
}

void TargetStore::forget_unused() {
  std::erase_if(joint_, [](const Joint& joint) { return joint.entry.use_count() == 1; });
  std::erase_if(entries_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

}  // namespace runtime
