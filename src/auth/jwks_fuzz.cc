// Key sets from bytes: a set that is accepted is within its limits and answers for each of its
// keys.

#include <cstdlib>

#include "auth/jwks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto set = auth::KeySet::parse({reinterpret_cast<const char*>(data), size});
  if (!set) return 0;
  if (set->keys().size() > auth::key_set_keys_max) std::abort();
  for (const auth::KeySet::Key& key : set->keys()) {
    for (std::size_t i = 0; i < crypto::algorithm_count; ++i) {
      const auto algorithm = static_cast<crypto::Algorithm>(i);
      const auto chosen = set->choose(key.id, algorithm);
      if (chosen && !(*chosen)->accepts(algorithm)) std::abort();
      if (chosen && (*chosen)->id != key.id && key.id) std::abort();
    }
  }
  return 0;
}
