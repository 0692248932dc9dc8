#include "http/header_rules.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "http/detail_line.h"

namespace http {

namespace {

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

bool has_prefix(std::string_view name, std::string_view prefix) {
  return equals_lower(name.substr(0, prefix.size()), prefix);
}

bool is_needed(std::string_view name) {
  return must_be_single(name) || is_one_of(needed, name) || has_prefix(name, "x-forwarded-");
}

// Removes `unwanted` and what `Connection` names. Most messages have none of them, which is known
// without looking.
void strip(Headers& headers, KnownFields unwanted) {
  if (!headers.may_have_any(unwanted)) return;
  std::vector<std::string_view> named;
  for (const Field field : headers) {
    if (field.known != KnownField::connection) continue;
    each_element(field.value, [&](std::string_view option) {
      if (!is_needed(option)) named.push_back(option);
    });
  }
  headers.remove_if([&](const Field& field) {
    return is_in(unwanted, field.known) ||
           std::any_of(named.begin(), named.end(),
                       [&](std::string_view option) { return equals_lower(option, field.name); });
  });
}

}  // namespace

bool is_hop_by_hop(std::string_view name) {
  return is_in(hop_by_hop_fields, known_field(base::to_lower(name)));
}

bool must_be_single(std::string_view name) {
  return is_in(single_fields, known_field(base::to_lower(name)));
}

bool is_disguised(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return false;
  std::string dashed(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return is_needed(dashed) || is_hop_by_hop(dashed);
}

void strip_request(Headers& headers) {
  strip(headers, hop_by_hop_fields);
}

void strip_response(Headers& headers) {
  strip(headers, hop_by_hop_fields | set_of(KnownField::alt_svc));
}

Result<> check_single(const Headers& headers) {
  for (const Field field : headers) {
    if (is_in(single_fields, field.known) && headers.count(field.name) > 1) {
      return failed(Fault::bad_request, "repeated header field " + std::string(field.name));
    }
  }
  return {};
}

}  // namespace http
