// ip() and cidr(): addresses and networks. An IPv4-mapped IPv6 address is the IPv4 address, so that
// a rule about 192.168.0.0/16 cannot be passed by another spelling.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

#include "cel/detail_library.h"

namespace cel {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const Address& address) {
  return !address.is_v4 &&
         std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
}

Address unmapped(const Address& address) {
  if (!is_mapped(address)) return address;
  Address result;
  result.is_v4 = true;
  std::copy(address.bytes.begin() + 12, address.bytes.end(), result.bytes.begin());
  return result;
}

// As it is written, mapped or not.
std::optional<Address> read_written(std::string_view text, std::string_view& reason) {
  std::array<char, INET6_ADDRSTRLEN + 1> buffer{};
  reason = "not an IP address";
  if (text.empty() || text.size() >= buffer.size()) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (text.find('%') != std::string_view::npos) {
    reason = "an IP address with a zone";
    return std::nullopt;
  }
  text.copy(buffer.data(), text.size());
  Address address;
  address.is_v4 = text.find(':') == std::string_view::npos;
  const int family = address.is_v4 ? AF_INET : AF_INET6;
  if (inet_pton(family, buffer.data(), address.bytes.data()) != 1) return std::nullopt;
  if (is_mapped(address) && text.find('.') != std::string_view::npos) {
    reason = "an IPv4-mapped IPv6 address in dotted form";
    return std::nullopt;
  }
  return address;
}

std::optional<Value> read_cidr(std::string_view text, Evaluation& evaluation,
                               std::string_view& reason) {
  const std::size_t slash = text.find('/');
  reason = "a network must be written address/length";
  if (slash == std::string_view::npos) return std::nullopt;
  auto address = read_written(text.substr(0, slash), reason);
  if (!address) return std::nullopt;
  reason = "a bad length of a network's prefix";
  const std::string_view digits = text.substr(slash + 1);
  std::uint32_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if ((digits.size() > 1 && digits.front() == '0') || length > (address->is_v4 ? 32U : 128U)) {
    return std::nullopt;
  }
  if (is_mapped(*address) && length >= 96) {
    address = unmapped(*address);
    length -= 96;
  }
  return Value::of_cidr(*address, length, evaluation.arena());
}

Value ip_of_string(Evaluation& evaluation, Arguments arguments) {
  std::string_view reason;
  const auto address = read_address(arguments[0].as_string(), reason);
  if (!address) return bad_argument(evaluation, "ip(): " + std::string(reason));
  return Value::of_ip(*address, evaluation.arena());
}

Value cidr_of_string(Evaluation& evaluation, Arguments arguments) {
  std::string_view reason;
  const auto cidr = read_cidr(arguments[0].as_string(), evaluation, reason);
  return cidr ? *cidr : bad_argument(evaluation, "cidr(): " + std::string(reason));
}

Value is_ip(Evaluation&, Arguments arguments) {
  std::string_view reason;
  return Value::of_bool(read_address(arguments[0].as_string(), reason).has_value());
}

Value is_cidr(Evaluation& evaluation, Arguments arguments) {
  std::string_view reason;
  return Value::of_bool(read_cidr(arguments[0].as_string(), evaluation, reason).has_value());
}

Value is_canonical(Evaluation& evaluation, Arguments arguments) {
  std::string_view reason;
  const auto address = read_written(arguments[0].as_string(), reason);
  if (!address) return bad_argument(evaluation, "ip.isCanonical(): " + std::string(reason));
  return Value::of_bool(address_text(*address) == arguments[0].as_string());
}

Value string_of_ip(Evaluation& evaluation, Arguments arguments) {
  return evaluation.string(address_text(arguments[0].address()));
}

Value string_of_cidr(Evaluation& evaluation, Arguments arguments) {
  return evaluation.string(cidr_text(arguments[0]));
}

Value same(Evaluation&, Arguments arguments) {
  return arguments[0];
}

Value family(Evaluation&, Arguments arguments) {
  return Value::of_int(arguments[0].address().is_v4 ? 4 : 6);
}

bool is_unspecified(const Address& address) {
  return address.bytes == std::array<std::uint8_t, 16>{};
}
bool is_loopback(const Address& address) {
  if (address.is_v4) return address.bytes[0] == 127;
  std::array<std::uint8_t, 16> one{};
  one[15] = 1;
  return address.bytes == one;
}
bool is_multicast(const Address& address) {
  return address.is_v4 ? (address.bytes[0] & 0xf0) == 0xe0 : address.bytes[0] == 0xff;
}
bool is_link_local_multicast(const Address& address) {
  if (!address.is_v4) return address.bytes[0] == 0xff && (address.bytes[1] & 0x0f) == 2;
  return address.bytes[0] == 224 && address.bytes[1] == 0 && address.bytes[2] == 0;
}
bool is_link_local_unicast(const Address& address) {
  if (address.is_v4) return address.bytes[0] == 169 && address.bytes[1] == 254;
  return address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}
// Any address of one host, private ones included.
bool is_global_unicast(const Address& address) {
  const bool is_broadcast = address.is_v4 && address.bytes[0] == 255 && address.bytes[1] == 255 &&
                            address.bytes[2] == 255 && address.bytes[3] == 255;
  return !is_broadcast && !is_unspecified(address) && !is_loopback(address) &&
         !is_multicast(address) && !is_link_local_unicast(address);
}

