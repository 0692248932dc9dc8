#include "auth/token.h"

#include <set>

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"
#include "base/base64.h"

namespace auth {
namespace {

std::string with_header(std::string_view header) {
  return base::base64url_encode(header) + ".e30.AAAA";
}

std::optional<TokenFault> fault_of(std::string_view text) {
  const auto token = UnverifiedToken::parse(text);
  if (token) return std::nullopt;
  return token.error();
}

TEST(UnverifiedToken, knows_its_algorithm_and_key_id) {
  const auto token = UnverifiedToken::parse(with_header(R"({"alg":"ES256","kid":"a\u0000b"})"));

  ASSERT_TRUE(token);
  EXPECT_EQ(token->algorithm(), crypto::Algorithm::es256);
  EXPECT_EQ(token->key_id(), std::string("a\0b", 3));
  EXPECT_EQ(UnverifiedToken::parse(with_header(R"({"alg":"EdDSA"})"))->key_id(), std::nullopt);
}

TEST(UnverifiedToken, has_three_parts) {
  for (const std::string_view text : {"", ".", "a.b", "a.b.c.d", "a.b.c.d.e", "...."}) {
    EXPECT_EQ(fault_of(text), TokenFault::not_three_parts) << text;
  }
  EXPECT_EQ(fault_of(".."), TokenFault::header_not_json);
}

TEST(UnverifiedToken, is_at_most_16_kib) {
  std::string token = with_header(R"({"alg":"ES256"})");
  token.insert(token.rfind('.'), std::string((token_size_max - token.size()) / 4 * 4, 'A'));

  EXPECT_EQ(fault_of(token), std::nullopt);
  EXPECT_EQ(fault_of(token + "AAAA"), TokenFault::too_long);
}

TEST(UnverifiedToken, refuses_headers_it_does_not_understand) {
  const std::vector<std::pair<std::string_view, TokenFault>> cases{
      {"", TokenFault::header_not_json},
      {"[]", TokenFault::header_not_json},
      {R"({"alg":"ES256","alg":"ES256"})", TokenFault::header_not_json},
      {R"({"alg":"ES256","crit":[]})", TokenFault::header_unsupported},
      {R"({"alg":"ES256","crit":null})", TokenFault::header_unsupported},
      {R"({"alg":"ES256","b64":true})", TokenFault::header_unsupported},
      {R"({"alg":"ES256","zip":"DEF"})", TokenFault::header_unsupported},
      {R"({"alg":"dir","enc":"A256GCM"})", TokenFault::header_unsupported},
      {"{}", TokenFault::algorithm_missing},
      {R"({"alg":null})", TokenFault::algorithm_missing},
      {R"({"alg":["ES256"]})", TokenFault::algorithm_missing},
      {R"({"alg":"none"})", TokenFault::algorithm_unknown},
      {R"({"alg":"hs256"})", TokenFault::algorithm_unknown},
      {R"({"alg":"ES256","kid":1})", TokenFault::key_id_malformed},
      {R"({"alg":"ES256","typ":null})", TokenFault::type_wrong},
      {R"({"alg":"ES256","typ":["JWT"]})", TokenFault::type_wrong},
  };

  for (const auto& [header, fault] : cases)
    EXPECT_EQ(fault_of(with_header(header)), fault) << header;
}

TEST(UnverifiedToken, gives_its_type_in_one_spelling) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"JWT", "jwt"},
      {"application/at+JWT", "at+jwt"},
      {"a/b", "a/b"},
      {"application/a/b", "application/a/b"},
      {"logout+jwt", "logout+jwt"},
      {"", ""},
  };
  for (const auto& [type, expected] : cases) {
    const auto token = UnverifiedToken::parse(
        with_header(R"({"alg":"ES256","typ":")" + std::string(type) + R"("})"));
    ASSERT_TRUE(token) << type;
    EXPECT_EQ(token->type(), expected);
  }
  EXPECT_EQ(UnverifiedToken::parse(with_header(R"({"alg":"ES256"})"))->type(), std::nullopt);
}

TEST(UnverifiedToken, has_either_a_signature_or_a_mac) {
  const auto signed_one = UnverifiedToken::parse(with_header(R"({"alg":"ES256"})"));
  EXPECT_EQ(signed_one->algorithm(), crypto::Algorithm::es256);
  EXPECT_EQ(signed_one->mac(), std::nullopt);
  const auto with_mac = UnverifiedToken::parse(with_header(R"({"alg":"HS384"})"));
  EXPECT_EQ(with_mac->algorithm(), std::nullopt);
  EXPECT_EQ(with_mac->mac(), crypto::Hash::sha384);
}

TEST(UnverifiedToken, survives_a_deep_header) {
  const std::string deep = R"({"alg":"ES256","x":)" + std::string(5000, '[');

  EXPECT_EQ(fault_of(with_header(deep)), TokenFault::header_not_json);
}

TEST(TokenFault, has_a_text_that_fits_error_description) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < token_fault_count; ++i) {
    const auto fault = static_cast<TokenFault>(i);
    names.insert(name_of(fault));
    EXPECT_FALSE(text_of(fault).empty());
    for (const char c : text_of(fault)) {
      EXPECT_TRUE(c >= ' ' && c <= '~' && c != '"' && c != '\\') << text_of(fault);
    }
  }
  EXPECT_EQ(names.size(), token_fault_count);
}

}  // namespace
}  // namespace auth
