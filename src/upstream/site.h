#pragma once
// What one core lends to the sessions that live on it: connections to servers that speak HTTP, and
// a group for farewells that outlive the session that says them. It is shared because nothing says
// whether a core or its last session ends first.

#include <memory>

#include "base/task_group.h"
#include "http/client.h"

namespace upstream {

class SpareChildren;

class Site {
 public:
  Site(Scheduler& scheduler, std::unique_ptr<http::Connector> connector,
       const http::ClientLimits& limits = http::ClientLimits());
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site();

  Scheduler& scheduler() { return scheduler_; }
  http::Pool& pool() { return pool_; }
  TaskGroup& farewells() { return farewells_; }
  SpareChildren& spares() { return *spares_; }

  // Reads what little may be left of an answer of which nothing more is wanted, so that its
  // connection can be used again.
  void drain(http::Body body);

 private:
  static Task<> drain_one(Scheduler& scheduler, http::Body body);

  Scheduler& scheduler_;
  std::unique_ptr<http::Connector> connector_;
  http::Pool pool_;
  std::unique_ptr<SpareChildren> spares_;
  TaskGroup farewells_;  // last: its tasks use everything above
};

}  // namespace upstream
