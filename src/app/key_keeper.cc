#include "app/key_keeper.h"

#include "base/signal.h"

namespace app {
namespace {

// New keys are served with after some milliseconds; nobody waits for long if something is amiss.
constexpr auto served_within = std::chrono::seconds(2);

}  // namespace

// What lives on the loop, and ends with it or before.
class KeyKeeper::Room {
 public:
  Room(net::Loop& loop, auth::KeyStore& store, const Clock& clock, Log log,
       std::shared_ptr<const net::TlsClient> tls)
      : loop_(loop),
        store_(store),
        dialler_(loop, std::move(tls)),
        pool_(loop, dialler_, http::ClientLimits()),
        keys_(loop, pool_, store, clock, log) {}

  auth::RemoteKeys& keys() { return keys_; }
  Task<> refetch(auth::KeySource source, std::uint64_t seen) {
    co_await keys_.refetch(std::move(source), seen);
    const std::uint64_t wanted = store_.generation();
    const Deadline deadline = Deadline::in(loop_.now(), served_within);
    while (served_ < wanted && !deadline.has_passed(loop_.now())) {
      co_await serving_.wait(deadline);
    }
  }
  void serves(std::uint64_t generation) {
    served_ = generation;
    serving_.notify_all();
  }

 private:
  net::Loop& loop_;
  auth::KeyStore& store_;
  http::Dialler dialler_;
  http::Pool pool_;
  auth::RemoteKeys keys_;
  std::uint64_t served_ = 0;
  Signal serving_;
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

void KeyKeeper::serves(std::uint64_t generation) {
  room_->serves(generation);
}

Task<> KeyKeeper::changed() {
  return room_->keys().changed();
}

}  // namespace app
