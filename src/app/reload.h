#pragma once
// From "something changed" to "running since": reads the configuration, builds a snapshot, opens
// new ports and hands the snapshot to every core. Whatever fails, what was running goes on.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "admin/running.h"
#include "app/configuration.h"
#include "app/key_keeper.h"
#include "base/log.h"
#include "gateway/core.h"
#include "net/file_watch.h"
#include "net/home.h"
#include "runtime/build.h"

namespace app {

using CoreHomes = std::vector<net::Home<gateway::Core>>;

class Reloader {
 public:
  // All must outlive this; `current` is what the cores serve.
  Reloader(net::Loop& loop, Log log, const ConfigurationSource& source, runtime::Stores& stores,
           gateway::SessionTable& sessions, const CoreHomes& cores);
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;
  ~Reloader() = default;

  // The first configuration: hands it to the cores and opens its ports, which `sockets` holds.
  Task<> begin(yaml::Source text, config::File file, runtime::Built built,
               std::map<std::uint16_t, std::vector<net::ListenSocket>> sockets);
  // Waits for changes and reloads, for ever.
  Task<> run();
  // Ends sessions whose target is served no more, also those that were opened while it went.
  Task<> end_orphans();
  // Reads everything again, changed or not (SIGHUP).
  void request();
  // Who is told what runs; must outlive this. Before begin().
  void set_running(admin::Running& running) { running_ = &running; }
  // Serves with the keys that the store has now.
  void take_keys();
  // Who fetches the key sets that the configuration names; must outlive this. Before begin().
  void set_keeper(KeyKeeper& keeper) { keeper_ = &keeper; }
  // The sessions of stateless clients, likewise.
  void set_pool(gateway::ModernPool& pool) { pool_ = &pool; }
  // The streams of clients of 2024-11-05, likewise.
  void set_doors(const gateway::SseDoors& doors) { doors_ = &doors; }

 private:
  struct Watched;
  Task<> watch(std::string path);
  void watch_files(const std::set<std::string>& paths);
  Task<> reload(bool is_forced);
  Task<> serve_new_keys();
  bool reload_keys();
  void reject(yaml::Source text, schema::Problems problems) const;
  void report(const schema::Problems& problems, const yaml::Source& text) const;
  Result<std::map<std::uint16_t, std::vector<net::ListenSocket>>> open_new_ports(
      const runtime::Snapshot& snapshot) const;
  void follow_keys(const std::vector<auth::KeySource>& sources);
  Task<> publish(std::shared_ptr<const runtime::Snapshot> snapshot,
                 std::map<std::uint16_t, std::vector<net::ListenSocket>> sockets);

  net::Loop& loop_;
  Log log_;
  const ConfigurationSource& source_;
  runtime::Stores& stores_;
  gateway::SessionTable& sessions_;
  const CoreHomes& cores_;
  KeyKeeper* keeper_ = nullptr;
  gateway::ModernPool* pool_ = nullptr;
  const gateway::SseDoors* doors_ = nullptr;
  admin::Running* running_ = nullptr;
  std::string text_;   // what runs
  config::File file_;  // the same
  std::set<std::uint16_t> ports_;
  std::set<std::uint64_t> targets_;
  std::set<std::string> paths_;
  bool has_changed_ = false;
  bool is_requested_ = false;
  bool are_keys_pending_ = false;  // new keys that no snapshot has yet
  Signal changed_;
  std::unique_ptr<TaskGroup> watching_;
};

// One socket a core on that port of all addresses, IPv6 and IPv4.
Result<std::vector<net::ListenSocket>> listen_on_all(std::uint16_t port, std::size_t count);

}  // namespace app
