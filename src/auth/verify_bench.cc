// What a token costs: verified, and found in the cache.

#include <benchmark/benchmark.h>

#include "auth/detail_issuer.h"
#include "auth/token_cache.h"

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

}  // namespace
}  // namespace auth
