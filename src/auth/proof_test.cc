#include "auth/proof.h"

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"
#include "auth/proof_guard.h"
#include "base/base64.h"
#include "json/write.h"

namespace auth {
namespace {

using crypto::Algorithm;

std::string digest_of(std::string_view text) {
  return base::base64url_encode(crypto::view_of(crypto::sha256(text)));
}

// A client with a key, and the parts of a proof, each of which a test may spoil.
struct Client {
  Client() = default;
  explicit Client(Algorithm used, crypto::KeyFamily family)
      : algorithm(used), key(crypto::PrivateKey::generate(family).value()) {}

  std::string header(std::string_view alg = "", std::string_view more = "") const {
    return R"({"typ":"dpop+jwt","alg":")" +
           std::string(alg.empty() ? crypto::name_of(algorithm) : alg) + R"(","jwk":)" +
           public_jwk(key, algorithm, "") + std::string(more) + "}";
  }
  static std::string claims(std::string_view more = "") {
    return R"({"jti":"one","htm":"POST","htu":"https://gw.test/mcp","iat":1800000000,"ath":")" +
           digest_of("token") + "\"" + std::string(more) + "}";
  }
  std::string proof() const { return proof(header(), claims()); }
  std::string proof(const std::string& header, const std::string& claims) const {
    return mint_with_header(key, algorithm, header, claims).value();
  }
  std::string thumbprint() const { return Proof::parse(proof())->thumbprint(); }

  Algorithm algorithm = Algorithm::es256;
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyFamily::p256).value();
};

const Client& client() {
  static const Client one;
  return one;
}

std::string_view fault_of(const std::string& text) {
  const auto proof = Proof::parse(text);
  return proof ? std::string_view("fine") : name_of(proof.error());
}

std::string_view judged(const std::string& text, const ProvenRequest& request,
                        std::int64_t seconds_later = 0) {
  const auto proof = Proof::parse(text);
  if (!proof) return name_of(proof.error());
  const auto fault = proof->check(request, test_time(seconds_later));
  return fault ? name_of(*fault) : std::string_view("fine");
}

ProvenRequest request_of(const Client& one) {
  static std::string thumbprint;
  thumbprint = one.thumbprint();
  ProvenRequest request;
  request.method = "POST";
  request.addresses = proven_addresses({}, "gw.test", "/mcp");
  request.token = "token";
  request.thumbprint = thumbprint;
  return request;
}

TEST(Proof, is_accepted_with_every_asymmetric_algorithm) {
  const std::pair<Algorithm, crypto::KeyFamily> table[] = {
      {Algorithm::rs256, crypto::KeyFamily::rsa},  {Algorithm::ps384, crypto::KeyFamily::rsa},
      {Algorithm::es256, crypto::KeyFamily::p256}, {Algorithm::es384, crypto::KeyFamily::p384},
      {Algorithm::es512, crypto::KeyFamily::p521}, {Algorithm::eddsa, crypto::KeyFamily::ed25519},
  };
  for (const auto& [algorithm, family] : table) {
    const Client one(algorithm, family);
    EXPECT_EQ(judged(one.proof(), request_of(one)), "fine") << crypto::name_of(algorithm);
  }
}

// RFC 7638, 3.1 gives the digest of this key.
TEST(Proof, has_the_thumbprint_that_the_standard_says) {
  const auto jwk =
      json::Document::parse(
          R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})")
          .value();
  EXPECT_EQ(key_thumbprint(jwk.root()), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(Proof, must_be_a_jws_of_its_type_by_its_own_key) {
  const Client other;
  const std::string good = client().proof();
  const std::string claims = Client::claims();
  const auto with_header = [&](const std::string& header) {
    return client().proof(header, claims);
  };
  const std::string jwk = public_jwk(client().key, Algorithm::es256, "");
  const struct {
    std::string text;
    std::string_view verdict;
  } table[] = {
      {good, "fine"},
      {"", "proof_malformed"},
      {"a.b", "proof_malformed"},
      {good + ".x", "proof_malformed"},
      {good + "=", "proof_malformed"},
      {std::string(proof_size_max, 'a') + good, "proof_malformed"},
      {good.substr(0, good.rfind('.') + 1), "proof_signature_wrong"},
      {with_header("[]"), "proof_malformed"},
      {with_header(R"({"typ":"JWT","alg":"ES256","jwk":)" + jwk + "}"), "proof_type_wrong"},
      {with_header(R"({"alg":"ES256","jwk":)" + jwk + "}"), "proof_type_wrong"},
      {with_header(R"({"typ":"dpop+jwt","jwk":)" + jwk + "}"), "proof_algorithm_wrong"},
      {with_header(client().header("none")), "proof_algorithm_wrong"},
      {with_header(client().header("HS256")), "proof_algorithm_wrong"},
      {with_header(client().header("RS256")), "proof_algorithm_wrong"},
      {with_header(client().header("ES384")), "proof_algorithm_wrong"},
      {with_header(client().header("", R"(,"crit":[])")), "proof_malformed"},
      {with_header(client().header("", R"(,"typ":"dpop+jwt")")), "proof_malformed"},
      {with_header(R"({"typ":"dpop+jwt","alg":"ES256"})"), "proof_malformed"},
      {with_header(R"({"typ":"dpop+jwt","alg":"ES256","jwk":{}})"), "proof_key_wrong"},
      {with_header(R"({"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"oct","k":"AA"}})"),
       "proof_key_wrong"},
      {with_header(R"({"typ":"dpop+jwt","alg":"ES256","jwk":)" + jwk.substr(0, jwk.size() - 1) +
                   R"(,"d":"AA"}})"),
       "proof_key_wrong"},
      {with_header(other.header()), "proof_signature_wrong"},
  };
  for (const auto& row : table) EXPECT_EQ(fault_of(row.text), row.verdict) << row.text;
}

