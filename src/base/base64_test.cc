#include "base/base64.h"

#include <gtest/gtest.h>

namespace base {
namespace {

// RFC 4648, 10, plus bytes that show the two alphabets apart.
struct Pair {
  std::string bytes;
  std::string standard;
  std::string url;
};

std::vector<Pair> pairs() {
  return {{"", "", ""},
          {"f", "Zg==", "Zg"},
          {"fo", "Zm8=", "Zm8"},
          {"foo", "Zm9v", "Zm9v"},
          {"foob", "Zm9vYg==", "Zm9vYg"},
          {"fooba", "Zm9vYmE=", "Zm9vYmE"},
          {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
          {"\xFB\xFF\xBF", "+/+/", "-_-_"},
          {std::string("\0\0", 2), "AAA=", "AAA"}};
}

TEST(Base64, writes_and_reads_both_alphabets) {
  for (const Pair& pair : pairs()) {
    EXPECT_EQ(base64_encode(pair.bytes), pair.standard);
    EXPECT_EQ(base64url_encode(pair.bytes), pair.url);
    EXPECT_EQ(base64_decode(pair.standard), pair.bytes);
    EXPECT_EQ(base64url_decode(pair.url), pair.bytes);
  }
}

TEST(Base64, reads_back_every_byte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i));
    ASSERT_EQ(base64_decode(base64_encode(bytes)), bytes);
    ASSERT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
  }
}

TEST(Base64, refuses_other_spellings) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Zm9v\n", " Zm9v",
                           "Zm 9v", "Zm9v====", "-_-_", "Z", "Zm9vY", "Zg==Zg==", "Z=g="}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

TEST(Base64, may_read_without_padding) {
  EXPECT_EQ(base64_decode("Zg", Padding::optional), "f");
  EXPECT_EQ(base64_decode("Zg==", Padding::optional), "f");
  EXPECT_EQ(base64_decode("Zg=", Padding::optional), std::nullopt);
  EXPECT_EQ(base64_decode("Zh", Padding::optional), std::nullopt);
}

TEST(Base64, url_form_refuses_padding_whitespace_and_loose_bits) {
  for (const char* text :
       {"Zg==", "Zg=", "Zh", "Zm9", "Zm9v\n", "Zm9v ", "+/+/", "Z", "Zm.9v", "Zm9v\xC3"}) {
    EXPECT_EQ(base64url_decode(text), std::nullopt) << text;
  }
  EXPECT_EQ(base64url_decode(std::string("Zm\0v", 4)), std::nullopt);
}

}  // namespace
}  // namespace base
