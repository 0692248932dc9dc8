#pragma once
// Whether and where the operator's door opens, by configuration and environment.

#include <optional>
#include <vector>

#include "admin/door.h"
#include "app/configuration.h"
#include "base/log.h"
#include "config/file.h"

namespace app {

struct AdminOpening {
  admin::DoorSettings settings;
  std::vector<net::ListenSocket> sockets;  // none: it stays closed
};

// Opens the sockets. ADMIN_ADDR comes before `config.adminAddr`, as at agentgateway. A port that is
// taken is an error if somebody asked for it, and a warning if it is the default one: several
// gateways may well run on a machine. An address that is not loopback without a token is a warning,
// and the door stays closed.
Result<AdminOpening> open_admin(const config::Process& settings, const ConfigurationSource& source,
                                const Log& log);

// What is known of the configuration from the start.
void begin_running(admin::Running& running, const ConfigurationSource& source, WallTime now,
                   std::size_t workers);

// The door while the gateway serves.
class AdminDoor {
 public:
  // All must outlive this.
  AdminDoor(net::Loop& loop, Log log, const Clock& clock, admin::Running& running,
            runtime::Stores& stores, gateway::Shared& shared);

  // Serves among the tasks if there are sockets.
  void open(AdminOpening opening, TaskGroup& tasks);

 private:
  admin::Stage stage_;
  std::optional<admin::Door> door_;
};

}  // namespace app
