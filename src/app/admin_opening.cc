#include "app/admin_opening.h"

#include <filesystem>

#include "app/build_facts.h"
#include "net/address.h"

namespace app {
namespace {

bool is_loopback(const config::AdminPlace& place) {
  if (place.host == "localhost") return true;
  const auto address = net::Address::parse(place.host, place.port);
  return address && address->is_loopback();
}

admin::Writing writing_of(const config::Process& settings, const ConfigurationSource& source) {
  if (!source.path()) return {false, "the configuration is no file"};
  if (settings.storage.mode == config::StorageMode::read_only) {
    return {false, "`config.storage.mode` is `readOnly`"};
  }
  const auto variable = environment_variable("UI_READ_ONLY");
  const bool is_set = variable && !variable->empty() && variable != "false" && variable != "0";
  return is_set ? admin::Writing{false, "UI_READ_ONLY is set"} : admin::Writing{};
}

}  // namespace

Result<AdminOpening> open_admin(const config::Process& settings, const ConfigurationSource& source,
                                const Log& log) {
  const std::optional<std::string> variable = environment_variable("ADMIN_ADDR");
  const bool is_asked_for = variable || settings.admin_address;
  const std::string address = variable.value_or(
      settings.admin_address.value_or(std::string(config::default_admin_address)));
  AdminOpening opening;
  auto place = config::AdminPlace::parse(address);
  const std::string whose = variable ? "ADMIN_ADDR" : "config.adminAddr";
  if (!place) {
    return tl::unexpected(std::move(place).error().within(whose + " `" + address + "`"));
  }
  opening.settings.place = std::move(*place);
  if (opening.settings.place.is_off) return opening;
  if (!is_loopback(opening.settings.place) && !settings.admin.token && !settings.admin.is_open) {
    log.warn("admin interface stays closed",
             {{"address", address},
              {"reason", "it is not on loopback, so it needs `config.admin.token`"}});
    return opening;
  }
  opening.settings.guard.hosts = settings.admin.hosts;
  opening.settings.guard.login = settings.admin.token;
  opening.settings.writing = writing_of(settings, source);
  auto sockets = admin::open_sockets(opening.settings.place);
  if (sockets) {
    opening.sockets = std::move(*sockets);
  } else if (is_asked_for) {
    return tl::unexpected(std::move(sockets).error().within(whose + " `" + address + "`"));
  } else {
    log.warn("admin interface stays closed",
             {{"address", address}, {"reason", sockets.error().why()}});
  }
  return opening;
}

void begin_running(admin::Running& running, const ConfigurationSource& source, WallTime now,
                   std::size_t workers) {
  if (source.is_demo()) {
    running.source = "demo";
  } else if (source.path()) {
    running.source = "file";
    std::error_code ignored;
    const std::filesystem::path absolute = std::filesystem::absolute(*source.path(), ignored);
    running.path = ignored ? *source.path() : absolute.lexically_normal().string();
  } else {
    running.source = source.name() == "<stdin>" ? "stdin" : "text";
  }
  running.environment = &environment_variable;
  running.started = now;
  running.workers = workers;
}

AdminDoor::AdminDoor(net::Loop& loop, Log log, const Clock& clock, admin::Running& running,
                     runtime::Stores& stores, gateway::Shared& shared)
    : stage_{loop,
             log,
             clock,
             running,
             stores,
             shared,
             {std::string(build_version),
              std::string(build_compiler),
              std::string(build_type),
              {{"example1", std::string(demo_token_1), "sub test-user, and nested.key is value"},
               {"example2", std::string(demo_token_2), "sub test-user"}}}} {}

void AdminDoor::open(AdminOpening opening, TaskGroup& tasks) {
  if (opening.sockets.empty()) return;
  door_.emplace(stage_, std::move(opening.settings), std::move(opening.sockets));
  tasks.spawn(door_->run());
  stage_.log.info("serving UI", {{"url", door_->url()}});
}

}  // namespace app
