#include "app/process.h"

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/admin_opening.h"
#include "app/announce.h"
#include "app/build_facts.h"
#include "app/configuration.h"
#include "app/demo.h"
#include "app/memory.h"
#include "app/reload.h"
#include "app/stopwatch.h"
#include "base/sleep.h"
#include "gateway/password_pool.h"
#include "net/child.h"
#include "net/signals.h"
#include "net/spawner.h"
#include "net/worker.h"

namespace app {
namespace {

using Sockets = std::map<std::uint16_t, std::vector<net::ListenSocket>>;

constexpr auto sessions_looked_at_every = std::chrono::seconds(10);
constexpr auto farewells_within = std::chrono::seconds(2);
// Blocks from this size on are the system's own and go back to it at once; the allocator keeps no
// more than this at the end of what a thread uses. By itself it raises both with every large block.
constexpr int kept_memory_bytes_max = 512 * 1024;
constexpr auto memory_given_back_every = std::chrono::seconds(10);
constexpr auto memory_looked_at_every = std::chrono::milliseconds(100);
constexpr std::size_t descriptors_reserved =
    64;  // for children, files and upstreams when all else is full
constexpr double share_of_descriptors = 0.8;

struct Loaded {
  yaml::Source text;
  config::File file;
  std::vector<schema::Lines> secret_lines;
};

// Before there is a second thread.
void bound_kept_memory() {
  mallopt(M_MMAP_THRESHOLD, kept_memory_bytes_max);  // NOLINT(concurrency-mt-unsafe): see above
  mallopt(M_TRIM_THRESHOLD, kept_memory_bytes_max);  // NOLINT(concurrency-mt-unsafe): see above
}

// Prints what is wrong with the configuration, as errors go to standard error before anything runs.
void print(const schema::Problems& problems, const yaml::Source& text) {
  if (!problems.empty()) std::cerr << schema::render(problems, text);
}

int complain(const Error& error, int status) {
  std::cerr << "agentgateway: " << error.why() << '\n';
  return status;
}

std::optional<Loaded> load(const ConfigurationSource& source) {
  Result<yaml::Source> text = source.read();
  if (!text) {
    std::cerr << "agentgateway: " << text.error().why() << '\n';
    return std::nullopt;
  }
  schema::Reading<config::File> reading = read_file(*text);
  if (schema::has_errors(reading.problems)) {
    print(reading.problems, *text);
    return std::nullopt;
  }
  return Loaded{std::move(*text), std::move(reading.value), std::move(reading.secret_lines)};
}

LogFormat format_of(config::LogFormatSetting setting) {
  return setting == config::LogFormatSetting::json ? LogFormat::json : LogFormat::text;
}

LogLevel level_of(config::LogLevelSetting setting) {
  switch (setting) {
    case config::LogLevelSetting::debug:
      return LogLevel::debug;
    case config::LogLevelSetting::info:
      return LogLevel::info;
    case config::LogLevelSetting::warn:
      return LogLevel::warn;
    case config::LogLevelSetting::error:
      return LogLevel::error;
  }
  return LogLevel::info;
}

Log make_log(LogSink& sink, const config::LoggingSettings& settings) {
  return Log(sink, format_of(settings.format), level_of(settings.level));
}

std::size_t worker_count(const config::Process& process) {
  if (process.worker_threads > 0) return process.worker_threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

// As many as descriptors allow with a reserve; `configured` may be less, not more.
std::size_t connections_max(std::size_t configured) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  // As many as the system allows: the soft limit is for programs that use select().
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto usable = static_cast<double>(limit.rlim_cur) * share_of_descriptors;
  const auto total = static_cast<std::size_t>(usable);
  const std::size_t most =
      std::max<std::size_t>(16, total > descriptors_reserved ? total - descriptors_reserved : 0);
  return configured == 0 ? most : std::min(configured, most);
}

// The loop of a worker ends when it is stopped; its root has nothing to do but be there.
Task<> stay(net::Loop&) {
  Signal never;
  co_await never.wait();
}

gateway::Limits limits_of(const config::Process& process, std::uint64_t memory) {
  const config::Limits& set = process.limits;
  gateway::Limits limits;
  limits.connections = connections_max(set.connections);
  limits.connections_per_address = set.connections_per_address;
  limits.body_bytes = memory / 8;
  limits.server.request_line_bytes = set.request_line.count;
  limits.server.head_bytes = set.head.count;
  limits.server.head_within = set.head_within;
  limits.server.body_progress_within = set.body_within;
  limits.server.write_within = set.write_within;
  limits.client.connect_within = process.backend.connect;
  limits.client.idle = process.backend.idle;
  limits.client.idle_per_endpoint = process.backend.idle_per_endpoint;
  limits.client.body_idle = set.upstream_body_within;
  return limits;
}

gateway::ModernLimits modern_limits_of(const config::Process& process) {
  return {process.limits.open_questions_per_caller, process.limits.open_questions,
          process.mcp.questions_within, process.mcp.stateless_idle};
}

Task<std::shared_ptr<net::Home<gateway::Core>>> make_core(gateway::Shared* shared,
                                                          std::uint16_t number) {
  net::Loop& loop = co_await net::this_loop();
  co_return std::make_shared<net::Home<gateway::Core>>(
      loop, std::make_unique<gateway::Core>(loop, *shared, number));
}

// What the process starts with.
struct Start {
  runtime::Built built;
  Sockets sockets;
  AdminOpening admin;
};

// The process while it serves, on the main thread's loop.
class Process {
 public:
  Process(const ConfigurationSource& source, Loaded loaded, net::Spawner& spawner,
          LogWriter& writer, const Stopwatch& since_start)
      : watch_(since_start),
        source_(source),
        loaded_(std::move(loaded)),
        log_(make_log(writer, loaded_.file.config.logging)),
        targets_(spawner, log_, target_limits(), std::string(build_version)),
        stores_{keys_, targets_},
        sessions_(session_limits()),
        memory_(loaded_.file.config.limits.memory.count),
        load_(limits_of(loaded_.file.config, memory_.limit())) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() = default;

