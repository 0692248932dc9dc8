#pragma once
// Fetches key sets on the main thread's loop, for all cores: what an issuer's outage or rotation
// costs, it costs once.

#include <cstdint>
#include <memory>
#include <vector>

#include "auth/remote_keys.h"
#include "http/dialler.h"
#include "net/home.h"

namespace app {

class KeyKeeper {
 public:
  // On the thread of `loop`. `store` and `clock` must outlive the loop.
  KeyKeeper(net::Loop& loop, auth::KeyStore& store, const Clock& clock, Log log,
            std::shared_ptr<const net::TlsClient> tls);
  KeyKeeper(const KeyKeeper&) = delete;
  KeyKeeper& operator=(const KeyKeeper&) = delete;
  // Who still waits for keys, on whatever thread, is told that nothing comes.
  ~KeyKeeper();

  // As auth::RemoteKeys.
  void follow(const std::vector<auth::KeySource>& sources);
  Task<> changed();
  // All cores serve with the keys of that generation of the store. Who has waited for a key goes on
  // only then, so that what it was told holds on every core.
  void serves(std::uint64_t generation);

 private:
  class Room;
  class Errand;
  auth::KeyStore& store_;
  Room* room_;  // owned by the home of the errand
};

}  // namespace app
