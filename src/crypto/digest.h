#pragma once
// Digests and message authentication codes (FIPS 180-4, RFC 2104), and comparison that takes the
// same time wherever the difference is.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace crypto {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);
// The digest of `first` followed by `second`, without joining them in memory.
Sha256 sha256(std::string_view first, std::string_view second);
// The digest's bytes as text functions take them; lives as long as the digest.
inline std::string_view view_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

enum class Hash : std::uint8_t { sha256, sha384, sha512 };

// The whole code: 32, 48 or 64 bytes.
std::string hmac(Hash hash, std::string_view key, std::string_view message);
inline std::string hmac_sha256(std::string_view key, std::string_view message) {
  return hmac(Hash::sha256, key, message);
}

// Texts of different length are different; that may be seen from the time taken.
bool equal_in_constant_time(std::string_view one, std::string_view other);

}  // namespace crypto