  int run() {
    runtime::Built built = runtime::build(loaded_.file, stores_);
    if (!built.snapshot) {
      schema::hide_lines(built.problems, loaded_.secret_lines);
      print(built.problems, loaded_.text);
      return exit_invalid;
    }
    Result<crypto::SealKey> key = session_key();
    if (!key) {
      std::cerr << "agentgateway: config.session.key: " << key.error().why() << '\n';
      return exit_invalid;
    }
    const config::SessionSettings& session = loaded_.file.config.session;
    const Duration resumable_for =
        session.key ? session.resumable_for.value_or(config::resumable_for_default)
                    : Duration::zero();
    session_ids_.emplace(std::move(*key), random_, resumable_for);
    const std::size_t workers = worker_count(loaded_.file.config);
    Sockets sockets;
    if (const int status = open_ports(*built.snapshot, workers, sockets); status != exit_fine)
      return status;
    greet(built, workers);
    Result<AdminOpening> admin = open_admin(loaded_.file.config, source_, log_);
    if (!admin) {
      const bool is_no_address = admin.error().fault() == Fault::bad_request;
      return complain(admin.error(), is_no_address ? exit_invalid : exit_port);
    }
    announce_ports(built, sockets);
    schema::hide_lines(built.problems, loaded_.secret_lines);
    begin_running(running_, source_, clock_.wall(), workers);
    return run_threads(workers, Start{std::move(built), std::move(sockets), std::move(*admin)});
  }

 private:
  gateway::SessionLimits session_limits() const {
    gateway::SessionLimits limits;
    limits.idle = loaded_.file.config.mcp.session_idle;
    limits.total = loaded_.file.config.limits.sessions;
    limits.per_owner = loaded_.file.config.limits.sessions_per_caller;
    limits.children_per_owner = loaded_.file.config.limits.children_per_caller;
    return limits;
  }

  auth::FailedLoginLimits failed_login_limits() const {
    const config::Limits& set = loaded_.file.config.limits;
    auth::FailedLoginLimits limits;
    limits.failures_max = set.failed_logins;
    limits.window = set.failed_login_window;
    return limits;
  }

  runtime::TargetLimits target_limits() const {
    const config::Limits& set = loaded_.file.config.limits;
    runtime::TargetLimits limits;
    limits.children = set.children;
    limits.line_bytes = set.child_line.count;
    limits.start_within = set.child_start_within;
    limits.answer_bytes = set.answer.count;
    limits.event_bytes = set.event.count;
    limits.calls = set.calls_per_target;
    limits.streams = set.streams_per_target;
    limits.queue = {set.queued_events, set.queued_bytes.count};
    return limits;
  }

  Result<crypto::SealKey> session_key() {
    const std::optional<std::string>& digits = loaded_.file.config.session.key;
    if (digits) return crypto::SealKey::from_hex(*digits);
    return crypto::SealKey::from_random(random_);
  }

  int open_ports(const runtime::Snapshot& snapshot, std::size_t workers, Sockets& sockets) {
    for (const runtime::Bind& bind : snapshot.binds) {
      auto opened = listen_on_all(bind.port, workers);
      if (!opened) {
        std::cerr << "agentgateway: port " << bind.port << ": " << opened.error().why() << '\n';
        return exit_port;
      }
      sockets.emplace(bind.port, std::move(*opened));
    }
    return exit_fine;
  }

