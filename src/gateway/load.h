#pragma once
// What the whole process holds for its clients, counted against its limits, from any thread. Where
// a limit is reached the newest is refused: those who are served are not made to suffer for it.

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/limits.h"

namespace gateway {

// Of the process.
struct Limits {
  http::ServerLimits server;
  http::ClientLimits client;
  std::size_t connections = 10'000;
  std::size_t connections_per_address = 1'000;
  // Of bodies that are read as a whole, as long as they are read or served.
  std::uint64_t body_bytes = std::uint64_t{128} << 20;
};

class Load {
 public:
  explicit Load(const Limits& limits) : limits_(limits) {}
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  const Limits& limits() const { return limits_; }

  // Counts a connection of that address, to be given back. Says why not; empty if it was counted.
  std::string_view take_connection(const std::string& address);
  void give_connection(const std::string& address);
  std::size_t connections() const { return connections_.load(std::memory_order_relaxed); }

  // Room for so many more bytes of bodies, to be given back. False if there is none.
  bool take_bytes(std::uint64_t bytes);
  void give_bytes(std::uint64_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // While the process has nearly all memory that it may have, nothing new is begun.
  bool is_short_of_memory() const { return is_short_of_memory_.load(std::memory_order_relaxed); }
  void set_short_of_memory(bool is_short) {
    is_short_of_memory_.store(is_short, std::memory_order_relaxed);
  }

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, std::size_t> counts;
  };
  static constexpr std::size_t shard_count = 16;
  Shard& shard_of(const std::string& address) {
    return shards_[std::hash<std::string>()(address) % shard_count];
  }

  const Limits limits_;
  std::array<Shard, shard_count> shards_;
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> is_short_of_memory_{false};
};

// The bytes of one request's body, as long as this lives.
class HeldBytes {
 public:
  explicit HeldBytes(Load& load) : load_(load) {}
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;
  ~HeldBytes() {
    if (held_ > 0) load_.give_bytes(held_);
  }
  // False if the process has no room for them.
  bool grow(std::uint64_t bytes) {
    if (!load_.take_bytes(bytes)) return false;
    held_ += bytes;
    return true;
  }

 private:
  Load& load_;
  std::uint64_t held_ = 0;
};

// A connection of an address that was counted, as long as it lives.
class HeldConnection {
 public:
  HeldConnection(Load& load, std::string address) : load_(load), address_(std::move(address)) {}
  HeldConnection(const HeldConnection&) = delete;
  HeldConnection& operator=(const HeldConnection&) = delete;
  ~HeldConnection() { load_.give_connection(address_); }

 private:
  Load& load_;
  std::string address_;
};

}  // namespace gateway
