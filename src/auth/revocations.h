#pragma once
// Tokens and callers of one issuer that are refused although their tokens are good: what an
// operator writes down when a token was stolen or a person has left. One entry a line:
//
//   # the laptop that was stolen
//   jti 84d470bd-b6f3 until 2026-12-01T00:00:00Z
//   sub alice
//   sub "a subject with spaces"
//   sub bob before 2026-11-23T08:00:00Z
//
// `until`: the entry ends then (a token that has expired needs none). `before`: only tokens issued
// before that; one that does not say when it was issued counts as before.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "json/value.h"

namespace auth {

inline constexpr std::size_t revocations_max = 100'000;

class Revocations {
 public:
  // Fault::bad_request, with the number of the line, if one is not understood: an entry that nobody
  // can read must not be an entry that nobody heeds.
  static Result<Revocations> parse(std::string_view text);

  // Whether a token with these claims is refused now.
  bool contains(json::Value claims, WallTime now) const;
  std::size_t size() const { return tokens_.size() + subjects_.size(); }
  // Of the text: equal digests are equal lists.
  const crypto::Sha256& digest() const { return digest_; }

 private:
  struct Entry {
    WallTime until = WallTime::max();
    std::optional<WallTime> before;
  };
  Result<> add(std::string_view line);
  static Result<Entry> read_times(std::string_view rest);
  static bool holds(const Entry& entry, json::Value claims, WallTime now);

  std::multimap<std::string, Entry, std::less<>> tokens_;
  std::multimap<std::string, Entry, std::less<>> subjects_;
  crypto::Sha256 digest_{};
};

// For TextFiles: whether that is such a list.
Result<> check_revocations(std::string_view text);

}  // namespace auth
