#include "base/uri.h"

#include <gtest/gtest.h>

namespace {

TEST(Authority, takes_names_addresses_and_ports) {
  const auto with_port = Authority::parse("Example.COM:8080");
  ASSERT_TRUE(with_port);
  EXPECT_EQ(with_port->host(), "example.com");
  EXPECT_EQ(with_port->port(), 8080);
  EXPECT_EQ(with_port->text(), "example.com:8080");

  const auto address = Authority::parse("[2001:db8::1]:80");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host(), "[2001:db8::1]");
  EXPECT_TRUE(address->is_ipv6());
}

TEST(Authority, refuses_what_no_host_can_be) {
  for (const char* text : {"",
                           ":80",
                           "a:",
                           "a:x",
                           "a:-1",
                           "a:65536",
                           "a:000080",
                           "a b",
                           "a/b",
                           "a?b",
                           "a,b",
                           "a@b",
                           "a\\b",
                           "a%41",
                           "[::1",
                           "::1",
                           "[::1]x",
                           "[]",
                           "[1:2:3]",
                           "[::1::]",
                           "[g::]",
                           "[1:2:3:4:5:6:7:8:9]",
                           "[::1.2.3]",
                           "[::256.1.1.1]",
                           "[::44444444444444444444]",
                           "a..b",
                           ".a",
                           "\xc3\xa4"}) {
    EXPECT_FALSE(Authority::parse(text)) << text;
  }
}

TEST(Authority, takes_every_form_of_ipv6) {
  for (const char* text : {"[::]", "[::1]", "[1::]", "[1:2:3:4:5:6:7:8]", "[::ffff:1.2.3.4]",
                           "[1:2:3:4:5:6:1.2.3.4]", "[1::8]", "[fe80::1:2]"}) {
    EXPECT_TRUE(Authority::parse(text)) << text;
  }
}

TEST(Uri, is_taken_apart) {
  const auto uri = Uri::parse("HTTPS://Example.com/a/b?x=1&y=%20");

  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->scheme(), "https");
  EXPECT_EQ(uri->port(), 443);
  EXPECT_EQ(uri->path(), "/a/b");
  EXPECT_EQ(uri->query(), "x=1&y=%20");
  EXPECT_EQ(uri->origin(), "https://example.com");
  EXPECT_EQ(uri->text(), "https://example.com/a/b?x=1&y=%20");
  EXPECT_EQ(Uri::parse("http://a:8080")->text(), "http://a:8080/");
  EXPECT_EQ(Uri::parse("http://a?x")->target(), "/?x");
}

TEST(Uri, refuses_what_it_does_not_serve) {
  for (const char* text :
       {"", "/a", "a.com/x", "ftp://a/", "http:/a", "http://", "http://u:p@a/", "http://a/#f",
        "http://a/b c", "http://a/%zz", "http://a/%2", "http://a/\"", "http:///x"}) {
    EXPECT_FALSE(Uri::parse(text)) << text;
  }
}

TEST(HasDotSegment, sees_through_escapes_and_parameters) {
  for (const char* path :
       {"/.", "/..", "/a/..", "/a/../b", "/./a", "/%2e", "/%2E%2e/a", "/.%2e/", "/a%2f../b",
        "/a/..%5c", "/a\\..\\b", "/..;x/a", "/a%00", "/%2e%2e;a=b"}) {
    EXPECT_TRUE(has_dot_segment(path)) << path;
  }
  for (const char* path : {"/", "//", "/a.b", "/...", "/a/..b", "/b../c", "/.well-known/x",
                           "/a;x=..", "/%252e%252e/"}) {
    EXPECT_FALSE(has_dot_segment(path)) << path;
  }
}

TEST(PercentCoding, is_strict_and_comes_back) {
  EXPECT_EQ(percent_decode("a%20b+c"), "a b+c");
  EXPECT_FALSE(percent_decode("%"));
  EXPECT_FALSE(percent_decode("%4"));
  EXPECT_FALSE(percent_decode("%4g"));
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a/b c~"), "a%2Fb%20c~");
}

TEST(QueryValue, finds_the_first_of_a_name) {
  EXPECT_EQ(query_value("a=1&b=x%26y+z&b=2&c", "b"), "x&y z");
  EXPECT_EQ(query_value("a=1&c", "c"), "");
  EXPECT_EQ(query_value("%61=1", "a"), "1");
  EXPECT_FALSE(query_value("a=%zz", "a"));
  EXPECT_FALSE(query_value("", "a"));
}

}  // namespace
