#include "auth/token.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/text.h"
#include "crypto/signature.h"

namespace auth {
namespace {

constexpr std::size_t header_depth_max = 16;
constexpr std::size_t header_members_max = 1000;

// RFC 7515, 4.1.9: "application/" may be left out, and media types are compared without case.
std::string short_type(std::string_view type) {
  constexpr std::string_view prefix = "application/";
  std::string text = base::to_lower(type);
  const bool has_prefix = text.starts_with(prefix) && text.find('/', prefix.size()) == text.npos;
  return has_prefix ? text.substr(prefix.size()) : text;
}

// Parameters that change what the rest of the token means. `crit` is refused whatever it lists: no
// extension is understood here (RFC 7515, 4.1.11). `b64` is RFC 7797; `zip` and `enc` belong to
// JWE.
bool asks_for_extension(json::Value header) {
  constexpr std::array<std::string_view, 4> names{"crit", "b64", "zip", "enc"};
  return std::ranges::any_of(names,
                             [&](std::string_view name) { return header.find(name).has_value(); });
}

struct Parts {
  std::string_view header, payload, signature;
};

// RFC 7515, 7.1: exactly two dots.
std::optional<Parts> split(std::string_view text) {
  const std::size_t first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (text.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{text.substr(0, first), text.substr(first + 1, second - first - 1),
               text.substr(second + 1)};
}

}  // namespace

std::optional<TokenFault> UnverifiedToken::read_header(std::string text) {
  json::Limits limits;
  limits.depth_max = header_depth_max;
  limits.members_max = header_members_max;
  const auto document = json::Document::parse(std::move(text), limits);
  if (!document || !document->root().is_object()) return TokenFault::header_not_json;
  const json::Value header = document->root();
  if (asks_for_extension(header)) return TokenFault::header_unsupported;

  const auto name = header.find_string("alg");
  if (!name) return TokenFault::algorithm_missing;
  algorithm_ = crypto::algorithm_named(*name);
  if (!algorithm_) mac_ = mac_named(*name);
  if (!algorithm_ && !mac_) return TokenFault::algorithm_unknown;

  if (header.find("typ")) {
    const auto type = header.find_string("typ");
    if (!type) return TokenFault::type_wrong;
    type_ = short_type(*type);
  }
  if (header.find("kid")) {
    const auto id = header.find_string("kid");
    if (!id) return TokenFault::key_id_malformed;
    key_id_.emplace(*id);
  }
  return std::nullopt;
}

tl::expected<UnverifiedToken, TokenFault> UnverifiedToken::parse(std::string_view text) {
  if (text.size() > token_size_max) return tl::unexpected(TokenFault::too_long);
  const auto parts = split(text);
  if (!parts) return tl::unexpected(TokenFault::not_three_parts);
  auto header = base::base64url_decode(parts->header);
  auto payload = base::base64url_decode(parts->payload);
  auto signature = base::base64url_decode(parts->signature);
  if (!header || !payload || !signature) return tl::unexpected(TokenFault::not_base64url);

  UnverifiedToken token;
  if (const auto fault = token.read_header(std::move(*header))) return tl::unexpected(*fault);
  token.signed_text_ = text.substr(0, text.size() - parts->signature.size() - 1);
  token.payload_ = std::move(*payload);
  token.signature_ = std::move(*signature);
  return token;
}

bool UnverifiedToken::signed_by(const crypto::PublicKey& key) const {
  return algorithm_ && crypto::verify(key, *algorithm_, signed_text_, signature_);
}

bool UnverifiedToken::signed_by(const SharedSecret& secret) const {
  return mac_ == secret.hash() && secret.verifies(signed_text_, signature_);
}

}  // namespace auth
