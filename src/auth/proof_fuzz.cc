// Proofs of possession from bytes: header and claims, each on a line, signed here by one key. `$K`
// in the header stands for that key, so that inputs mean the same in every run though it is made at
// its start. What is accepted agrees with an independent look at it, and is accepted once.

#include <cstdlib>

#include "auth/mint.h"
#include "auth/proof.h"
#include "auth/proof_guard.h"
#include "base/base64.h"
#include "base/text.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

const crypto::PrivateKey& key() {
  static const crypto::PrivateKey one =
      crypto::PrivateKey::generate(crypto::KeyFamily::p256).value();
  return one;
}

constexpr WallTime now{std::chrono::seconds(1'800'000'000)};
constexpr std::string_view token = "token";

// As a client would write the digest.
std::string token_digest() {
  return base::base64url_encode(crypto::view_of(crypto::sha256(token)));
}

std::string with_key(std::string_view header) {
  std::string text(header);
  const std::size_t mark = text.find("$K");
  if (mark != std::string::npos) {
    text.replace(mark, 2, auth::public_jwk(key(), crypto::Algorithm::es256, ""));
  }
  return text;
}

// An independent look at a proof that was accepted for POST https://gw.test/mcp.
void check(std::string_view header_text, std::string_view claims_text) {
  const auto header = json::Document::parse(std::string(header_text));
  const auto claims = json::Document::parse(std::string(claims_text));
  require(header && claims);
  require(base::to_lower(header->root().find_string("typ").value()) == "dpop+jwt");
  require(header->root().find_string("alg") == "ES256");
  require(!header->root().find("jwk")->find("d"));
  require(claims->root().find_string("htm") == "POST");
  require(claims->root().find_string("ath") == token_digest());
  const std::string address = base::to_lower(claims->root().find_string("htu").value());
  require(address.starts_with("http") && address.find("gw.test") != std::string::npos &&
          address.find("/mcp") != std::string::npos);
  const double issued = claims->root().find("iat")->as_double().value();
  require(issued >= 1'799'999'940.0 && issued <= 1'800'000'060.0);
  require(!claims->root().find_string("jti").value().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The bytes as they are: nobody signed them.
  require(!auth::Proof::parse(text));
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  const std::string header = with_key(text.substr(0, line));
  const std::string claims(text.substr(line + 1));
  const auto signed_text =
      auth::mint_with_header(key(), crypto::Algorithm::es256, header, claims).value();
  const auto proof = auth::Proof::parse(signed_text);
  if (!proof) return 0;
  require(proof->thumbprint().size() == 43);
  auth::ProvenRequest request;
  request.method = "POST";
  request.addresses = auth::proven_addresses({}, "gw.test", "/mcp");
  request.token = token;
  request.thumbprint = proof->thumbprint();
  auth::SeenProofs seen;
  if (proof->check(request, now)) return 0;
  check(header, claims);
  require(!seen.remember(*proof, now));
  require(seen.remember(*proof, now) == auth::ProofFault::replayed);
  return 0;
}
