#pragma once
// Random bytes as an argument, so that a test can choose them. The product uses SystemRandom: the
// kernel's generator, fit for keys and nonces, without state of its own and safe from any thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

class Random {
 public:
  virtual ~Random() = default;
  // Overwrites every byte of `bytes`. Never fails: without randomness there is nothing safe to do.
  virtual void fill(std::span<std::byte> bytes) = 0;

  // `count` fresh bytes.
  std::string bytes(std::size_t count);
  std::uint64_t word();
};

// getrandom(2). Ends the process if the kernel gives no bytes.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override;
};
