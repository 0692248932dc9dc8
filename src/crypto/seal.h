#pragma once
// Texts that only this gateway can write and read: AES-256-GCM (NIST SP 800-38D) with a random
// nonce, as base64url(nonce, ciphertext, tag). The associated data is not in the result but must be
// the same when it is opened: it says what the text is for, so that it cannot be used for anything
// else.
//
// Random nonces are safe for about 2^32 seals with one key.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace crypto {

class KeyMemory;  // a page of its own: locked, not in core dumps, wiped at the end

class SealKey {
 public:
  // Exactly 64 hexadecimal digits (the configuration's session.key). The error never repeats them.
  static Result<SealKey> from_hex(std::string_view digits);
  // A key that ends with the process.
  static SealKey from_random(Random& random);

  SealKey(SealKey&&) noexcept;
  SealKey& operator=(SealKey&&) noexcept;
  SealKey(const SealKey&) = delete;
  SealKey& operator=(const SealKey&) = delete;
  ~SealKey();

  std::string seal(std::string_view text, std::string_view associated, Random& random) const;
  // The text that was sealed with this key and this associated data; nothing for anything else,
  // without a reason, because the one who altered it shall not learn any.
  std::optional<std::string> open(std::string_view sealed, std::string_view associated) const;

 private:
  explicit SealKey(std::unique_ptr<KeyMemory> key);
  std::unique_ptr<KeyMemory> key_;
};

}  // namespace crypto
