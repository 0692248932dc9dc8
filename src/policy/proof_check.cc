#include "policy/proof_check.h"

#include "base/uri.h"

namespace policy {

using auth::ProofFault;

std::vector<std::string> spellings(DpopMode) {
  return {"whenBound", "required", "off"};
}

void describe(schema::Object<DpopSettings>& o) {
  o.doc("Tokens that are bound to a key of their caller (RFC 9449, DPoP).");
  o.field("mode", &DpopSettings::mode,
          "`whenBound`: a token that is bound to a key needs a proof, others do not. `required`: "
          "only bound tokens with their proof. `off`: bound tokens are refused.");
  o.field("nonce", &DpopSettings::nonce,
          "Proofs must hold a nonce of ours, so that none can be made in advance. Clients are told "
          "by 401 `use_dpop_nonce`.");
  o.field("origins", &DpopSettings::origins,
          "Origins (`https://mcp.example.com`) under which clients know this gateway. Not given: "
          "whatever Host says, with http or https.");
}

ProofCheck::ProofCheck(DpopSettings settings, std::shared_ptr<auth::ProofGuard> guard)
    : settings_(std::move(settings)), guard_(std::move(guard)) {}

std::optional<ProofFault> ProofCheck::judge(Exchange& exchange, const auth::Claims& claims,
                                            const auth::Bearer& credentials) const {
  const std::optional<std::string>& bound = claims.key_thumbprint();
  if (!bound && !credentials.is_dpop) {
    return is_required() ? std::optional(ProofFault::missing) : std::nullopt;
  }
  if (!bound) return ProofFault::binding_wrong;
  // RFC 9449, 7.2: never as a bearer token.
  if (!credentials.is_dpop) return ProofFault::missing;
  if (exchange.proven_key == *bound) return std::nullopt;  // to a policy before this one

  const http::Request& request = exchange.request();
  const std::vector<std::string_view> values = request.headers.all("dpop");
  if (values.empty()) return ProofFault::missing;
  if (values.size() > 1) return ProofFault::several;
  const auto proof = auth::Proof::parse(values.front());
  if (!proof) return proof.error();
  auth::ProvenRequest proven;
  proven.method = request.method;
  proven.addresses = auth::proven_addresses(settings_.origins, request.authority, request.path());
  proven.token = credentials.token;
  proven.thumbprint = *bound;
  if (const auto fault = proof->check(proven, exchange.time)) return fault;
  if (const auto fault = judge_nonce(exchange, *proof)) return fault;
  if (const auto fault = guard_->seen.remember(*proof, exchange.time)) return fault;
  exchange.proven_key = *bound;
  return std::nullopt;
}

std::optional<ProofFault> ProofCheck::judge_nonce(Exchange& exchange,
                                                  const auth::Proof& proof) const {
  using State = auth::ProofNonces::State;
  if (!settings_.nonce) return std::nullopt;
  const State state =
      proof.nonce() ? guard_->nonces.judge(*proof.nonce(), exchange.time) : State::refused;
  if (state != State::fresh) exchange.proof_nonce = guard_->nonces.make(exchange.time);
  if (state == State::refused) return ProofFault::nonce_wrong;
  return std::nullopt;
}

auth::Challenge ProofCheck::challenge(ProofFault fault) {
  auth::Challenge challenge;
  challenge.scheme = "DPoP";
  challenge.algs = auth::proof_algorithms();
  switch (fault) {
    case ProofFault::nonce_wrong:
      challenge.error = "use_dpop_nonce";
      challenge.error_description = "the proof needs the nonce of the DPoP-Nonce header";
      break;
    case ProofFault::missing:
    case ProofFault::binding_wrong:
    case ProofFault::token_wrong:
      challenge.error = "invalid_token";
      challenge.error_description = "the access token is not accepted";
      break;
    default:
      challenge.error = "invalid_dpop_proof";
      challenge.error_description = "the proof is not accepted";
      break;
  }
  return challenge;
}

void offer_nonce(const Exchange& exchange, http::Response& response) {
  if (!exchange.proof_nonce.empty()) response.headers.set("dpop-nonce", exchange.proof_nonce);
}

void check_origins(const DpopSettings& settings, BuildContext& context) {
  for (const std::string& origin : settings.origins) {
    const auto uri = Uri::parse(origin);
    if (!uri || uri->target() != "/" || origin.ends_with('/')) {
      context.fail("`" + origin + "` is no origin: write `https://host` or `https://host:port`");
    }
  }
}

}  // namespace policy
