#include "upstream/site.h"

#include "upstream/detail_spare_children.h"

namespace upstream {
namespace {

constexpr std::size_t farewells_max = 1024;
constexpr std::size_t drained_bytes_max = 4096;
constexpr Duration drained_within = std::chrono::seconds(1);

}  // namespace

Site::Site(Scheduler& scheduler, std::unique_ptr<http::Connector> connector,
           const http::ClientLimits& limits)
    : scheduler_(scheduler),
      connector_(std::move(connector)),
      pool_(scheduler, *connector_, limits),
      spares_(std::make_unique<SpareChildren>(scheduler)),
      farewells_(scheduler) {}

Site::~Site() = default;

void Site::drain(http::Body body) {
  if (body.is_whole() || farewells_.size() >= farewells_max) return;
  farewells_.spawn(drain_one(scheduler_, std::move(body)));
}

Task<> Site::drain_one(Scheduler& scheduler, http::Body body) {
  const Deadline deadline = Deadline::in(scheduler.now(), drained_within);
  [[maybe_unused]] auto rest = co_await body.read_all(drained_bytes_max, deadline);
}

}  // namespace upstream
