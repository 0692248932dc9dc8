#include "net/address.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace net {
namespace {

// A prefix of an address family: the first `bits` bits of `bytes`.
struct Prefix {
  std::array<std::uint8_t, 16> bytes;
  unsigned bits;
};

bool matches(std::span<const std::uint8_t> bytes, const Prefix& prefix) {
  const std::size_t whole = prefix.bits / 8;
  if (!std::equal(prefix.bytes.begin(), prefix.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  bytes.begin())) {
    return false;
  }
  const unsigned rest = prefix.bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xffU << (8U - rest) & 0xffU;
  return (bytes[whole] & mask) == (prefix.bytes.at(whole) & mask);
}

bool is_in_any(std::span<const std::uint8_t> bytes, std::span<const Prefix> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const Prefix& prefix) { return matches(bytes, prefix); });
}

constexpr Prefix private_v4[] = {{{10}, 8}, {{172, 16}, 12}, {{192, 168}, 16}, {{100, 64}, 10}};
constexpr Prefix private_v6[] = {{{0xfc}, 7}};
// IANA's special-purpose registries (RFC 6890), beyond what has a question of its own.
constexpr Prefix special_v4[] = {
    {{0}, 8},                  // "this network"
    {{168, 63, 129, 16}, 32},  // a cloud's own services, though the range is public
    {{192, 0, 0}, 24},         // protocol assignments
    {{192, 0, 2}, 24},         // documentation
    {{192, 88, 99}, 24},       // 6to4 relays
    {{198, 18}, 15},           // benchmarks
    {{198, 51, 100}, 24},      // documentation
    {{203, 0, 113}, 24},       // documentation
    {{224}, 3},                // multicast and reserved
};
// What is not 2000::/3, and in it what does not name a host of the internet itself.
constexpr Prefix global_v6[] = {{{0x20}, 3}};
constexpr Prefix special_v6[] = {
    {{0x20, 0x01, 0x00}, 23},        // protocol assignments, Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x20, 0x02}, 16},              // 6to4: an IPv4 address inside
    {{0x3f, 0xff, 0x00}, 20},        // documentation
};

}  // namespace

Address Address::v4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) {
  Address address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  address.port_ = port;
  return address;
}

Address Address::v6(std::array<std::uint8_t, 16> bytes, std::uint16_t port) {
  Address address;
  address.bytes_ = bytes;
  address.port_ = port;
  address.is_v6_ = true;
  return address;
}

Result<Address> Address::parse(std::string_view host, std::uint16_t port) {
  std::string text(host);
  const bool is_bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (is_bracketed) text = text.substr(1, text.size() - 2);
  // The C functions would stop at a NUL and find a good address before it.
  const bool is_text = text.find('\0') == std::string::npos;
  std::array<std::uint8_t, 4> four{};
  std::array<std::uint8_t, 16> sixteen{};
  if (is_text && !is_bracketed && ::inet_pton(AF_INET, text.c_str(), four.data()) == 1) {
    return v4(four, port);
  }
  if (is_text && ::inet_pton(AF_INET6, text.c_str(), sixteen.data()) == 1) return v6(sixteen, port);
  return failed(Fault::bad_request, "not an IP address: \"" + std::string(host) + '"');
}

Result<Address> Address::parse(std::string_view host_and_port) {
  const std::size_t colon = host_and_port.rfind(':');
  const std::string_view host = host_and_port.substr(0, colon);
  std::uint16_t port = 0;
  bool is_good = colon != std::string_view::npos;
  if (is_good) {
    const char* end = host_and_port.data() + host_and_port.size();
    const auto [stop, error] = std::from_chars(host.data() + host.size() + 1, end, port);
    is_good = error == std::errc() && stop == end;
  }
  // Without brackets "::1:80" would be read as ::1, port 80.
  if (is_good && host.find(':') != std::string_view::npos) is_good = host.front() == '[';
  if (!is_good) {
    return failed(Fault::bad_request,
                  "not an address with a port: \"" + std::string(host_and_port) + '"');
  }
  return parse(host, port);
}

Address Address::from_sockaddr(const sockaddr_storage& from) {
  Address address;
  if (from.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &from, sizeof in);
    std::memcpy(address.bytes_.data(), &in.sin_addr, 4);
    address.port_ = ntohs(in.sin_port);
  } else if (from.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &from, sizeof in);
    std::memcpy(address.bytes_.data(), &in.sin6_addr, 16);
    address.port_ = ntohs(in.sin6_port);
    address.is_v6_ = true;
  }
  return address;
}

unsigned Address::to_sockaddr(sockaddr_storage& to) const {
  to = sockaddr_storage{};
  if (!is_v6_) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port_);
    std::memcpy(&in.sin_addr, bytes_.data(), 4);
    std::memcpy(&to, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port_);
  std::memcpy(&in.sin6_addr, bytes_.data(), 16);
  std::memcpy(&to, &in, sizeof in);
  return sizeof in;
}

Address Address::with_port(std::uint16_t port) const {
  Address address = *this;
  address.port_ = port;
  return address;
}

Address Address::unmapped() const {
  constexpr Prefix mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
  if (!is_v6_ || !matches(bytes_, mapped)) return *this;
  return v4({bytes_[12], bytes_[13], bytes_[14], bytes_[15]}, port_);
}

bool Address::is_loopback() const {
  const Address address = unmapped();
  if (!address.is_v6_) return address.bytes_[0] == 127;
  constexpr Prefix one = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128};
  return matches(address.bytes_, one);
}

bool Address::is_unspecified() const {
  const Address address = unmapped();
  return std::all_of(address.bytes_.begin(), address.bytes_.end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

bool Address::is_private() const {
  const Address address = unmapped();
  if (address.is_v6_) return is_in_any(address.bytes_, private_v6);
  return is_in_any(address.bytes_, private_v4);
}

bool Address::is_link_local() const {
  const Address address = unmapped();
  constexpr Prefix v4_prefix = {{169, 254}, 16};
  constexpr Prefix v6_prefix = {{0xfe, 0x80}, 10};
  return matches(address.bytes_, address.is_v6_ ? v6_prefix : v4_prefix);
}

bool Address::is_public() const {
  const Address address = unmapped();
  if (address.is_v6_) {
    return is_in_any(address.bytes_, global_v6) && !is_in_any(address.bytes_, special_v6);
  }
  if (is_loopback() || is_private() || is_link_local()) return false;
  return !is_in_any(address.bytes_, special_v4);
}

std::string Address::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(is_v6_ ? AF_INET6 : AF_INET, bytes_.data(), text.data(), text.size());
  return text.data();
}

std::string Address::text() const {
  const std::string host_text = is_v6_ ? '[' + host() + ']' : host();
  return host_text + ':' + std::to_string(port_);
}

}  // namespace net
