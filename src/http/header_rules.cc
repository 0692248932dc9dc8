#include "http/header_rules.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "http/detail_line.h"

namespace http {

namespace {

constexpr std::array<std::string_view, 11> hop_by_hop = {"connection",
                                                         "keep-alive",
                                                         "proxy-authenticate",
                                                         "proxy-authorization",
                                                         "te",
                                                         "proxy-connection",
                                                         "trailer",
                                                         "transfer-encoding",
                                                         "upgrade",
                                                         "http2-settings",
                                                         "proxy-authentication-info"};

constexpr std::array<std::string_view, 6> single = {
    "authorization", "host", "content-length", "content-type", "transfer-encoding", "origin"};

// What checks and the gateway itself rely on, beside the fields that must be single.
constexpr std::array<std::string_view, 14> needed = {
    "accept",       "cookie",        "set-cookie", "forwarded",       "via",
    "x-real-ip",    "traceparent",   "tracestate", "baggage",         "b3",
    "x-request-id", "last-event-id", "expect",     "www-authenticate"};

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view known) { return equals_lower(name, known); });
}

// Bit n is set if one of the names has n bytes: most fields are settled by that.
constexpr std::uint32_t sizes_of_hop_by_hop() {
  std::uint32_t sizes = 0;
  for (const std::string_view name : hop_by_hop) sizes |= std::uint32_t{1} << name.size();
  return sizes;
}

// is_hop_by_hop() for a name in lower case.
bool is_hop_by_hop_field(std::string_view name) {
  constexpr std::uint32_t sizes = sizes_of_hop_by_hop();
  if (name.size() >= 32 || (sizes >> name.size() & 1U) == 0) return false;
  return std::find(hop_by_hop.begin(), hop_by_hop.end(), name) != hop_by_hop.end();
}

bool has_prefix(std::string_view name, std::string_view prefix) {
  return equals_lower(name.substr(0, prefix.size()), prefix);
}

bool is_needed(std::string_view name) {
  return must_be_single(name) || is_one_of(needed, name) || has_prefix(name, "x-forwarded-");
}

// Removes hop-by-hop fields, what `Connection` names, and `other`. Most messages have none of them,
// so they are looked for before anything is moved.
void strip(Headers& headers, std::string_view other) {
  bool has_any = false;
  std::vector<std::string_view> named;
  for (const Field field : headers) {
    if (!is_hop_by_hop_field(field.name) && field.name != other) continue;
    has_any = true;
    if (field.name != "connection") continue;
    each_element(field.value, [&](std::string_view option) {
      if (!is_needed(option)) named.push_back(option);
    });
  }
  if (!has_any) return;
  headers.remove_if([&](const Field& field) {
    return is_hop_by_hop_field(field.name) || field.name == other ||
           std::any_of(named.begin(), named.end(),
                       [&](std::string_view option) { return equals_lower(option, field.name); });
  });
}

}  // namespace

bool is_hop_by_hop(std::string_view name) {
  return is_one_of(hop_by_hop, name);
}

bool must_be_single(std::string_view name) {
  return is_one_of(single, name) || has_prefix(name, "mcp-");
}

bool is_disguised(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return false;
  std::string dashed(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return is_needed(dashed) || is_hop_by_hop(dashed);
}

void strip_request(Headers& headers) {
  strip(headers, {});
}

void strip_response(Headers& headers) {
  strip(headers, "alt-svc");
}

Result<> check_single(const Headers& headers) {
  for (const Field field : headers) {
    if (must_be_single(field.name) && headers.count(field.name) > 1) {
      return failed(Fault::bad_request, "repeated header field " + std::string(field.name));
    }
  }
  return {};
}

}  // namespace http
