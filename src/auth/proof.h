#pragma once
// The proof that a caller holds the key its token is bound to (RFC 9449, DPoP): a small JWT, made
// for one request and signed with that key. Parsing and checking are pure; that a proof is used
// once only is the business of SeenProofs, and nonces are that of ProofNonces.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "auth/jwks.h"
#include "base/clock.h"
#include "crypto/key.h"

namespace auth {

// Keys of 8192 bits fit, longer fields are nobody's.
inline constexpr std::size_t proof_size_max = std::size_t{8} * 1024;
// How far `iat` may be from now, either way. A proof that was seen is remembered until it is out.
inline constexpr std::chrono::seconds proof_window{60};

enum class ProofFault : std::uint8_t {
  missing,    // the token is bound, and there is no proof or the scheme is not DPoP
  several,    // more than one DPoP header
  malformed,  // no JWS, or members are missing or of the wrong type
  type_wrong,
  algorithm_wrong,  // not asymmetric, or not that of its key
  key_wrong,        // not a public key that can verify
  signature_wrong,
  method_wrong,
  address_wrong,
  time_wrong,
  token_wrong,    // made for another access token
  binding_wrong,  // the token is bound to another key, or to none
  nonce_wrong,    // missing, not ours, or too old
  replayed,
  too_many,  // no more can be remembered, so none can be told from a replay
};
// "proof_replayed": for the log; a literal.
std::string_view name_of(ProofFault fault);

// What the proof has to be for.
struct ProvenRequest {
  std::string_view method;
  // Spellings of the address without its query, one of which is meant: the scheme in which the
  // client sees it is not always known.
  std::vector<std::string> addresses;
  std::string_view token;       // the access token's text
  std::string_view thumbprint;  // of the key to which it is bound
};

class Proof {
 public:
  // RFC 9449, 4.2 and 4.3: a JWS of type dpop+jwt with an asymmetric algorithm and its own public
  // key, which signed it. Nothing is said yet of the request.
  static tl::expected<Proof, ProofFault> parse(std::string_view text);

  // RFC 9449, 4.3, steps 8 to 12, nonce and replay left out.
  std::optional<ProofFault> check(const ProvenRequest& request, WallTime now) const;

  const std::string& thumbprint() const { return thumbprint_; }  // RFC 7638, SHA-256
  const std::string& id() const { return id_; }                  // `jti`
  const std::optional<std::string>& nonce() const { return nonce_; }
  // When no check() accepts it any more.
  WallTime good_until() const { return issued_ + proof_window; }

 private:
  Proof() = default;
  std::optional<ProofFault> read_header(std::string text);
  std::optional<ProofFault> read_claims(std::string text);

  std::optional<crypto::Algorithm> algorithm_;
  std::optional<crypto::PublicKey> key_;
  std::string thumbprint_;
  std::string id_;
  std::string method_;
  std::string address_;
  std::string token_digest_;
  std::optional<std::string> nonce_;
  WallTime issued_;
};

// The addresses of a request at that authority and path, as a client may have written them: with
// http and https. `origins` (scheme://host[:port]), where there are any, take the authority's
// place.
std::vector<std::string> proven_addresses(const std::vector<std::string>& origins,
                                          std::string_view authority, std::string_view path);

// The digest that stands for a public key (RFC 7638 with SHA-256): of a JWK that is a key.
std::string key_thumbprint(json::Value jwk);

// The algorithms proofs may have, as `algs` of a challenge names them (RFC 9449, 7.1).
std::string_view proof_algorithms();

}  // namespace auth