TEST(Proof, must_say_all_that_is_asked) {
  const std::string ath = digest_of("token");
  const struct {
    std::string claims;
    std::string_view verdict;
  } table[] = {
      {R"({"htm":"POST","htu":"https://gw.test/mcp","iat":1800000000,"ath":"x"})",
       "proof_malformed"},
      {R"({"jti":"","htm":"POST","htu":"https://gw.test/mcp","iat":1800000000,"ath":"x"})",
       "proof_malformed"},
      {R"({"jti":1,"htm":"POST","htu":"https://gw.test/mcp","iat":1800000000,"ath":"x"})",
       "proof_malformed"},
      {R"({"jti":")" + std::string(257, 'j') +
           R"(","htm":"POST","htu":"https://gw.test/mcp","iat":1800000000,"ath":"x"})",
       "proof_malformed"},
      {R"({"jti":"a","htu":"https://gw.test/mcp","iat":1800000000,"ath":"x"})", "proof_malformed"},
      {R"({"jti":"a","htm":"POST","iat":1800000000,"ath":"x"})", "proof_malformed"},
      {R"({"jti":"a","htm":"POST","htu":"https://gw.test/mcp","ath":"x"})", "proof_malformed"},
      {R"({"jti":"a","htm":"POST","htu":"https://gw.test/mcp","iat":"1","ath":"x"})",
       "proof_malformed"},
      {R"({"jti":"a","htm":"POST","htu":"https://gw.test/mcp","iat":1e300,"ath":"x"})",
       "proof_malformed"},
      {R"({"jti":"a","htm":"POST","htu":"https://gw.test/mcp","iat":1800000000})",
       "proof_malformed"},
      {R"({"jti":"a","jti":"b","htm":"POST","htu":"https://gw.test/mcp","iat":1800000000,"ath":"x"})",
       "proof_malformed"},
      {Client::claims(R"(,"nonce":1)"), "proof_malformed"},
      {Client::claims(R"(,"nonce":"n","more":{})"), "fine"},
  };
  for (const auto& row : table) {
    EXPECT_EQ(fault_of(client().proof(client().header(), row.claims)), row.verdict) << row.claims;
  }
}

TEST(Proof, is_for_one_request_with_one_token) {
  const Client other;
  const ProvenRequest good = request_of(client());
  EXPECT_EQ(judged(client().proof(), good), "fine");
  ProvenRequest request = good;
  request.method = "GET";
  EXPECT_EQ(judged(client().proof(), request), "proof_method_wrong");
  request.method = "post";
  EXPECT_EQ(judged(client().proof(), request), "proof_method_wrong");
  request = good;
  request.token = "another token";
  EXPECT_EQ(judged(client().proof(), request), "proof_token_wrong");
  request = good;
  request.thumbprint = "x";
  EXPECT_EQ(judged(client().proof(), request), "proof_binding_wrong");
  EXPECT_EQ(judged(other.proof(), request_of(client())), "proof_binding_wrong");
  for (const auto& [later, verdict] : {std::pair<std::int64_t, std::string_view>{59, "fine"},
                                       {60, "proof_time_wrong"},
                                       {-60, "fine"},
                                       {-61, "proof_time_wrong"}}) {
    EXPECT_EQ(judged(client().proof(), request_of(client()), later), verdict) << later;
  }
}

