// Sealed texts from bytes: nothing opens that was not sealed here.

#include <cstdlib>

#include "crypto/seal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static SystemRandom random;
  static const crypto::SealKey key = crypto::SealKey::from_random(random);
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (key.open(text, "session")) std::abort();

  std::string sealed = key.seal(text, "session", random);
  if (key.open(sealed, "session") != text) std::abort();
  if (size < 2) return 0;
  // The input also says where to alter the sealed text, and how.
  char& byte = sealed[(data[0] * 256U + data[1]) % sealed.size()];
  const char before = byte;
  byte = static_cast<char>(data[size - 1]);
  if (byte != before && key.open(sealed, "session")) std::abort();
  return 0;
}
