#pragma once
// The instant after which a wait is given up. Every wait has one; never() says so out loud.

#include "base/clock.h"

class Deadline {
 public:
  explicit Deadline(Instant at) : at_(at) {}
  static Deadline never() { return Deadline(Instant::max()); }
  // A wait that is too long for the clock's range is for ever.
  static Deadline in(Instant now, Duration wait) {
    return wait < Instant::max() - now ? Deadline(now + wait) : never();
  }

  Instant at() const { return at_; }
  bool is_never() const { return at_ == Instant::max(); }
  bool has_passed(Instant now) const { return now >= at_; }
  // The earlier of the two.
  Deadline or_sooner(Deadline other) const { return at_ < other.at_ ? *this : other; }
  bool operator==(const Deadline&) const = default;

 private:
  Instant at_;
};
