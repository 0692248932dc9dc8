#pragma once
// Every way a token is wrong. Outward they all look alike (401, invalid_token); the enumerator is
// for logs, metrics and tests, its text for the error_description of RFC 6750, which never quotes
// the token.

#include <cstdint>
#include <string_view>

namespace auth {

enum class TokenFault : std::uint8_t {
  // The text of the token (RFC 7515, 7.1).
  too_long,
  not_three_parts,
  not_base64url,
  // Its header.
  header_not_json,
  header_unsupported,  // crit, b64, zip, enc: asks for something that is not done here
  algorithm_missing,
  algorithm_unknown,
  type_wrong,  // a JWT made for another use
  key_id_malformed,
  // Its claims, before any trust in them.
  claims_not_json,
  issuer_missing,
  issuer_unknown,
  // The key.
  keys_missing,  // nobody could be asked for the issuer's keys: no fault of the token
  key_unknown,
  key_ambiguous,
  algorithm_not_accepted,
  signature_wrong,
  // Its claims.
  time_malformed,
  expired,
  not_yet_valid,
  audience_missing,
  audience_malformed,
  audience_wrong,
  subject_malformed,
  claim_missing,
  too_old,
  revoked,
  inactive,       // so says its issuer
  proof_missing,  // bound to a key or certificate that the caller did not prove (RFC 7800)
};
inline constexpr std::size_t token_fault_count = 29;

// The enumerator's spelling, for logs and metric labels.
std::string_view name_of(TokenFault fault);
// A sentence for the caller, in the characters RFC 6750, 3 allows.
std::string_view text_of(TokenFault fault);

}  // namespace auth
