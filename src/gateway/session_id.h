#pragma once
// The session id that a client presents: a random number and to whom and what it belongs, sealed
// with a key only the gateway has. So an id cannot be guessed, made, read or altered, and one that
// is presented by another caller or on another route is found out before any state is looked at.
//
// With a key that other processes have, too, the id may carry what such a process needs to go on
// with the session (gateway/session_state.h).

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/seal.h"

namespace gateway {

// 128 random bits. Useless without the seal, so it may be logged.
class SessionNumber {
 public:
  using Bytes = std::array<std::uint8_t, 16>;
  explicit SessionNumber(const Bytes& bytes) : bytes_(bytes) {}

  const Bytes& bytes() const { return bytes_; }
  std::string text() const;  // 32 hexadecimal digits
  auto operator<=>(const SessionNumber&) const = default;

 private:
  Bytes bytes_;
};

// To whom and what a session belongs. The views must outlive it. Nothing is digested for it on the
// way of a request: identity and route key are digests already.
class Binding {
 public:
  Binding(std::string_view identity, std::string_view route_key, std::uint64_t target)
      : identity_(identity), route_key_(route_key), target_(target) {}
  // All three in one text; no two triples give the same.
  std::string text() const;

 private:
  friend class OpenedIds;
  std::string_view identity_;
  std::string_view route_key_;
  std::uint64_t target_;
};

struct OpenedSession {
  enum class Kind { unknown, foreign, own };
  Kind kind = Kind::unknown;
  SessionNumber number{{}};  // if own
};

class SessionIds {
 public:
  // `random` must outlive this. `resumable_for`: how long after its beginning another process may
  // go on with a session; none if nobody else has the key.
  SessionIds(crypto::SealKey key, Random& random, Duration resumable_for = Duration::zero())
      : key_(std::move(key)), random_(random), resumable_for_(resumable_for) {}

  bool are_portable() const { return resumable_for_ > Duration::zero(); }
  // What of a route its sessions and tasks are bound to: what it is, or what it is on any port.
  std::string_view binding_key(std::string_view key, std::string_view portless_key) const {
    return are_portable() ? portless_key : key;
  }
  Duration resumable_for() const { return resumable_for_; }

  SessionNumber make() const;
  // Where something that is counted begins, so that two processes that go on with one session do
  // not give the same numbers. Under 2^46.
  std::uint64_t random_start() const { return random_.word() >> 18; }
  // Visible ASCII (MCP 2025-11-25, transports). `state` is for other processes.
  std::string seal(const SessionNumber& number, const Binding& binding,
                   std::string_view state = {}) const;
  // unknown: not made by us. foreign: somebody else's, or of another route or target; the client
  // must not be told the difference.
  OpenedSession open(std::string_view id, const Binding& binding) const;
  // The state in an id that is its presenter's own; empty if there is none, or it is not.
  std::string state_of(std::string_view id, const Binding& binding) const;

  // Texts of other purposes under the same key; what was sealed for one opens for no other.
  std::string seal_text(std::string_view text, std::string_view purpose) const {
    return key_.seal(text, purpose, random_);
  }
  std::optional<std::string> open_text(std::string_view sealed, std::string_view purpose) const {
    return key_.open(sealed, purpose);
  }

 private:
  crypto::SealKey key_;
  Random& random_;
  Duration resumable_for_;
};

// What one core's clients presented last. To open an id is a function of the id and of who presents
// it and where, so what it said once of the same four may be said again without the cipher. Only
// ids that were their presenters' own are kept, in a bounded number of places.
class OpenedIds {
 public:
  // What ids.open(id, binding) says.
  OpenedSession open(const SessionIds& ids, std::string_view id, const Binding& binding);

 private:
  struct Entry {
    bool is_of(std::string_view presented, const Binding& binding) const {
      return presented == id && binding.target_ == target && binding.identity_ == identity &&
             binding.route_key_ == route_key;
    }
    std::string id;
    std::string identity;
    std::string route_key;
    std::uint64_t target;
    OpenedSession opened;
  };
  static constexpr std::size_t places = 1024;
  std::array<std::unique_ptr<Entry>, places> entries_;
};

}  // namespace gateway
