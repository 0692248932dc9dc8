#pragma once
// The HTTP server behind the proxy under test. It checks that each request's body is exactly what
// the generator sent (both make it from the request's number) and answers in the shape that the
// target asks for. It shares the generator's thread, so that server and generator need two cores.

#include <cstdint>
#include <string>

#include "poller.h"

namespace bench {

struct UpstreamCounts {
  std::uint64_t requests = 0;
  std::uint64_t altered = 0;  // requests that are not what was sent
};

class Upstream final : public Peer {
 public:
  Upstream(Poller& poller, std::uint16_t port);
  void ready(std::uint32_t events) override;
  const UpstreamCounts& counts() const { return counts_; }

 private:
  Poller& poller_;
  Descriptor listener_;
  UpstreamCounts counts_;
};

}  // namespace bench
