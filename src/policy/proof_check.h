#pragma once
// Whether the caller of a token that is bound to a key proved that it holds the key (RFC 9449,
// DPoP). A bound token without its proof is a stolen token until shown otherwise, also where it
// comes as a plain bearer token.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/bearer.h"
#include "auth/proof_guard.h"
#include "policy/build.h"
#include "policy/exchange.h"
#include "schema/schema.h"

namespace policy {

// when_bound: a token with `cnf.jkt` needs its proof. required: no other tokens. off: proofs are
// not understood, so that bound tokens are refused.
enum class DpopMode { when_bound, required, off };
std::vector<std::string> spellings(DpopMode);

struct DpopSettings {
  DpopMode mode = DpopMode::when_bound;
  bool nonce = false;
  std::vector<std::string> origins;
  bool operator==(const DpopSettings&) const = default;
};
void describe(schema::Object<DpopSettings>& o);

class ProofCheck {
 public:
  // `guard` is one for the process.
  ProofCheck(DpopSettings settings, std::shared_ptr<auth::ProofGuard> guard);

  auth::Schemes schemes() const {
    return settings_.mode == DpopMode::off ? auth::Schemes::bearer : auth::Schemes::bearer_and_dpop;
  }
  // Whether it matters for these claims how the token came. Cheap: asked for every request.
  bool concerns(const auth::Claims& claims) const {
    return claims.key_thumbprint() || settings_.mode == DpopMode::required;
  }
  bool is_required() const { return settings_.mode == DpopMode::required; }

  // What is wrong with the proof of the request, if anything. A proof that is accepted is used up.
  std::optional<auth::ProofFault> judge(Exchange& exchange, const auth::Claims& claims,
                                        const auth::Bearer& credentials) const;

  // The challenge for a fault (RFC 9449, 7.1 and 9).
  static auth::Challenge challenge(auth::ProofFault fault);

 private:
  std::optional<auth::ProofFault> judge_nonce(Exchange& exchange, const auth::Proof& proof) const;

  DpopSettings settings_;
  std::shared_ptr<auth::ProofGuard> guard_;
};

// Offers the caller a nonce for its next proof, if it needs one.
void offer_nonce(const Exchange& exchange, http::Response& response);

// Fails if an origin is none.
void check_origins(const DpopSettings& settings, BuildContext& context);

}  // namespace policy
