#include "base/text.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Text, compares_without_ascii_case) {
  EXPECT_TRUE(equal_ignoring_case("Content-Type", "content-TYPE"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("K", "\xE2\x84\xAA"));  // the Kelvin sign is no K
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_TRUE(starts_with_ignoring_case("BEARER x", "bearer "));
  EXPECT_FALSE(starts_with_ignoring_case("Bear", "bearer"));
  EXPECT_EQ(to_lower("AbC-\xC3\x84"), "abc-\xC3\x84");
  EXPECT_EQ(to_upper("AbC"), "ABC");
}

TEST(Text, trims_spaces_and_tabs) {
  EXPECT_EQ(trim(" \t a b\t "), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("a\n"), "a\n");
}

TEST(Text, splits_and_joins) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Text, counts_edits) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("post", "port"), 1U);
  EXPECT_EQ(edit_distance("issure", "issuer"), 1U);  // neighbours swapped
  EXPECT_EQ(edit_distance("jwt_auth", "jwtAuth"), 0U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);  // restricted: no edit between swapped letters
}

TEST(Text, suggests_the_likely_slip_only) {
  const std::vector<std::string> known = {"issuer", "audiences", "jwks", "port", "url"};
  EXPECT_EQ(closest("issuers", known), "issuer");
  EXPECT_EQ(closest("post", known), "port");
  EXPECT_EQ(closest("Audience", known), "audiences");
  EXPECT_EQ(closest("jwk_s", known), "jwks");
  EXPECT_EQ(closest("uri", known), "url");
  EXPECT_EQ(closest("banana", known), "");
  EXPECT_EQ(closest("x", known), "");
  EXPECT_EQ(closest("", known), "");
  EXPECT_EQ(closest(std::string(100'000, 'a'), known), "");
}

TEST(Text, prints_untrusted_bytes_safely) {
  EXPECT_EQ(printable("plain text"), "plain text");
  EXPECT_EQ(printable("a\nb\x1B[31m"), "a\\x0ab\\x1b[31m");
  EXPECT_EQ(printable("\xC3\xA9 \xE4\xB8\xAD"), "\xC3\xA9 \xE4\xB8\xAD");
  EXPECT_EQ(printable("\xFF\xC3"), "\\xff\\xc3");
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "exe.txt"),
            "\\u{202e}exe.txt");  // right-to-left override
  EXPECT_EQ(printable("\xC2\x85"), "\\u{0085}");
  EXPECT_EQ(printable("\xF3\xA0\x80\x81"), "\\u{e0001}");
  EXPECT_EQ(printable(std::string(10, 'a'), 4), "aaaa...");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Utf8, accepts_exactly_the_scalar_values) {
  for (char32_t scalar = 0; scalar <= 0x10FFFF; ++scalar) {
    if (scalar >= 0xD800 && scalar <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, scalar);
    ASSERT_EQ(utf8_length(text), text.size()) << static_cast<std::uint32_t>(scalar);
  }
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
                          "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "\xE2\x28\xA1", "\xFE", "\xFF"}) {
    EXPECT_EQ(utf8_length(bad), 0U);
    EXPECT_FALSE(is_utf8(std::string("ok ") + bad));
  }
}

}  // namespace
}  // namespace base
