// Tokens from bytes: whatever is accepted must have been signed, and the cache must say the same.
// The first byte chooses whether the rest is a token as it stands, or claims that are signed here
// (which no mutation of a whole token would ever reach).

#include <cstdlib>

#include "auth/detail_issuer.h"
#include "auth/token_cache.h"

namespace {

// An independent look at what an accepted token must say.
void check(const auth::Claims& claims, const auth::TestIssuer& issuer) {
  const json::Value root = claims.root();
  if (root.find_string("iss") != issuer.name()) std::abort();
  const auto expires = root.find("exp");
  if (!expires || !expires->is_number()) std::abort();
  if (claims.good_until() <= auth::test_time()) std::abort();
  if (!root.find("aud")) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auth::TestIssuer issuer("https://issuer.test", crypto::Algorithm::eddsa);
  static const auth::Trust trust = issuer.trust();
  static auth::TokenCache cache;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_signed = data[0] % 2 == 1;
  const std::string token = is_signed ? issuer.sign(rest) : std::string(rest);

  const auth::Verdict verdict = auth::verify(token, trust, auth::test_time());
  if (verdict) {
    if (!is_signed) std::abort();
    check(**verdict, issuer);
  }
  for (int i = 0; i < 2; ++i) {
    if (cache.verdict(token, trust, auth::test_time()).has_value() != verdict.has_value()) {
      std::abort();
    }
  }
  return 0;
}
