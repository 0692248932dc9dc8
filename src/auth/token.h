#pragma once
// A token as it was received, and claims as they were verified: two types, so that nobody reads a
// claim of a token that nobody verified. An UnverifiedToken has no claims to read; Claims come only
// from verify() or from the issuer itself (Introspector).

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "auth/shared_secret.h"
#include "auth/token_fault.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "json/value.h"

namespace auth {

// Longer than any header field that passes the door; bounds the work on a token nobody signed.
inline constexpr std::size_t token_size_max = std::size_t{16} * 1024;

class Claims;
struct Provider;
struct Trust;
using Verdict = tl::expected<std::shared_ptr<const Claims>, TokenFault>;

// A JWS in compact serialization (RFC 7515, 7.1) whose form and header are right and whose
// signature nobody has checked.
class UnverifiedToken {
 public:
  // Three parts of strict base64url; the header a JSON object without duplicate names, with a known
  // `alg`, a `kid` and a `typ` that are strings if there are any, and nothing that changes what the
  // rest means (`crit`, `b64`, `zip`, `enc`). Embedded keys and addresses of keys (`jwk`, `jku`,
  // `x5c`, `x5u`) are not looked at.
  static tl::expected<UnverifiedToken, TokenFault> parse(std::string_view text);

  // Exactly one of these is there: the signature's algorithm, or the hash of a MAC. Two types, so
  // that no public key is ever asked to verify a MAC.
  const std::optional<crypto::Algorithm>& algorithm() const { return algorithm_; }
  const std::optional<crypto::Hash>& mac() const { return mac_; }
  const std::optional<std::string>& key_id() const { return key_id_; }
  // `typ` in lower case without "application/" (RFC 7515, 4.1.9).
  const std::optional<std::string>& type() const { return type_; }

  // Who would have to judge it: the provider it claims to be from, null if there is none. Only to
  // know whose keys to ask for; nothing about it is verified.
  const Provider* claimed_provider(const Trust& trust) const;

  // Whether `key` signed this token (RFC 7515, 5.2), whatever it says.
  bool signed_by(const crypto::PublicKey& key) const;
  // Whether `secret` made this token's MAC.
  bool signed_by(const SharedSecret& secret) const;

 private:
  friend Verdict verify(const UnverifiedToken& token, const Trust& trust, WallTime now);
  UnverifiedToken() = default;
  std::optional<TokenFault> read_header(std::string text);

  std::optional<crypto::Algorithm> algorithm_;
  std::optional<crypto::Hash> mac_;
  std::optional<std::string> key_id_;
  std::optional<std::string> type_;
  std::string signed_text_;  // header and payload as received
  std::string payload_;      // decoded
  std::string signature_;    // decoded
};

// The claims of a token that was verified, by whom it says. Immutable; shared by the requests that
// carry the token.
class Claims {
 public:
  // The claims set: an object without duplicate names. The values live as long as this.
  json::Value root() const { return document_.root(); }

  const std::string& issuer() const { return issuer_; }
  // Nothing if the token names no subject.
  const std::optional<std::string>& subject() const { return subject_; }
  // When the token must no longer be accepted, leeway included; WallTime::max() if it never
  // expires.
  WallTime good_until() const { return good_until_; }
  // From when on it may be accepted, leeway included.
  WallTime good_from() const { return good_from_; }

  // Who this is, as one text that can be compared and stored: a digest of issuer and subject, the
  // same for every token of that caller. Without a subject, a digest of issuer and this very token.
  const std::string& identity() const { return identity_; }

  // The key that the caller has to prove it holds (RFC 7638 digest of it, RFC 9449, 6.1); nothing
  // if anybody may carry the token.
  const std::optional<std::string>& key_thumbprint() const { return key_thumbprint_; }

 private:
  friend Verdict verify(const UnverifiedToken& token, const Trust& trust, WallTime now);
  friend class Introspector;
  explicit Claims(json::Document document) : document_(std::move(document)) {}

  json::Document document_;
  std::string issuer_;
  std::optional<std::string> subject_;
  WallTime good_until_ = WallTime::max();
  WallTime good_from_ = WallTime::min();
  std::string identity_;
  std::optional<std::string> key_thumbprint_;
};

}  // namespace auth
