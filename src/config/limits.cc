#include "config/limits.h"

#include <string>

namespace config {
namespace {

constexpr std::uint64_t count_max = 1'000'000;

std::string check_positive(std::chrono::milliseconds span) {
  return span.count() > 0 ? "" : "must be more than 0";
}

// From 1 KiB, below which no request fits, to 1 GiB.
std::string check_size(schema::Bytes size) {
  const bool is_sensible = size.count >= 1024 && size.count <= std::uint64_t{1} << 30;
  return is_sensible ? "" : "must be from 1KiB to 1GiB";
}

std::string check_memory(schema::Bytes size) {
  const bool is_sensible = size.count == 0 || size.count >= std::uint64_t{64} << 20;
  return is_sensible ? "" : "must be 0 or at least 64MiB";
}

// What the servers behind the gateway may do.
void describe_servers(schema::Object<Limits>& o) {
  o.field("childLine", &Limits::child_line, "A message of a child; more ends the child.")
      .check(check_size);
  o.field("childStartTimeout", &Limits::child_start_within,
          "How long a child may take to answer `initialize`.")
      .check(check_positive);
  o.field("answer", &Limits::answer,
          "A JSON answer of a server over HTTP; a longer one fails its call.")
      .check(check_size);
  o.field("event", &Limits::event,
          "An event of a server over HTTP, and a line of it; a longer one fails its call.")
      .check(check_size);
  o.field("callsPerTarget", &Limits::calls_per_target,
          "Calls in flight to one server over HTTP, of all sessions together; more are refused.")
      .range(1, count_max);
  o.field("streamsPerTarget", &Limits::streams_per_target,
          "Streams outside of calls from one server over HTTP; sessions beyond it do without.")
      .range(0, count_max);
  o.field("queuedEvents", &Limits::queued_events,
          "Events of one call that are kept for a client which reads slowly; then its server "
          "waits. As many are kept for a client that does not listen, the newest.")
      .range(1, count_max);
  o.field("queuedBytes", &Limits::queued_bytes, "Likewise, the size of those events together.")
      .check(check_size);
}

}  // namespace

void describe(schema::Object<KeepAlives>& o) {
  o.field("enabled", &KeepAlives::is_enabled, "Whether silent peers are probed.");
  o.field("time", &KeepAlives::time, "After this long a silent peer is probed.")
      .check(check_positive);
  o.field("interval", &KeepAlives::interval, "Between two probes.").check(check_positive);
  o.field("retries", &KeepAlives::retries, "Unanswered probes after which it is given up.")
      .range(1, 127);
}

void describe(schema::Object<FrontendHttp>& o) {
  o.field("maxBufferSize", &FrontendHttp::buffer,
          "The largest body that is read as a whole, as those of MCP messages are; more is a 413.")
      .check(check_size);
  o.field("http1MaxHeaders", &FrontendHttp::fields,
          "Fields of a request; more are answered with 431.")
      .range(1, 10'000);
  o.field("http1IdleTimeout", &FrontendHttp::idle,
          "A connection on which no request comes for this long is closed. agentgateway's default "
          "is 10m.")
      .check(check_positive);
  o.not_supported("http1HeaderCase", "The case of field names.");
  o.not_supported("http2WindowSize", "Window of an HTTP/2 stream.");
  o.not_supported("http2ConnectionWindowSize", "Window of an HTTP/2 connection.");
  o.not_supported("http2FrameSize", "Frames of HTTP/2.");
  o.not_supported("http2KeepaliveInterval", "Pings of HTTP/2.");
  o.not_supported("http2KeepaliveTimeout", "Patience for pings of HTTP/2.");
  o.not_supported("maxConnectionDuration", "Life of a connection.");
}

void describe(schema::Object<FrontendTcp>& o) {
  o.field("keepalives", &FrontendTcp::keep_alives, "Probes of silent clients.");
}

void describe(schema::Object<FrontendPolicies>& o) {
  o.doc("Of every listener. Connections have what was in force when they were accepted.");
  o.field("http", &FrontendPolicies::http, "HTTP.");
  o.field("tcp", &FrontendPolicies::tcp, "TCP.");
  o.not_supported("tls", "TLS.");
  o.not_supported("networkAuthorization", "Rules for connections.");
  o.not_supported("networkExtAuthz", "A service that judges connections.");
  o.not_supported("proxyProtocol", "The PROXY protocol.");
  o.not_supported("connect", "CONNECT requests, which are always refused.");
  o.not_supported("accessLog", "What is logged.");
  o.not_supported("tracing", "Traces.");
}

void describe(schema::Object<BackendConnections>& o) {
  o.field("connectTimeout", &BackendConnections::connect,
          "How long connecting may take. agentgateway's default is 10s.")
      .check(check_positive);
  o.field("poolIdleTimeout", &BackendConnections::idle,
          "How long an unused connection is kept. agentgateway's default is 90s.");
  o.field("poolMaxSize", &BackendConnections::idle_per_endpoint,
          "Unused connections that are kept to one address.")
      .range(0, 10'000);
  o.not_supported("keepalives", "Probes of silent upstreams, which are always on.");
}

void describe_sessions(schema::Object<Limits>& o) {
  o.field("maxSessions", &Limits::sessions, "MCP sessions; more are answered with 503.")
      .range(1, count_max);
  o.field("maxSessionsPerCaller", &Limits::sessions_per_caller,
          "MCP sessions of one caller; more are answered with 429.")
      .range(1, count_max);
  o.field("maxWaitingCalls", &Limits::open_questions,
          "Calls of stateless MCP clients that wait for answers to what the server asked; for one "
          "more the oldest ends.")
      .range(1, count_max);
  o.field("maxWaitingCallsPerCaller", &Limits::open_questions_per_caller,
          "Such calls of one caller.")
      .range(1, count_max);
}

void describe(schema::Object<Limits>& o) {
  o.doc("What the process allows its clients and servers. No field of agentgateway's.");
  o.field("maxConnections", &Limits::connections,
          "Connections of clients; the newest are refused. 0: 80 % of the descriptors, less 64; "
          "never more than that.")
      .range(0, count_max);
  o.field("maxConnectionsPerAddress", &Limits::connections_per_address,
          "Connections from one address.")
      .range(1, count_max);
  describe_sessions(o);
  o.field("maxFailedLogins", &Limits::failed_logins,
          "Wrong tokens, keys and passwords of one address (of IPv6: one /64) within "
          "`failedLoginWindow`; then it is answered with 429 until the window has passed. Callers "
          "that were accepted before go on. 0: no limit, for where all clients share an address.")
      .range(0, count_max);
  o.field("failedLoginWindow", &Limits::failed_login_window,
          "How long failed logins of an address are counted.")
      .check(check_positive);
  o.field("maxChildren", &Limits::children,
          "Child processes; a session that would need one more is not opened.")
      .range(1, count_max);
  o.field("maxChildrenPerCaller", &Limits::children_per_caller,
          "Child processes that one caller's sessions may have; a session that would need one more "
          "is answered with 429.")
      .range(1, count_max);
  o.field("memory", &Limits::memory,
          "Memory that the process may use. Bodies that are being read or served may have an "
          "eighth of it; above 85 % of it new connections and messages are refused. 0: the limit "
          "of the cgroup, or the machine's memory.")
      .check(check_memory);
  o.field("requestLine", &Limits::request_line, "A request line; more is answered with 414.")
      .check(check_size);
  o.field("headers", &Limits::head, "Request line and fields; more is answered with 431.")
      .check(check_size);
  o.field("headerTimeout", &Limits::head_within,
          "From the first byte of a request to the end of its fields; then 408.")
      .check(check_positive);
  o.field("bodyTimeout", &Limits::body_within,
          "Waiting this long for a body must bring 10 KiB of it; else 408.")
      .check(check_positive);
  o.field("writeTimeout", &Limits::write_within,
          "A client must take 128 KiB, or the rest of an answer, in this time; else its connection "
          "is closed.")
      .check(check_positive);
  o.field(
       "upstreamBodyTimeout", &Limits::upstream_body_within,
       "Silence within an upstream's answer, event streams apart, after which it is cut; and how "
       "long an upstream may take nothing of a request's body.")
      .check(check_positive);
  o.field("messageDepth", &Limits::message_depth,
          "Levels of JSON in a client's message; more are answered with 400.")
      .range(8, 1'000);
  o.field("messageMembers", &Limits::message_members,
          "Members and elements in a client's message, all levels together; more are answered with "
          "400.")
      .range(100, 10'000'000);
  describe_servers(o);
}

}  // namespace config
