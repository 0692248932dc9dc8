// What a token costs: verified, found in the cache, the same as before on its connection; and what
// a proof of possession costs, which is never remembered.

#include <benchmark/benchmark.h>

#include "auth/detail_issuer.h"
#include "auth/proof.h"
#include "auth/token_cache.h"
#include "base/base64.h"

namespace auth {
namespace {

void verify_token(benchmark::State& state, crypto::Algorithm algorithm) {
  const TestIssuer issuer("https://issuer.test", algorithm);
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice");
  for (auto _ : state) benchmark::DoNotOptimize(verify(token, trust, test_time()));
}
BENCHMARK_CAPTURE(verify_token, es256, crypto::Algorithm::es256);
BENCHMARK_CAPTURE(verify_token, rs256, crypto::Algorithm::rs256);
BENCHMARK_CAPTURE(verify_token, eddsa, crypto::Algorithm::eddsa);

void find_token(benchmark::State& state) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice");
  TokenCache cache;
  for (auto _ : state) benchmark::DoNotOptimize(cache.verdict(token, trust, test_time()));
}
BENCHMARK(find_token);

void find_last_token(benchmark::State& state) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string credentials = "Bearer " + issuer.token("alice");
  const std::string_view token = std::string_view(credentials).substr(7);
  TokenCache cache;
  LastToken last;
  benchmark::DoNotOptimize(cache.verdict(token, trust, test_time(), credentials, last));
  for (auto _ : state) benchmark::DoNotOptimize(last.find(credentials, trust, test_time()));
}
BENCHMARK(find_last_token);

void verify_mac(benchmark::State& state) {
  Provider provider;
  provider.issuer = "https://issuer.test";
  provider.audiences = {"gateway"};
  provider.secret = std::make_shared<const SharedSecret>(
      SharedSecret::make(crypto::Hash::sha256, "a key of this issuer, long enough").value());
  const Trust trust({provider});
  const std::string text =
      base::base64url_encode(R"({"alg":"HS256"})") + "." +
      base::base64url_encode(R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000})");
  const std::string token = text + "." + base::base64url_encode(provider.secret->code_of(text));
  for (auto _ : state) benchmark::DoNotOptimize(verify(token, trust, test_time()));
}
BENCHMARK(verify_mac);

void prove(benchmark::State& state) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyFamily::p256).value();
  const auto algorithm = crypto::Algorithm::es256;
  const std::string header =
      R"({"typ":"dpop+jwt","alg":"ES256","jwk":)" + public_jwk(key, algorithm, "") + "}";
  const std::string claims =
      R"({"jti":"one","htm":"POST","htu":"https://gw.test/mcp","iat":1800000000,"ath":")" +
      base::base64url_encode(crypto::view_of(crypto::sha256("token"))) + "\"}";
  const std::string text = mint_with_header(key, algorithm, header, claims).value();
  const std::string thumbprint = Proof::parse(text)->thumbprint();
  for (auto _ : state) {
    ProvenRequest request;
    request.method = "POST";
    request.addresses = proven_addresses({}, "gw.test", "/mcp");
    request.token = "token";
    request.thumbprint = thumbprint;
    benchmark::DoNotOptimize(Proof::parse(text)->check(request, test_time()));
  }
}
BENCHMARK(prove);

}  // namespace
}  // namespace auth
