#include "app/reload.h"

#include "app/stopwatch.h"
#include "base/sleep.h"

namespace app {
namespace {

// Whether who may use the admin interface is the same.
bool has_same_door(config::AdminSettings one, const config::AdminSettings& other) {
  one.records_arguments = other.records_arguments;  // taken over at once
  return one == other;
}

// Whether what is read at start only is the same.
bool is_same_at_start(const config::Process& one, const config::Process& other) {
  return one.logging == other.logging && one.session == other.session && one.mcp == other.mcp &&
         one.limits == other.limits && one.backend == other.backend &&
         one.worker_threads == other.worker_threads && one.admin_address == other.admin_address &&
         has_same_door(one.admin, other.admin) && one.storage == other.storage;
}

schema::Problems all_problems(const schema::Reading<config::File>& reading,
                              const runtime::Built& built) {
  schema::Problems problems = built.problems;
  schema::hide_lines(problems, reading.secret_lines);
  problems.insert(problems.begin(), reading.problems.begin(), reading.problems.end());
  return problems;
}

}  // namespace

Result<std::vector<net::ListenSocket>> listen_on_all(std::uint16_t port, std::size_t count) {
  auto both = net::listen_on(net::Address::v6({}, port), count);
  // A machine without IPv6 has no such address.
  if (both || both.error().fault() != Fault::bad_request) return both;
  return net::listen_on(net::Address::v4({}, port), count);
}

Reloader::Reloader(net::Loop& loop, Log log, const ConfigurationSource& source,
                   runtime::Stores& stores, gateway::SessionTable& sessions, const CoreHomes& cores)
    : loop_(loop),
      log_(log),
      source_(source),
      stores_(stores),
      sessions_(sessions),
      cores_(cores),
      watching_(std::make_unique<TaskGroup>(loop)) {}

Task<> Reloader::begin(yaml::Source text, config::File file, runtime::Built built,
                       std::map<std::uint16_t, std::vector<net::ListenSocket>> sockets) {
  text_ = text.text;
  file_ = std::move(file);
  watch_files(built.watched);
  follow_keys(built.followed);
  if (running_ != nullptr) {
    running_->runs(std::move(text), file_, built.snapshot, std::move(built.problems));
  }
  co_await publish(std::move(built.snapshot), std::move(sockets));
}

void Reloader::take_keys() {
  are_keys_pending_ = true;
  has_changed_ = true;
  changed_.notify_all();
}

void Reloader::follow_keys(const std::vector<auth::KeySource>& sources) {
  if (keeper_ != nullptr) keeper_->follow(sources);
}

void Reloader::request() {
  is_requested_ = true;
  changed_.notify_all();
}

Task<> Reloader::watch(std::string path) {
  net::FileWatch file(loop_, std::move(path));
  for (;;) {
    co_await file.changed();
    has_changed_ = true;
    changed_.notify_all();
  }
}

void Reloader::watch_files(const std::set<std::string>& paths) {
  std::set<std::string> wanted = paths;
  if (source_.path()) wanted.insert(*source_.path());
  if (wanted == paths_) return;
  paths_ = std::move(wanted);
  watching_ = std::make_unique<TaskGroup>(loop_);
  for (const std::string& path : paths_) watching_->spawn(watch(path));
  // What changed between the last reading and the beginning of these watches was seen by nobody.
  has_changed_ = true;
  changed_.notify_all();
}

Task<> Reloader::run() {
  for (;;) {
    while (!has_changed_ && !is_requested_) {
      co_await changed_.wait();
    }
    const bool is_forced = is_requested_;
    has_changed_ = is_requested_ = false;
    co_await reload(is_forced);
  }
}

void Reloader::report(const schema::Problems& problems, const yaml::Source& text) const {
  for (const schema::Problem& problem : problems) {
    const std::string rendered = line_of(problem, text);
    if (problem.severity == schema::Severity::error) {
      log_.error("configuration error", {{"problem", rendered}});
    } else {
      log_.warn("configuration warning", {{"problem", rendered}});
    }
  }
}

void Reloader::reject(yaml::Source text, schema::Problems problems) const {
  if (running_ == nullptr) return;
  schema::sort(problems);
  running_->rejects(std::move(text), std::move(problems));
}

bool Reloader::reload_keys() {
  const std::uint64_t before = stores_.keys.generation();
  for (const std::string& path : paths_) {
    if (path == source_.path()) continue;
    const Result<bool> changed = stores_.keys.reload(path);
    if (!changed) {
      log_.error("file not reloaded, what was last good stays",
                 {{"file", path}, {"error", changed.error().why()}});
    }
  }
  return stores_.keys.generation() != before;
}

Task<> Reloader::reload(bool is_forced) {
  const Stopwatch watch;
  if (reload_keys()) are_keys_pending_ = true;
  Result<yaml::Source> text = source_.read();
  if (!text) {
    log_.error("configuration not reloaded, the running one stays",
               {{"error", text.error().why()}});
    if (running_ != nullptr) running_->misses(text.error().why());
    co_return;
  }
  if (text->text == text_ && !is_forced) {
    if (running_ != nullptr) running_->agrees();
    if (are_keys_pending_) co_await serve_new_keys();
    co_return;
  }
  schema::Reading<config::File> reading = read_file(*text);
  const std::uint64_t generation = stores_.keys.generation();
  runtime::Built built;
  if (!schema::has_errors(reading.problems)) built = runtime::build(reading.value, stores_);
  report(reading.problems, *text);
  report(built.problems, *text);
  if (!built.snapshot) {
    log_.error("configuration not reloaded, the running one stays", {{"file", source_.name()}});
    reject(std::move(*text), all_problems(reading, built));
    if (are_keys_pending_) co_await serve_new_keys();
    co_return;
  }
  auto sockets = open_new_ports(*built.snapshot);
  if (!sockets) {
    log_.error("configuration not reloaded, the running one stays",
               {{"error", sockets.error().why()}});
    reject(
        std::move(*text),
        {schema::Problem{schema::Severity::error, {}, "binds", sockets.error().why(), "", false}});
    co_return;
  }
  if (!is_same_at_start(reading.value.config, file_.config)) {
    log_.warn("settings below `config` changed: they take effect at the next start");
  }
  text_ = text->text;
  file_ = std::move(reading.value);
  watch_files(built.watched);
  follow_keys(built.followed);
  if (running_ != nullptr) {
    running_->runs(std::move(*text), file_, built.snapshot, all_problems(reading, built));
  }
  co_await publish(std::move(built.snapshot), std::move(*sockets));
  are_keys_pending_ = stores_.keys.generation() != generation;  // others may have come meanwhile
  if (keeper_ != nullptr) keeper_->serves(generation);
  log_.info("configuration reloaded",
            {{"file", source_.name()}, {"took_ms", watch.milliseconds()}});
}

// What runs, with the keys of now: these do not wait for somebody to mend a configuration.
Task<> Reloader::serve_new_keys() {
  const std::uint64_t generation = stores_.keys.generation();
  runtime::Built built = runtime::build(file_, stores_);
  report(built.problems, yaml::Source{source_.name(), text_});
  if (!built.snapshot) co_return;
  if (running_ != nullptr) running_->runs(built.snapshot);
  std::map<std::uint16_t, std::vector<net::ListenSocket>> none;
  co_await publish(std::move(built.snapshot), std::move(none));
  are_keys_pending_ = stores_.keys.generation() != generation;  // others may have come meanwhile
  if (keeper_ != nullptr) keeper_->serves(generation);
  log_.info("configuration reloaded", {{"file", source_.name()}, {"reason", "new keys"}});
}

Result<std::map<std::uint16_t, std::vector<net::ListenSocket>>> Reloader::open_new_ports(
    const runtime::Snapshot& snapshot) const {
  std::map<std::uint16_t, std::vector<net::ListenSocket>> opened;
  for (const runtime::Bind& bind : snapshot.binds) {
    if (ports_.contains(bind.port)) continue;
    TRY(auto sockets, listen_on_all(bind.port, cores_.size()));
    opened.emplace(bind.port, std::move(sockets));
  }
  return opened;
}

Task<> Reloader::end_orphans() {
  if (pool_ != nullptr) pool_->end_orphans(targets_);
  const std::vector<gateway::SessionHome> orphans = sessions_.take_orphans(targets_);
  for (const gateway::SessionHome& orphan : orphans) {
    [[maybe_unused]] auto ended = co_await orphan->home.ask(&gateway::McpSession::end);
  }
  // A stream may have no session yet.
  if (doors_ != nullptr) {
    for (const gateway::SseDoorRef& door : doors_->orphans(targets_)) {
      [[maybe_unused]] auto closed = co_await door->link.ask(&gateway::SseLink::close);
    }
  }
  // Also what a request held when the configuration changed, and what hangs on it.
  stores_.targets.forget_unused();
}

Task<> Reloader::publish(std::shared_ptr<const runtime::Snapshot> snapshot,
                         std::map<std::uint16_t, std::vector<net::ListenSocket>> sockets) {
  std::set<std::uint16_t> ports;
  for (const runtime::Bind& bind : snapshot->binds) ports.insert(bind.port);
  for (const auto& [port, opened] : sockets) {
    if (running_ != nullptr) running_->serves_on(port, opened.front().address().port());
  }
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    // A control block of its own for each core: they never share a count.
    std::shared_ptr<const runtime::Snapshot> own(snapshot.get(),
                                                 [snapshot](const runtime::Snapshot*) {});
    [[maybe_unused]] auto adopted = co_await cores_[i].ask(&gateway::Core::adopt, std::move(own));
    for (auto& [port, opened] : sockets) {
      auto socket = std::make_shared<net::ListenSocket>(std::move(opened.at(i)));
      const std::uint16_t configured = port;
      [[maybe_unused]] auto open =
          co_await cores_[i].ask(&gateway::Core::open, configured, std::move(socket));
    }
    for (const std::uint16_t port : ports_) {
      if (ports.contains(port)) continue;
      [[maybe_unused]] auto closed = co_await cores_[i].ask(&gateway::Core::close, port);
    }
  }
  ports_ = std::move(ports);
  // What no route leads to any more ends when its last request does.
  targets_ = snapshot->targets();
  co_await end_orphans();
}

}  // namespace app
