// What authentication adds to a request whose token is known: the same request with and without it.

#include <benchmark/benchmark.h>

#include "auth/mint.h"
#include "policy/jwt_auth.h"

namespace policy {
namespace {

constexpr WallTime now{std::chrono::seconds(1'800'000'000)};

http::Request request_with(const std::string& credentials) {
  http::Request request("POST", "/mcp", "gw.test");
  request.headers.add("host", "gw.test");
  request.headers.add("content-type", "application/json");
  request.headers.add("accept", "application/json, text/event-stream");
  request.headers.add("authorization", credentials);
  request.headers.add("mcp-protocol-version", "2025-06-18");
  return request;
}

// `is_judged`: asks the policy. `is_new`: as on a new connection each time, so that the token is
// found in the memory of its core.
void request(benchmark::State& state, bool is_judged, bool is_new) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyFamily::p256).value();
  const auto algorithm = crypto::Algorithm::es256;
  const std::string credentials =
      "Bearer " +
      auth::mint(key, algorithm, "key",
                 R"({"iss":"https://issuer.test","aud":"gateway","sub":"a","exp":1900000000})")
          .value();
  cel::Environment environment({});
  auth::KeyStore keys;
  BuildContext context(environment, keys, true);
  JwtAuthSettings settings;
  settings.mode = JwtMode::strict;
  settings.issuer = "https://issuer.test";
  settings.audiences = {"gateway"};
  settings.jwks.emplace().text = auth::public_key_set(key, algorithm, "key");
  const auto policy = make_jwt_auth(settings, context);
  auth::TokenCache tokens;
  auth::LastToken last;
  for (auto _ : state) {
    Exchange exchange(request_with(credentials), Peer(), Instant(), now);
    auth::LastToken none;
    exchange.tokens = &tokens;
    exchange.last_token = is_new ? &none : &last;
    if (is_judged) benchmark::DoNotOptimize(policy->decide(exchange));
    benchmark::DoNotOptimize(exchange);
  }
}
BENCHMARK_CAPTURE(request, alone, false, false);
BENCHMARK_CAPTURE(request, known_to_the_connection, true, false);
BENCHMARK_CAPTURE(request, known_to_the_core, true, true);

}  // namespace
}  // namespace policy
