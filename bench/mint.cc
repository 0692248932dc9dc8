// Tokens for the load generator, each signed anew (ES256), and the key set that accepts them. The
// signer is the gateway's own, which is no part of what is measured.
//
//   mint COUNT KEY_SET_FILE TOKEN_FILE

#include "auth/mint.h"

#include <cstdio>
#include <fstream>

#include "poller.h"
#include "wire.h"

namespace {

// The walkthrough's caller, until the year 2100, and a number that no other token has.
std::string claims_of(std::uint64_t number) {
  return R"({"iss":"agentgateway.dev","aud":"test.agentgateway.dev","sub":"test-user",)"
         R"("exp":4102444800,"nested":{"key":"value"},"jti":")" +
         std::to_string(number) + "\"}";
}

}  // namespace

int main(int count, char** words) {
  const auto wanted = count == 4 ? bench::number_at(words[1]) : std::nullopt;
  if (!wanted) bench::give_up("mint: see the head of bench/mint.cc");
  const auto key = crypto::PrivateKey::generate(crypto::KeyFamily::p256);
  if (!key) bench::give_up("mint: no key");
  std::ofstream(words[2]) << auth::public_key_set(*key, crypto::Algorithm::es256, "bench");
  std::ofstream tokens(words[3]);
  for (std::uint64_t number = 0; number < *wanted; ++number) {
    const auto token = auth::mint(*key, crypto::Algorithm::es256, "bench", claims_of(number));
    if (!token) bench::give_up("mint: a token was not signed");
    tokens << *token << "\n";
  }
  tokens.close();
  if (!tokens) bench::give_up("mint: the tokens were not written");
}
