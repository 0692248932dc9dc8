#include "net/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace net {
namespace {

TEST(Address, reads_and_writes_the_same_text) {
  for (const char* text : {"127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:8080",
                           "[::]:1", "[2001:db8::1]:443", "[::ffff:10.0.0.1]:9"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
}

TEST(Address, refuses_what_is_not_strictly_an_address) {
  for (const char* text : {"",
                           ":",
                           "127.0.0.1",
                           "127.1:80",
                           "127.0.0.1:",
                           "127.0.0.1:65536",
                           "127.0.0.1:-1",
                           "127.0.0.1:+1",
                           "127.0.0.1: 1",
                           "127.0.0.1:1 ",
                           "0127.0.0.1:1",
                           "256.0.0.1:1",
                           "::1:80",
                           "[127.0.0.1]:80",
                           "[::1:80",
                           "::1]:80",
                           "[]:80",
                           "localhost:80",
                           "0x7f000001:80",
                           " 1.2.3.4:5",
                           "2130706433:80",
                           "[fe80::1%lo]:80"}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
  EXPECT_FALSE(Address::parse(std::string_view("127.0.0.1\0.evil", 15), 80));
}

TEST(Address, takes_a_host_with_or_without_brackets) {
  EXPECT_EQ(Address::parse("[::1]", 80), Address::parse("::1", 80));
  EXPECT_EQ(Address::parse("1.2.3.4", 80)->host(), "1.2.3.4");
}

TEST(Address, survives_the_way_through_a_sockaddr) {
  for (const char* text : {"1.2.3.4:5", "[2001:db8::7]:65535"}) {
    const Address address = *Address::parse(text);
    sockaddr_storage storage{};
    const unsigned size = address.to_sockaddr(storage);
    EXPECT_EQ(size, address.is_v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    EXPECT_EQ(Address::from_sockaddr(storage), address);
  }
}

struct Case {
  const char* host;
  bool is_public;
};

TEST(Address, knows_public_addresses) {
  constexpr Case cases[] = {
      {"8.8.8.8", true},
      {"1.1.1.1", true},
      {"2606:4700::1111", true},
      {"127.0.0.1", false},
      {"127.255.0.1", false},
      {"0.0.0.0", false},
      {"0.1.2.3", false},
      {"10.0.0.1", false},
      {"172.16.0.1", false},
      {"172.31.255.255", false},
      {"172.32.0.1", true},
      {"192.168.1.1", false},
      {"100.64.0.1", false},
      {"100.127.0.1", false},
      {"100.128.0.1", true},
      {"169.254.169.254", false},
      {"192.0.0.8", false},
      {"192.0.2.1", false},
      {"198.18.0.1", false},
      {"198.19.255.1", false},
      {"198.51.100.1", false},
      {"203.0.113.9", false},
      {"224.0.0.1", false},
      {"240.0.0.1", false},
      {"255.255.255.255", false},
      {"::", false},
      {"::1", false},
      {"::ffff:127.0.0.1", false},
      {"::ffff:10.0.0.1", false},
      {"::ffff:8.8.8.8", true},
      {"::7f00:1", false},
      {"64:ff9b::a00:1", false},
      {"2002:7f00:1::", false},
      {"2001::1", false},
      {"2001:db8::1", false},
      {"fc00::1", false},
      {"fdff::1", false},
      {"fe80::1", false},
      {"febf::1", false},
      {"ff02::1", false},
      {"3fff::1", false},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(Address::parse(item.host, 1)->is_public(), item.is_public) << item.host;
  }
}

TEST(Address, classifies_mapped_addresses_as_what_they_map) {
  EXPECT_TRUE(Address::parse("::ffff:127.0.0.1", 1)->is_loopback());
  EXPECT_TRUE(Address::parse("::ffff:169.254.1.1", 1)->is_link_local());
  EXPECT_TRUE(Address::parse("::ffff:192.168.0.1", 1)->is_private());
  EXPECT_TRUE(Address::parse("::ffff:0.0.0.0", 1)->is_unspecified());
  EXPECT_FALSE(Address::parse("::2", 1)->is_loopback());
}

}  // namespace
}  // namespace net
