#pragma once
// How long something took, for the log. It reads the clock itself: a loop's time stands still
// within one turn, and loading a configuration is one turn.

#include <chrono>
#include <cmath>

#include "base/clock.h"

namespace app {

class Stopwatch {
 public:
  // Since it was made, to a tenth.
  double milliseconds() const {
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - began_;
    return std::round(taken.count() * 10) / 10;
  }

 private:
  Instant began_ = std::chrono::steady_clock::now();
};

}  // namespace app
