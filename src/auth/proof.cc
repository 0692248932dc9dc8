#include "auth/proof.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/base64.h"
#include "base/text.h"
#include "base/uri.h"
#include "crypto/digest.h"
#include "crypto/signature.h"
#include "json/value.h"
#include "json/write.h"

namespace auth {
namespace {

constexpr std::size_t depth_max = 8;
constexpr std::size_t members_max = 200;
constexpr std::size_t id_size_max = 256;
constexpr double time_max = 9'000'000'000.0;  // the clock counts nanoseconds

constexpr std::array<std::string_view, 15> names{
    "proof_missing",         "proof_several",    "proof_malformed",       "proof_type_wrong",
    "proof_algorithm_wrong", "proof_key_wrong",  "proof_signature_wrong", "proof_method_wrong",
    "proof_address_wrong",   "proof_time_wrong", "proof_token_wrong",     "proof_binding_wrong",
    "proof_nonce_wrong",     "proof_replayed",   "proof_too_many"};

std::optional<json::Document> read_object(std::string text) {
  json::Limits limits;
  limits.depth_max = depth_max;
  limits.members_max = members_max;
  auto document = json::Document::parse(std::move(text), limits);
  if (!document || !document->root().is_object()) return std::nullopt;
  return std::move(*document);
}

// The address in one spelling, less query and fragment (RFC 9449, 4.3): scheme and host in lower
// case, no default port. Nothing if it is none.
std::optional<std::string> canonical(std::string_view address) {
  const auto uri = Uri::parse(address.substr(0, address.find_first_of("?#")));
  if (!uri) return std::nullopt;
  return uri->origin() + std::string(uri->path());
}

}  // namespace

std::string_view name_of(ProofFault fault) {
  return names[static_cast<std::size_t>(fault)];
}

// RFC 7638, 3.2 and 3.3: the required members in the order of their names, without white space.
// The members are base64url without variants, so copying their text is exact.
std::string key_thumbprint(json::Value jwk) {
  const std::string_view type = jwk.find_string("kty").value_or("");
  std::vector<std::string_view> members{"crv", "kty", "x", "y"};
  if (type == "RSA") members = {"e", "kty", "n"};
  if (type == "OKP") members = {"crv", "kty", "x"};
  json::Writer writer;
  writer.begin_object();
  for (const std::string_view name : members) {
    writer.name(name).string(jwk.find_string(name).value_or(""));
  }
  writer.end_object();
  return base::base64url_encode(crypto::view_of(crypto::sha256(writer.take())));
}

std::string_view proof_algorithms() {
  static const std::string all = [] {
    std::string text;
    for (std::size_t i = 0; i < crypto::algorithm_count; ++i) {
      if (i > 0) text += ' ';
      text += crypto::name_of(static_cast<crypto::Algorithm>(i));
    }
    return text;
  }();
  return all;
}

std::optional<ProofFault> Proof::read_header(std::string text) {
  const auto document = read_object(std::move(text));
  if (!document) return ProofFault::malformed;
  const json::Value header = document->root();
  for (const char* name : {"crit", "b64", "zip", "enc"}) {
    if (header.find(name)) return ProofFault::malformed;
  }
  if (!base::equal_ignoring_case(header.find_string("typ").value_or(""), "dpop+jwt")) {
    return ProofFault::type_wrong;
  }
  algorithm_ = crypto::algorithm_named(header.find_string("alg").value_or(""));
  if (!algorithm_) return ProofFault::algorithm_wrong;
  const auto jwk = header.find("jwk");
  if (!jwk) return ProofFault::malformed;
  auto key = read_public_jwk(*jwk);
  if (!key) return ProofFault::key_wrong;
  if (!key->accepts(*algorithm_)) return ProofFault::algorithm_wrong;
  thumbprint_ = key_thumbprint(*jwk);
  key_ = std::move(key->key);
  return std::nullopt;
}

std::optional<ProofFault> Proof::read_claims(std::string text) {
  const auto document = read_object(std::move(text));
  if (!document) return ProofFault::malformed;
  const json::Value claims = document->root();
  const auto id = claims.find_string("jti");
  const auto method = claims.find_string("htm");
  const auto address = claims.find_string("htu");
  const auto digest = claims.find_string("ath");
  const auto issued = claims.find("iat");
  const double seconds = issued ? issued->as_double().value_or(-1) : -1;
  if (!id || id->empty() || id->size() > id_size_max || !method || !address || !digest) {
    return ProofFault::malformed;
  }
  if (!std::isfinite(seconds) || seconds < 0 || seconds > time_max) {
    return ProofFault::malformed;
  }
  if (claims.find("nonce")) {
    const auto nonce = claims.find_string("nonce");
    if (!nonce) return ProofFault::malformed;
    nonce_.emplace(*nonce);
  }
  id_ = *id;
  method_ = *method;
  address_ = *address;
  token_digest_ = *digest;
  issued_ = WallTime(
      std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>(seconds)));
  return std::nullopt;
}

tl::expected<Proof, ProofFault> Proof::parse(std::string_view text) {
  if (text.size() > proof_size_max) return tl::unexpected(ProofFault::malformed);
  const auto parts = base::split(text, '.');
  if (parts.size() != 3) return tl::unexpected(ProofFault::malformed);
  auto header = base::base64url_decode(parts[0]);
  auto claims = base::base64url_decode(parts[1]);
  const auto signature = base::base64url_decode(parts[2]);
  if (!header || !claims || !signature) return tl::unexpected(ProofFault::malformed);
  Proof proof;
  if (const auto fault = proof.read_header(std::move(*header))) return tl::unexpected(*fault);
  if (const auto fault = proof.read_claims(std::move(*claims))) return tl::unexpected(*fault);
  const std::string_view signed_text = text.substr(0, text.size() - parts[2].size() - 1);
  if (!crypto::verify(*proof.key_, *proof.algorithm_, signed_text, *signature)) {
    return tl::unexpected(ProofFault::signature_wrong);
  }
  return proof;
}

std::optional<ProofFault> Proof::check(const ProvenRequest& request, WallTime now) const {
  if (method_ != request.method) return ProofFault::method_wrong;
  const auto address = canonical(address_);
  if (!address || std::ranges::find(request.addresses, *address) == request.addresses.end()) {
    return ProofFault::address_wrong;
  }
  if (now >= good_until() || issued_ > now + proof_window) return ProofFault::time_wrong;
  const std::string digest = base::base64url_encode(crypto::view_of(crypto::sha256(request.token)));
  if (token_digest_ != digest) return ProofFault::token_wrong;
  if (thumbprint_ != request.thumbprint) return ProofFault::binding_wrong;
  return std::nullopt;
}

std::vector<std::string> proven_addresses(const std::vector<std::string>& origins,
                                          std::string_view authority, std::string_view path) {
  std::vector<std::string> addresses;
  const auto add = [&](const std::string& origin) {
    if (auto address = canonical(origin + std::string(path))) {
      addresses.push_back(std::move(*address));
    }
  };
  for (const std::string& origin : origins) add(origin);
  if (!origins.empty()) return addresses;
  add("http://" + std::string(authority));
  add("https://" + std::string(authority));
  return addresses;
}

}  // namespace auth