TEST(Proof, is_for_the_address_without_query_in_any_spelling_of_it) {
  const struct {
    std::string_view htu;
    std::vector<std::string> origins;
    std::string_view verdict;
  } table[] = {
      {"https://gw.test/mcp", {}, "fine"},
      {"http://gw.test/mcp", {}, "fine"},
      {"HTTPS://GW.test:443/mcp", {}, "fine"},
      {"https://gw.test/mcp?a=b#c", {}, "fine"},
      {"https://gw.test/mcp/", {}, "proof_address_wrong"},
      {"https://gw.test/", {}, "proof_address_wrong"},
      {"https://gw.test/MCP", {}, "proof_address_wrong"},
      {"https://gw.test:8443/mcp", {}, "proof_address_wrong"},
      {"https://other.test/mcp", {}, "proof_address_wrong"},
      {"https://gw.test@other.test/mcp", {}, "proof_address_wrong"},
      {"ftp://gw.test/mcp", {}, "proof_address_wrong"},
      {"/mcp", {}, "proof_address_wrong"},
      {"", {}, "proof_address_wrong"},
      {"https://public.test/mcp", {"https://public.test"}, "fine"},
      {"http://public.test/mcp", {"https://public.test"}, "proof_address_wrong"},
      {"https://gw.test/mcp", {"https://public.test"}, "proof_address_wrong"},
      {"https://b.test:9/mcp", {"https://a.test", "https://b.test:9"}, "fine"},
  };
  for (const auto& row : table) {
    ProvenRequest request = request_of(client());
    request.addresses = proven_addresses(row.origins, "gw.test", "/mcp");
    const std::string claims = R"({"jti":"one","htm":"POST","htu":")" + std::string(row.htu) +
                               R"(","iat":1800000000,"ath":")" + digest_of("token") + "\"}";
    EXPECT_EQ(judged(client().proof(client().header(), claims), request), row.verdict) << row.htu;
  }
}

Proof proof_with(const Client& one, std::string_view id, std::int64_t issued = 1'800'000'000) {
  const std::string claims = R"({"jti":")" + std::string(id) +
                             R"(","htm":"POST","htu":"https://gw.test/mcp","ath":"x","iat":)" +
                             std::to_string(issued) + "}";
  return Proof::parse(one.proof(one.header(), claims)).value();
}

TEST(SeenProofs, take_each_proof_once) {
  const Client other;
  SeenProofs seen;
  EXPECT_EQ(seen.remember(proof_with(client(), "a"), test_time()), std::nullopt);
  EXPECT_EQ(seen.remember(proof_with(client(), "a"), test_time()), ProofFault::replayed);
  EXPECT_EQ(seen.remember(proof_with(client(), "a", 1'800'000'030), test_time(59)),
            ProofFault::replayed)
      << "the same id with another time";
  EXPECT_EQ(seen.remember(proof_with(client(), "b"), test_time()), std::nullopt);
  EXPECT_EQ(seen.remember(proof_with(other, "a"), test_time()), std::nullopt)
      << "another caller chooses its own ids";
}

TEST(SeenProofs, forget_what_no_check_accepts_any_more_and_take_no_more_than_fit) {
  SeenProofs seen(2);
  EXPECT_EQ(seen.remember(proof_with(client(), "a"), test_time()), std::nullopt);
  EXPECT_EQ(seen.remember(proof_with(client(), "b"), test_time()), std::nullopt);
  EXPECT_EQ(seen.remember(proof_with(client(), "c"), test_time(59)), ProofFault::too_many);
  EXPECT_EQ(seen.remember(proof_with(client(), "c", 1'800'000'060), test_time(60)), std::nullopt);
  EXPECT_EQ(seen.size(), 1U);
}

TEST(ProofNonces, are_ours_and_young) {
  const ProofNonces nonces;
  const ProofNonces others;
  const std::string nonce = nonces.make(test_time());
  using State = ProofNonces::State;
  EXPECT_EQ(nonces.judge(nonce, test_time()), State::fresh);
  EXPECT_EQ(nonces.judge(nonce, test_time(150)), State::fresh);
  EXPECT_EQ(nonces.judge(nonce, test_time(151)), State::aging);
  EXPECT_EQ(nonces.judge(nonce, test_time(300)), State::aging);
  EXPECT_EQ(nonces.judge(nonce, test_time(301)), State::refused);
  EXPECT_EQ(nonces.judge(nonce, test_time(-1)), State::refused);
  EXPECT_EQ(others.judge(nonce, test_time()), State::refused);
  EXPECT_EQ(nonces.judge("", test_time()), State::refused);
  EXPECT_NE(nonces.make(test_time()), nonce);
}

}  // namespace
}  // namespace auth
