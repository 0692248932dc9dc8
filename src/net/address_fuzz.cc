// What is accepted as an address is what the system's own reader takes it for, reads back as
// itself, and cannot be public and special at once.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <arpa/inet.h>

#include "net/address.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_kind(const net::Address& address) {
  const bool is_special = address.is_loopback() || address.is_unspecified() ||
                          address.is_private() || address.is_link_local();
  require(!(address.is_public() && is_special));
  const net::Address plain = address.unmapped();
  require(plain.is_loopback() == address.is_loopback());
  require(plain.is_private() == address.is_private());
  require(plain.is_public() == address.is_public() || plain.is_v6() != address.is_v6());
}

void check_host(std::string_view text) {
  const auto address = net::Address::parse(text, 80);
  if (!address) return;
  const bool has_brackets = text.starts_with('[');
  const std::string host(has_brackets ? text.substr(1, text.size() - 2) : text);
  unsigned char bytes[16];
  const int family = address->is_v6() ? AF_INET6 : AF_INET;
  require(inet_pton(family, host.c_str(), bytes) == 1);
  require(std::memcmp(bytes, address->bytes().data(), address->bytes().size()) == 0);
  require(net::Address::parse(address->host(), 80) == *address);
  require(net::Address::parse(address->text()) == *address);
  check_kind(*address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_host(text);
  // The host of an address, which is what the seeds are.
  const std::size_t begin = text.find("://");
  if (begin != std::string_view::npos) {
    const std::string_view rest = text.substr(begin + 3);
    check_host(rest.substr(0, rest.find_first_of(rest.starts_with('[') ? "/" : ":/")));
  }
  if (const auto address = net::Address::parse(text)) {
    require(net::Address::parse(address->text()) == *address);
    check_kind(*address);
  }
  if (size == 4 || size == 16) {
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), data, size);
    const auto address = size == 4 ? net::Address::v4({bytes[0], bytes[1], bytes[2], bytes[3]}, 80)
                                   : net::Address::v6(bytes, 80);
    require(net::Address::parse(address.text()) == address);
    check_kind(address);
  }
  return 0;
}
