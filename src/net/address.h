#pragma once
// An IPv4 or IPv6 address with a port, as a value. Text is read and written strictly: decimal
// dotted quads, RFC 4291 for IPv6; no names, no shorthand such as "127.1". Written as
// "127.0.0.1:80", "[::1]:80".

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct sockaddr;
struct sockaddr_storage;  // NOLINT(readability-identifier-naming): the system's name

namespace net {

class Address {
 public:
  // 0.0.0.0:0
  Address() = default;
  static Address v4(std::array<std::uint8_t, 4> bytes, std::uint16_t port);
  static Address v6(std::array<std::uint8_t, 16> bytes, std::uint16_t port);
  static Address loopback(std::uint16_t port) { return v4({127, 0, 0, 1}, port); }
  // `host` is an address without a port; an IPv6 address may stand in brackets.
  static Result<Address> parse(std::string_view host, std::uint16_t port);
  // "address:port", as text() writes it.
  static Result<Address> parse(std::string_view host_and_port);
  // Other families give the default address.
  static Address from_sockaddr(const sockaddr_storage& from);
  // Fills `to` and returns its length.
  unsigned to_sockaddr(sockaddr_storage& to) const;

  bool is_v6() const { return is_v6_; }
  std::uint16_t port() const { return port_; }
  Address with_port(std::uint16_t port) const;
  // 4 or 16 bytes in network order.
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_v6_ ? 16U : 4U}; }
  // The IPv4 address in an IPv4-mapped IPv6 address (::ffff:a.b.c.d), else itself.
  Address unmapped() const;

  // These look through IPv4-mapped addresses.
  bool is_loopback() const;     // 127.0.0.0/8, ::1
  bool is_unspecified() const;  // 0.0.0.0, ::
  bool is_private() const;      // RFC 1918, RFC 6598 (100.64/10), fc00::/7
  bool is_link_local() const;   // 169.254.0.0/16, fe80::/10
  // A unicast address of the public internet: none of the above, nor multicast, reserved,
  // documentation, benchmark, translation (64:ff9b::/96, 2002::/16) or protocol-assignment ranges.
  bool is_public() const;

  std::string host() const;  // without port and brackets
  std::string text() const;  // with both

  bool operator==(const Address&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  std::uint16_t port_ = 0;
  bool is_v6_ = false;
};

}  // namespace net
