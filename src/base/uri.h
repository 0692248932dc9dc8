#pragma once
// Addresses (RFC 3986), read strictly and never repaired: what is not valid is refused, what is
// valid is kept as it was written, so that the text that was checked is the text that is used.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

// host[:port] as in a Host field: no user, no path.
class Authority {
 public:
  // Fault::bad_request for an empty host, characters a host cannot have, an IPv6 address without
  // brackets, a port that is no number of at most 65535. The host becomes lower case.
  static Result<Authority> parse(std::string_view text);

  const std::string& host() const { return host_; }  // IPv6 with its brackets
  std::optional<std::uint16_t> port() const { return port_; }
  bool is_ipv6() const { return !host_.empty() && host_[0] == '['; }
  std::string text() const;
  bool operator==(const Authority&) const = default;

 private:
  std::string host_;
  std::optional<std::uint16_t> port_;
};

// The same check in place: `text` becomes lower case and nothing else. False if it is no authority.
bool make_canonical_authority(std::string& text);

// An absolute http or https address.
class Uri {
 public:
  // Fault::bad_request for other schemes, user information, a fragment, or an invalid part.
  static Result<Uri> parse(std::string_view text);

  const std::string& scheme() const { return scheme_; }  // lower case
  const Authority& authority() const { return authority_; }
  // The authority's port, or the scheme's.
  std::uint16_t port() const;
  bool uses_tls() const { return scheme_ == "https"; }
  std::string_view path() const { return std::string_view(target_).substr(0, target_.find('?')); }
  std::string_view query() const;
  const std::string& target() const { return target_; }  // path and query; at least "/"
  // scheme://host[:port] without the scheme's own port.
  std::string origin() const;
  std::string text() const { return scheme_ + "://" + authority_.text() + target_; }
  bool operator==(const Uri&) const = default;

 private:
  std::string scheme_;
  Authority authority_;
  std::string target_;
};

// Characters of a path and query, each '%' with two hexadecimal digits; starts with '/'.
bool is_valid_target(std::string_view target);
// A segment "." or "..", also with its dots percent-encoded, an encoded slash, backslash or NUL
// beside them included: any reader downstream could resolve it to another path.
bool has_dot_segment(std::string_view path);

// Percent-decoding; nothing if an escape is malformed. '+' stays as it is.
std::optional<std::string> percent_decode(std::string_view text);
// Escapes everything but unreserved characters (RFC 3986, 2.3).
std::string percent_encode(std::string_view text);
// The first value of `name` in a query (application/x-www-form-urlencoded: '+' is a space),
// decoded; nothing if it is missing or its escapes are malformed.
std::optional<std::string> query_value(std::string_view query, std::string_view name);