template <bool (*test)(const Address&)>
Value tested(Evaluation&, Arguments arguments) {
  return Value::of_bool(test(arguments[0].address()));
}

bool have_same_prefix(const Address& left, const Address& right, std::uint32_t length) {
  if (left.is_v4 != right.is_v4) return false;
  const std::size_t whole = length / 8;
  if (!std::equal(left.bytes.begin(), left.bytes.begin() + whole, right.bytes.begin()))
    return false;
  const std::uint32_t rest = length % 8;
  if (rest == 0) return true;
  return ((left.bytes[whole] ^ right.bytes[whole]) >> (8 - rest)) == 0;
}

Value contains_ip(Evaluation&, Arguments arguments) {
  return Value::of_bool(have_same_prefix(arguments[0].address(), arguments[1].address(),
                                         arguments[0].prefix_length()));
}

Value contains_ip_text(Evaluation& evaluation, Arguments arguments) {
  std::string_view reason;
  const auto address = read_address(arguments[1].as_string(), reason);
  if (!address) return bad_argument(evaluation, "containsIP(): " + std::string(reason));
  return Value::of_bool(
      have_same_prefix(arguments[0].address(), *address, arguments[0].prefix_length()));
}

Value contains_cidr(const Value& outer, const Value& inner) {
  return Value::of_bool(outer.prefix_length() <= inner.prefix_length() &&
                        have_same_prefix(outer.address(), inner.address(), outer.prefix_length()));
}

Value contains_cidr_value(Evaluation&, Arguments arguments) {
  return contains_cidr(arguments[0], arguments[1]);
}

Value contains_cidr_text(Evaluation& evaluation, Arguments arguments) {
  std::string_view reason;
  const auto inner = read_cidr(arguments[1].as_string(), evaluation, reason);
  if (!inner) return bad_argument(evaluation, "containsCIDR(): " + std::string(reason));
  return contains_cidr(arguments[0], *inner);
}

Value ip_of_cidr(Evaluation& evaluation, Arguments arguments) {
  return Value::of_ip(arguments[0].address(), evaluation.arena());
}

Value masked(Evaluation& evaluation, Arguments arguments) {
  Address address = arguments[0].address();
  const std::uint32_t length = arguments[0].prefix_length();
  for (std::uint32_t i = 0; i < address.bytes.size(); ++i) {
    const std::uint32_t kept = length > i * 8 ? std::min(length - i * 8, 8U) : 0;
    address.bytes[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return Value::of_cidr(address, length, evaluation.arena());
}

Value prefix_length(Evaluation&, Arguments arguments) {
  return Value::of_int(arguments[0].prefix_length());
}

constexpr std::array table{
    Overload{"ip", "(string) -> ip", ip_of_string},
    Overload{"ip", "(ip) -> ip", same},
    Overload{"cidr", "(string) -> cidr", cidr_of_string},
    Overload{"cidr", "(cidr) -> cidr", same},
    Overload{"isIP", "(string) -> bool", is_ip},
    Overload{"isCIDR", "(string) -> bool", is_cidr},
    Overload{"ip.isCanonical", "(string) -> bool", is_canonical},
    Overload{"string", "(ip) -> string", string_of_ip},
    Overload{"string", "(cidr) -> string", string_of_cidr},
    Overload{"family", "ip.() -> int", family},
    Overload{"isUnspecified", "ip.() -> bool", tested<is_unspecified>},
    Overload{"isLoopback", "ip.() -> bool", tested<is_loopback>},
    Overload{"isLinkLocalMulticast", "ip.() -> bool", tested<is_link_local_multicast>},
    Overload{"isLinkLocalUnicast", "ip.() -> bool", tested<is_link_local_unicast>},
    Overload{"isGlobalUnicast", "ip.() -> bool", tested<is_global_unicast>},
    Overload{"containsIP", "cidr.(ip) -> bool", contains_ip},
    Overload{"containsIP", "cidr.(string) -> bool", contains_ip_text},
    Overload{"containsCIDR", "cidr.(cidr) -> bool", contains_cidr_value},
    Overload{"containsCIDR", "cidr.(string) -> bool", contains_cidr_text},
    Overload{"ip", "cidr.() -> ip", ip_of_cidr},
    Overload{"masked", "cidr.() -> cidr", masked},
    Overload{"prefixLength", "cidr.() -> int", prefix_length},
};

}  // namespace

std::span<const Overload> network_functions() {
  return table;
}

std::optional<Address> read_address(std::string_view text, std::string_view& reason) {
  const auto address = read_written(text, reason);
  if (!address) return std::nullopt;
  return unmapped(*address);
}

std::string address_text(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const int family = address.is_v4 ? AF_INET : AF_INET6;
  inet_ntop(family, address.bytes.data(), buffer.data(), static_cast<socklen_t>(buffer.size()));
  return buffer.data();
}

std::string cidr_text(const Value& cidr) {
  return address_text(cidr.address()) + '/' + std::to_string(cidr.prefix_length());
}

}  // namespace cel