  void greet(const runtime::Built& built, std::size_t workers) {
    if (source_.is_demo()) std::cout << demo_introduction() << std::flush;
    log_.info("agentgateway",
              {{"version", build_version}, {"config", source_.name()}, {"workers", workers}});
    if (source_.path()) {
      for (const std::string& warning : warnings_about(*source_.path())) {
        log_.warn("configuration warning", {{"problem", warning}});
      }
    }
    for (const schema::Problem& problem : built.problems) {
      log_.warn("configuration warning", {{"problem", line_of(problem, loaded_.text)}});
    }
  }

  void announce_ports(const runtime::Built& built, const Sockets& sockets) {
    std::map<std::uint16_t, std::uint16_t> ports;
    for (const auto& [port, opened] : sockets) ports[port] = opened.front().address().port();
    announce(log_, *built.snapshot, ports);
  }

  int run_threads(std::size_t workers, Start start) {
    net::Loop loop;
    gateway::Traffic traffic(loop.address(), workers);
    gateway::Shared shared{log_, clock_, *session_ids_, sessions_, load_};
    shared.traffic = &traffic;
    shared.failed_logins = &failed_logins_;
    shared.passwords = &passwords_;
    const config::Limits& set = loaded_.file.config.limits;
    shared.message_limits = {set.message_depth, set.message_members};
    shared.modern = &modern_;
    std::vector<std::unique_ptr<net::Worker>> threads;
    threads.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i) {
      threads.push_back(std::make_unique<net::Worker>("worker-" + std::to_string(i), &stay));
    }
    CoreHomes cores;
    Task<> root = serve_until_told(loop, shared, threads, cores, std::move(start));
    root.start(loop, std::noop_coroutine());
    while (!root.is_done()) loop.turn(Instant::max());
    root.take();
    cores.clear();
    threads.clear();  // stops and joins
    return status_;
  }

  Task<> serve_until_told(net::Loop& loop, gateway::Shared& shared,
                          std::vector<std::unique_ptr<net::Worker>>& threads, CoreHomes& cores,
                          Start start) {
    for (const auto& thread : threads) {
      gateway::Shared* const for_core = &shared;
      const auto number = static_cast<std::uint16_t>(cores.size());
      auto made = co_await net::run_on(thread->address(), &make_core, for_core, number);
      if (!made) {
        std::cerr << "agentgateway: " << made.error().why() << '\n';
        status_ = exit_failed;
        co_return;
      }
      cores.push_back(std::move(**made));
    }
    net::Signals signals(loop, {SIGTERM, SIGINT, SIGHUP});
    KeyKeeper keeper(loop, keys_, clock_, log_, shared.tls);
    Reloader reloader(loop, log_, source_, stores_, sessions_, cores);
    reloader.set_pool(modern_);
    reloader.set_doors(shared.sse);
    reloader.set_keeper(keeper);
    reloader.set_running(running_);
    co_await reloader.begin(std::move(loaded_.text), std::move(loaded_.file),
                            std::move(start.built), std::move(start.sockets));
    log_.info("ready", {{"took_ms", watch_.milliseconds()}});
    AdminDoor door(loop, log_, clock_, running_, stores_, shared);
    TaskGroup background(loop);
    door.open(std::move(start.admin), background);
    background.spawn(reloader.run());
    background.spawn(take_new_keys(keeper, reloader));
    background.spawn(end_unused_sessions(loop, reloader));
    background.spawn(give_back_memory(loop));
    background.spawn(watch_memory(loop));
    co_await wait_for_the_end(signals, reloader);
    background.cancel();
    co_await background.join();
    co_await stop(loop, cores, signals);
  }

  Task<> wait_for_the_end(net::Signals& signals, Reloader& reloader) {
    for (;;) {
      const int signal = co_await signals.next();
      if (signal != SIGHUP) {
        log_.info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
        co_return;
      }
      reloader.request();
    }
  }

  static Task<> take_new_keys(KeyKeeper& keeper, Reloader& reloader) {
    for (;;) {
      co_await keeper.changed();
      reloader.take_keys();
    }
  }

  Task<> end_unused_sessions(net::Loop& loop, Reloader& reloader) {
    for (;;) {
      const Deadline next = Deadline::in(loop.now(), sessions_looked_at_every);
      co_await sleep_until(next);
      const std::size_t ended = sessions_.take_idle(loop.now()).size() + modern_.end_idle();
      if (ended > 0) log_.info("idle sessions ended", {{"count", ended}});
      co_await reloader.end_orphans();
    }
  }

