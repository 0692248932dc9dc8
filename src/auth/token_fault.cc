#include "auth/token_fault.h"

#include <array>

namespace auth {
namespace {

struct Row {
  TokenFault fault;
  std::string_view name;
  std::string_view text;
};
constexpr std::array<Row, token_fault_count> rows{{
    {TokenFault::too_long, "too_long", "the token is too long"},
    {TokenFault::not_three_parts, "not_three_parts",
     "the token is not a JWS of three parts separated by dots"},
    {TokenFault::not_base64url, "not_base64url",
     "a part of the token is not base64url without padding"},
    {TokenFault::header_not_json, "header_not_json",
     "the header is not a JSON object with unique names"},
    {TokenFault::header_unsupported, "header_unsupported",
     "the header asks for an extension that is not supported"},
    {TokenFault::algorithm_missing, "algorithm_missing", "the header names no algorithm"},
    {TokenFault::algorithm_unknown, "algorithm_unknown",
     "the signature algorithm is not supported"},
    {TokenFault::type_wrong, "type_wrong", "the token was made for another use"},
    {TokenFault::key_id_malformed, "key_id_malformed", "the key id is not a string"},
    {TokenFault::claims_not_json, "claims_not_json",
     "the payload is not a JSON object with unique names"},
    {TokenFault::issuer_missing, "issuer_missing", "the token names no issuer"},
    {TokenFault::issuer_unknown, "issuer_unknown", "the issuer is not trusted"},
    {TokenFault::keys_missing, "keys_missing", "the keys of the issuer are not there"},
    {TokenFault::key_unknown, "key_unknown", "the issuer has no such key"},
    {TokenFault::key_ambiguous, "key_ambiguous", "the issuer has several such keys"},
    {TokenFault::algorithm_not_accepted, "algorithm_not_accepted",
     "the signature algorithm is not accepted for this key"},
    {TokenFault::signature_wrong, "signature_wrong", "the signature is wrong"},
    {TokenFault::time_malformed, "time_malformed", "a time in the token is not a valid time"},
    {TokenFault::expired, "expired", "the token has expired"},
    {TokenFault::not_yet_valid, "not_yet_valid", "the token is not valid yet"},
    {TokenFault::audience_missing, "audience_missing", "the token names no audience"},
    {TokenFault::audience_malformed, "audience_malformed",
     "the audience is neither a string nor a list of strings"},
    {TokenFault::audience_wrong, "audience_wrong", "the token is for another audience"},
    {TokenFault::subject_malformed, "subject_malformed", "the subject is not a string"},
    {TokenFault::claim_missing, "claim_missing", "a required claim is missing"},
    {TokenFault::too_old, "too_old", "the token was issued too long ago"},
    {TokenFault::revoked, "revoked", "the token or its subject is on the revocation list"},
    {TokenFault::inactive, "inactive", "the issuer says that the token is not active"},
    {TokenFault::proof_missing, "proof_missing",
     "the token is bound to a key and came without a proof of it"},
}};

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].fault) != i) return false;
  }
  return true;
}
static_assert(rows_are_in_order());

}  // namespace

std::string_view name_of(TokenFault fault) {
  return rows[static_cast<std::size_t>(fault)].name;
}
std::string_view text_of(TokenFault fault) {
  return rows[static_cast<std::size_t>(fault)].text;
}

}  // namespace auth
