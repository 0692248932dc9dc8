#include "gateway/origin_check.h"

#include "base/text.h"
#include "base/uri.h"
#include "runtime/router.h"

namespace gateway {
namespace {

bool is_loopback_name(std::string_view host) {
  return base::equal_ignoring_case(host, "localhost") || host == "127.0.0.1" || host == "::1";
}

// host[:port] of "http[s]://host[:port]"; empty for "null" and other opaque origins, for those of
// other schemes, which are no web pages, and for what no browser sends, such as
// "http://localhost:80@evil.example".
std::string_view authority_of(std::string_view origin) {
  const std::size_t end = origin.find("://");
  if (end == std::string_view::npos) return {};
  const std::string_view scheme = origin.substr(0, end);
  const bool is_web =
      base::equal_ignoring_case(scheme, "http") || base::equal_ignoring_case(scheme, "https");
  if (!is_web) return {};
  const std::string_view authority = origin.substr(end + 3);
  return Authority::parse(authority) ? authority : std::string_view();
}

constexpr std::string_view not_loopback =
    "MCP DNS rebinding protection: Host/Origin must be localhost, 127.0.0.1, or [::1]";
constexpr std::string_view not_permitted = "Origin is not permitted";

}  // namespace

std::optional<std::string_view> refused_origin(const policy::Exchange& exchange,
                                               std::optional<bool> protection) {
  if (protection && !*protection) return std::nullopt;
  const std::string_view host = runtime::host_of(exchange.request().authority);
  const auto origin = exchange.request().headers.find("origin");
  const std::string_view from = origin ? authority_of(*origin) : std::string_view();
  if (protection) {
    const bool is_fine =
        is_loopback_name(host) && (!origin || is_loopback_name(runtime::host_of(from)));
    return is_fine ? std::nullopt : std::optional(not_loopback);
  }
  if (!origin || exchange.is_origin_permitted) return std::nullopt;
  // A page that was rebound names the attacker's host in both; on loopback no such name is ours.
  if (exchange.peer.is_loopback) {
    const bool is_fine = is_loopback_name(host) && is_loopback_name(runtime::host_of(from));
    return is_fine ? std::nullopt : std::optional(not_loopback);
  }
  return base::equal_ignoring_case(from, exchange.request().authority)
             ? std::nullopt
             : std::optional(not_permitted);
}

}  // namespace gateway
