#include "http/headers.h"

#include <gtest/gtest.h>

#include "http/detail_line.h"
#include "http/header_rules.h"

namespace http {
namespace {

Headers headers_of(const std::vector<std::pair<std::string, std::string>>& fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

TEST(Headers, find_fields_whatever_their_case) {
  const Headers headers = headers_of({{"X-One", "1"}, {"x-two", " 2 "}, {"X-ONE", "3"}});

  EXPECT_EQ(headers.find("x-one"), "1");
  EXPECT_EQ(headers.find("X-Two"), "2");
  EXPECT_FALSE(headers.find("x-three"));
  EXPECT_EQ(headers.count("x-One"), 2u);
  EXPECT_EQ(headers.all("x-one"), (std::vector<std::string_view>{"1", "3"}));
  EXPECT_EQ(headers.at(0).name, "x-one");
}

TEST(Headers, set_leaves_one_field_in_the_place_of_the_first) {
  Headers headers = headers_of({{"a", "1"}, {"b", "2"}, {"a", "3"}});

  headers.set("A", "4");
  headers.set("c", "5");

  EXPECT_EQ(headers, headers_of({{"a", "4"}, {"b", "2"}, {"c", "5"}}));
  EXPECT_EQ(headers.remove("a"), 1u);
  EXPECT_EQ(headers.remove("a"), 0u);
  EXPECT_EQ(headers, headers_of({{"b", "2"}, {"c", "5"}}));
}

TEST(Headers, never_hold_a_control_character_or_a_name_that_is_no_token) {
  Headers headers;

  headers.add("a", std::string("x\r\ny\0z\tw", 8));
  headers.add("b c", "1");
  headers.add("", "1");
  headers.set("d:", "1");

  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers.find("a"), "x  y z\tw");
}

TEST(StripRequest, removes_what_belongs_to_the_connection_and_keeps_what_is_checked) {
  Headers headers = headers_of({{"connection", "close, X-Hop, authorization, mcp-session-id"},
                                {"connection", "x-forwarded-for, cookie"},
                                {"x-hop", "1"},
                                {"authorization", "t"},
                                {"mcp-session-id", "s"},
                                {"x-forwarded-for", "1.2.3.4"},
                                {"cookie", "c"},
                                {"te", "trailers"},
                                {"upgrade", "h2c"},
                                {"http2-settings", "x"},
                                {"proxy-authorization", "p"},
                                {"keep-alive", "1"},
                                {"accept", "*/*"}});

  strip_request(headers);

  EXPECT_EQ(headers, headers_of({{"authorization", "t"},
                                 {"mcp-session-id", "s"},
                                 {"x-forwarded-for", "1.2.3.4"},
                                 {"cookie", "c"},
                                 {"accept", "*/*"}}));
}

TEST(StripRequest, removes_every_field_of_a_connection) {
  for (const char* name : {"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
                           "TE", "Proxy-Connection", "Trailer", "Transfer-Encoding", "Upgrade",
                           "HTTP2-Settings", "Proxy-Authentication-Info"}) {
    Headers headers = headers_of({{"a", "1"}, {name, "x"}, {"upgrades", "2"}, {name, "y"}});

    strip_request(headers);

    EXPECT_EQ(headers, headers_of({{"a", "1"}, {"upgrades", "2"}})) << name;
    EXPECT_TRUE(is_hop_by_hop(name)) << name;
  }
}

TEST(StripResponse, removes_alternative_services_too) {
  Headers headers = headers_of({{"alt-svc", "h3"}, {"x-hop", "1"}, {"connection", "X-HOP"}});
  Headers request = headers;

  strip_response(headers);
  strip_request(request);

  EXPECT_TRUE(headers.is_empty());
  EXPECT_EQ(request, headers_of({{"alt-svc", "h3"}}));
}

TEST(CheckSingle, refuses_a_second_copy_of_what_decides) {
  for (const char* name :
       {"Authorization", "Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Origin",
        "Mcp-Session-Id", "MCP-Protocol-Version"}) {
    EXPECT_TRUE(check_single(headers_of({{name, "a"}, {"x", "b"}, {"x", "b"}}))) << name;
    EXPECT_FALSE(check_single(headers_of({{name, "a"}, {name, "a"}}))) << name;
  }
}

TEST(KnownField, is_settled_by_the_whole_name) {
  const std::pair<std::string_view, KnownField> names[] = {
      {"te", KnownField::te},
      {"host", KnownField::host},
      {"expect", KnownField::expect},
      {"origin", KnownField::origin},
      {"alt-svc", KnownField::alt_svc},
      {"trailer", KnownField::trailer},
      {"upgrade", KnownField::upgrade},
      {"connection", KnownField::connection},
      {"keep-alive", KnownField::keep_alive},
      {"content-type", KnownField::content_type},
      {"authorization", KnownField::authorization},
      {"content-length", KnownField::content_length},
      {"http2-settings", KnownField::http2_settings},
      {"proxy-connection", KnownField::proxy_connection},
      {"transfer-encoding", KnownField::transfer_encoding},
      {"proxy-authenticate", KnownField::proxy_authenticate},
      {"proxy-authorization", KnownField::proxy_authorization},
      {"proxy-authentication-info", KnownField::proxy_authentication_info},
  };
  for (const auto& [name, field] : names) {
    EXPECT_EQ(known_field(name), field) << name;
    EXPECT_EQ(known_field(std::string(name) + "x"), KnownField::none) << name;
    EXPECT_EQ(known_field(name.substr(1)), KnownField::none) << name;
    for (std::size_t at = 0; at < name.size(); ++at) {
      std::string other(name);
      other[at] = '_';
      EXPECT_EQ(known_field(other), KnownField::none) << other;
    }
  }
  EXPECT_EQ(known_field("mcp-session-id"), KnownField::mcp);
  EXPECT_EQ(known_field("mcp-"), KnownField::mcp);
  EXPECT_EQ(known_field("mcp"), KnownField::none);
  EXPECT_EQ(known_field("m"), KnownField::none);
  EXPECT_EQ(known_field(""), KnownField::none);
}

TEST(FindControl, finds_the_first_wherever_it_stands) {
  for (std::size_t at = 0; at < 100; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
      std::string text(100, 'x');
      text[at] = static_cast<char>(byte);
      EXPECT_EQ(find_control(text), is_control ? at : text.size()) << byte;
      if (at > 0) text[at / 2] = '\t';
      EXPECT_EQ(find_control(text), is_control ? at : text.size()) << byte;
    }
  }
}

TEST(IsDisguised, knows_names_that_turn_into_known_ones) {
  EXPECT_TRUE(is_disguised("Mcp_Session_Id"));
  EXPECT_TRUE(is_disguised("content_length"));
  EXPECT_TRUE(is_disguised("X_Forwarded-For"));
  EXPECT_FALSE(is_disguised("x_trace"));
  EXPECT_FALSE(is_disguised("content-length"));
}

}  // namespace
}  // namespace http
