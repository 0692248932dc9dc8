#pragma once
// An HTTP/1.1 server that answers each request at once, for peers of a gateway under test. It reads
// what wire.h reads and looks for nothing else; only what a gateway forwards may use it.

#include <cstdint>
#include <functional>
#include <string>

#include "poller.h"
#include "wire.h"

namespace bench {

// Appends the whole response to that request.
using Answer = std::function<void(const Message& request, std::string& out)>;

// Takes connections at the port for as long as it lives. They are closed by their peers only.
class AnsweringServer final : public Peer {
 public:
  // `poller` must outlive it and all connections.
  AnsweringServer(Poller& poller, std::uint16_t port, Answer answer);
  void ready(std::uint32_t events) override;

 private:
  Poller& poller_;
  Descriptor socket_;
  Answer answer_;
};

}  // namespace bench