  // What is free lies scattered over what each thread uses; the system gets it back. Without this
  // the most that was ever needed at the same time stays.
  static Task<> give_back_memory(net::Loop& loop) {
    for (;;) {
      const Deadline next = Deadline::in(loop.now(), memory_given_back_every);
      co_await sleep_until(next);
      static_cast<void>(malloc_trim(0));  // whether there was anything
    }
  }

  // While memory is short nothing new is begun. What is free goes back to the system at once then.
  Task<> watch_memory(net::Loop& loop) {
    bool was_short = false;
    for (;;) {
      const Deadline next = Deadline::in(loop.now(), memory_looked_at_every);
      co_await sleep_until(next);
      bool is_short = memory_.is_short();
      if (is_short) {
        [[maybe_unused]] const int trimmed = ::malloc_trim(0);
        is_short = memory_.is_short();
      }
      load_.set_short_of_memory(is_short);
      if (is_short && !was_short) {
        log_.warn("short of memory", {{"used", memory_.used()}, {"limit", memory_.limit()}});
      }
      was_short = is_short;
    }
  }

  static Task<> drain_core(const net::Home<gateway::Core>& core, Deadline deadline) {
    [[maybe_unused]] auto drained = co_await core.ask(&gateway::Core::drain, deadline);
  }

  static Task<> part_from(const net::Home<gateway::Core>& core, Deadline deadline) {
    [[maybe_unused]] auto parted = co_await core.ask(&gateway::Core::say_farewells, deadline);
  }

  // A second signal does not wait: the spawner ends what is left of the children.
  static Task<> end_at_once(net::Signals& signals) {
    for (;;) {
      const int signal = co_await signals.next();
      if (signal != SIGHUP) _exit(exit_failed);
    }
  }

  Task<> stop(net::Loop& loop, const CoreHomes& cores, net::Signals& signals) {
    TaskGroup impatient(loop);
    impatient.spawn(end_at_once(signals));
    const Deadline deadline = Deadline::in(loop.now(), termination_deadline_);
    TaskGroup draining(loop);
    for (const auto& core : cores) draining.spawn(drain_core(core, deadline));
    co_await draining.join();
    sessions_.take_all();
    modern_.end_all();
    const Deadline said = Deadline::in(loop.now(), farewells_within);
    TaskGroup parting(loop);
    for (const auto& core : cores) parting.spawn(part_from(core, said));
    co_await parting.join();
    log_.info("stopped");
  }

  const Stopwatch watch_;  // since the process began
  const ConfigurationSource& source_;
  Loaded loaded_;
  const Duration termination_deadline_ = loaded_.file.config.termination_deadline;
  Log log_;
  SystemClock clock_;
  SystemRandom random_;
  auth::KeyStore keys_;
  runtime::TargetStore targets_;
  runtime::Stores stores_;
  gateway::SessionTable sessions_;
  gateway::ModernPool modern_{sessions_, clock_, modern_limits_of(loaded_.file.config)};
  const Memory memory_;
  gateway::Load load_;
  auth::FailedLogins failed_logins_{failed_login_limits(), log_};
  gateway::PasswordPool passwords_;
  std::optional<gateway::SessionIds> session_ids_;
  admin::Running running_;
  int status_ = exit_fine;
};

}  // namespace

int serve(const Options& options) {
  const Stopwatch since_start;
  bound_kept_memory();
  net::block_signals({SIGTERM, SIGINT, SIGHUP});
  net::Spawner spawner;  // before any thread, and before secrets are read
  const Result<ConfigurationSource> source = ConfigurationSource::from(options);
  if (!source) return complain(source.error(), exit_invalid);
  std::optional<Loaded> loaded = load(*source);
  if (!loaded) return exit_invalid;
  LogWriter writer(STDOUT_FILENO, LogWriter::default_bytes_max,
                   format_of(loaded->file.config.logging.format));
  return Process(*source, std::move(*loaded), spawner, writer, since_start).run();
}

int validate(const Options& options) {
  net::Spawner spawner;
  const Result<ConfigurationSource> source = ConfigurationSource::from(options);
  if (!source) return complain(source.error(), exit_invalid);
  const std::optional<Loaded> loaded = load(*source);
  if (!loaded) return exit_invalid;
  LogWriter writer(STDERR_FILENO);
  auth::KeyStore keys;
  runtime::TargetStore targets(spawner, make_log(writer, loaded->file.config.logging));
  runtime::Stores stores{keys, targets};
  runtime::Built built = runtime::build(loaded->file, stores);
  schema::hide_lines(built.problems, loaded->secret_lines);
  print(built.problems, loaded->text);
  if (!built.snapshot) return exit_invalid;
  std::cout << "Configuration is valid!\n";
  return exit_fine;
}

}  // namespace app
