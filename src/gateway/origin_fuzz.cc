// Host and Origin of a request, one line each: whatever passes was judged by its exact authority,
// as a reader written another way finds it.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/uri.h"
#include "gateway/origin_check.h"
#include "policy/cors.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_ours(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

// The host that a browser means by this origin; empty for what is no origin.
std::string host_of_origin(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return {};
  const auto authority = Authority::parse(origin.substr(scheme + 3));
  return authority ? authority->host() : std::string();
}

bool passes(const std::string& host, const std::string& origin, std::optional<bool> protection,
            bool is_loopback) {
  policy::Peer peer;
  peer.is_loopback = is_loopback;
  policy::Exchange exchange(http::Request("POST", "/mcp", host), peer, Instant(), WallTime());
  if (!origin.empty()) exchange.change_request().headers.add("origin", origin);
  return !gateway::refused_origin(exchange, protection);
}

void check_cors(const std::string& origin) {
  policy::CorsSettings settings;
  settings.allow_origins = {"https://a.example", "https://*.b.example"};
  if (!policy::permits_origin(settings, origin)) return;
  const auto uri = Uri::parse(origin);
  require(uri && uri->scheme() == "https" && uri->target() == "/");
  const std::string& host = uri->authority().host();
  require(host == "a.example" || (host.ends_with(".b.example") && host != ".b.example"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), size);
  std::string host = text.substr(0, end);
  // As a field's value comes out of the reader.
  const std::string origin(base::trim(end == size ? "" : std::string_view(text).substr(end + 1)));
  check_cors(origin);
  // The reader of requests lets no other authority in.
  if (!make_canonical_authority(host)) return 0;
  const std::string name = Authority::parse(host)->host();
  for (const bool is_loopback : {true, false}) {
    require(passes(host, origin, false, is_loopback));
    if (passes(host, origin, true, is_loopback)) {
      require(is_ours(name) && (origin.empty() || is_ours(host_of_origin(origin))));
    }
    if (passes(host, origin, std::nullopt, is_loopback) && !origin.empty()) {
      const bool is_local = is_ours(name) && is_ours(host_of_origin(origin));
      require(is_loopback ? is_local : host_of_origin(origin) == name);
    }
  }
  return 0;
}
