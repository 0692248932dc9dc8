#include "app/key_keeper.h"

namespace app {

// What lives on the loop, and ends with it or before.
class KeyKeeper::Room {
 public:
  Room(net::Loop& loop, auth::KeyStore& store, const Clock& clock, Log log,
       std::shared_ptr<const net::TlsClient> tls)
      : dialler_(loop, std::move(tls)),
        pool_(loop, dialler_, http::ClientLimits()),
        keys_(loop, pool_, store, clock, log) {}

  auth::RemoteKeys& keys() { return keys_; }
  Task<> refetch(auth::KeySource source, std::uint64_t seen) {
    return keys_.refetch(std::move(source), seen);
  }

 private:
  http::Dialler dialler_;
  http::Pool pool_;
  auth::RemoteKeys keys_;
};

class KeyKeeper::Errand final : public auth::KeyRefetcher {
 public:
  Errand(net::Loop& loop, std::unique_ptr<Room> room) : room_(loop, std::move(room)) {}

  Task<> refetch(auth::KeySource source, std::uint64_t seen) override {
    [[maybe_unused]] auto done = co_await room_.ask(&Room::refetch, std::move(source), seen);
  }

 private:
  net::Home<Room> room_;
};

KeyKeeper::KeyKeeper(net::Loop& loop, auth::KeyStore& store, const Clock& clock, Log log,
                     std::shared_ptr<const net::TlsClient> tls)
    : store_(store) {
  auto room = std::make_unique<Room>(loop, store, clock, log, std::move(tls));
  room_ = room.get();
  store_.set_refetcher(std::make_shared<Errand>(loop, std::move(room)));
}

KeyKeeper::~KeyKeeper() {
  store_.set_refetcher(nullptr);
}

void KeyKeeper::follow(const std::vector<auth::KeySource>& sources) {
  room_->keys().follow(sources);
}

Task<> KeyKeeper::changed() {
  return room_->keys().changed();
}

}  // namespace app
