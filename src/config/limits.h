#pragma once
// Limits as they are written in the configuration: agentgateway's names where it has them
// (`frontendPolicies`, `config.backend`), and `config.limits` for the others.

#include <chrono>
#include <cstdint>
#include <optional>

#include "http/limits.h"
#include "schema/schema.h"

namespace config {

// TCP keep-alive probes.
struct KeepAlives {
  bool is_enabled = true;
  std::chrono::milliseconds time = std::chrono::seconds(30);
  std::chrono::milliseconds interval = std::chrono::seconds(10);
  std::uint16_t retries = 3;
  bool operator==(const KeepAlives&) const = default;
};
void describe(schema::Object<KeepAlives>& o);

struct FrontendHttp {
  schema::Bytes buffer{http::request_body_bytes_max};
  std::uint16_t fields = http::fields_max;
  std::chrono::milliseconds idle = std::chrono::seconds(75);
  bool operator==(const FrontendHttp&) const = default;
};
void describe(schema::Object<FrontendHttp>& o);

struct FrontendTcp {
  KeepAlives keep_alives;
  bool operator==(const FrontendTcp&) const = default;
};
void describe(schema::Object<FrontendTcp>& o);

// Of every listener.
struct FrontendPolicies {
  FrontendHttp http;
  FrontendTcp tcp;
  bool operator==(const FrontendPolicies&) const = default;
};
void describe(schema::Object<FrontendPolicies>& o);

// Connections to upstreams.
struct BackendConnections {
  std::chrono::milliseconds connect = std::chrono::seconds(5);
  std::chrono::milliseconds idle = std::chrono::seconds(60);
  std::uint16_t idle_per_endpoint = 64;
  bool operator==(const BackendConnections&) const = default;
};
void describe(schema::Object<BackendConnections>& o);

// What agentgateway has no names for.
struct Limits {
  std::uint32_t connections = 0;  // 0: as many as descriptors allow
  std::uint32_t connections_per_address = 1'000;
  std::uint32_t sessions = 10'000;
  std::uint32_t sessions_per_caller = 100;
  std::uint32_t open_questions = 1'000;
  std::uint32_t open_questions_per_caller = 16;
  std::uint32_t failed_logins = 100;
  std::chrono::milliseconds failed_login_window = std::chrono::minutes(1);
  std::uint32_t children = 1'000;
  std::uint32_t children_per_caller = 200;
  schema::Bytes memory;  // 0: what the cgroup allows, or the machine has
  schema::Bytes request_line{http::request_line_bytes_max};
  schema::Bytes head{http::head_bytes_max};
  std::chrono::milliseconds head_within = std::chrono::seconds(10);
  std::chrono::milliseconds body_within = std::chrono::seconds(10);
  std::chrono::milliseconds write_within = std::chrono::seconds(30);
  std::chrono::milliseconds upstream_body_within = std::chrono::seconds(60);
  std::uint16_t message_depth = 128;
  std::uint32_t message_members = 100'000;
  schema::Bytes child_line{std::uint64_t{4} << 20};
  std::chrono::milliseconds child_start_within = std::chrono::seconds(10);
  schema::Bytes answer{http::response_body_bytes_max};
  schema::Bytes event{http::event_line_bytes_max};
  std::uint32_t calls_per_target = 10'000;
  std::uint32_t streams_per_target = 2'000;
  std::uint32_t queued_events = 256;
  schema::Bytes queued_bytes{std::uint64_t{1} << 20};
  bool operator==(const Limits&) const = default;
};
void describe(schema::Object<Limits>& o);

}  // namespace config
