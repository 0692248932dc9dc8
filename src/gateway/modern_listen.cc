#include "gateway/modern_listen.h"

#include <algorithm>

#include "base/before.h"
#include "base/unless.h"
#include "gateway/event_stream.h"
#include "gateway/modern_task.h"
#include "gateway/refuse.h"
#include "json/write.h"
#include "mcp/modern_task.h"
#include "mcp/write.h"

namespace gateway {
namespace {

constexpr std::size_t resources_max = 100;
constexpr std::size_t tasks_max = 100;
// A reload may have taken the route or its server away.
constexpr auto looked_after_every = std::chrono::seconds(15);
constexpr std::string_view meta_subscription = "io.modelcontextprotocol/subscriptionId";

// A task as the client named it, and what it is.
struct WatchedTask {
  std::string sealed;
  TaskName task;
};

// What a client wants to be told of.
struct Filter {
  bool tools = false;
  bool prompts = false;
  bool resources = false;
  std::vector<std::string> uris;
  std::vector<std::string> task_ids;  // as the client named them
  std::vector<WatchedTask> tasks;     // those of them that are told of

  const WatchedTask* find_task(const std::string& id) const {
    const auto found = std::find_if(tasks.begin(), tasks.end(),
                                    [&](const WatchedTask& one) { return one.task.id == id; });
    return found == tasks.end() ? nullptr : &*found;
  }
  bool wants(const Notice& notice) const {
    switch (notice.kind) {
      case Notice::Kind::tools:
        return tools;
      case Notice::Kind::prompts:
        return prompts;
      case Notice::Kind::resources:
        return resources;
      case Notice::Kind::updated:
        return std::find(uris.begin(), uris.end(), notice.name) != uris.end();
      case Notice::Kind::task:
        return find_task(notice.name) != nullptr;
    }
    return false;
  }
};

std::string_view method_of(Notice::Kind kind) {
  switch (kind) {
    case Notice::Kind::tools:
      return "notifications/tools/list_changed";
    case Notice::Kind::prompts:
      return "notifications/prompts/list_changed";
    case Notice::Kind::resources:
      return "notifications/resources/list_changed";
    case Notice::Kind::task:
      return "notifications/tasks";
    case Notice::Kind::updated:
      break;
  }
  return "notifications/resources/updated";
}

bool is_true(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  return member && member->as_bool() == true;
}

// Each once.
Result<std::vector<std::string>> read_names(json::Value filter, std::string_view member,
                                            std::size_t max) {
  std::vector<std::string> names;
  const auto given = filter.find(member);
  if (!given) return names;
  if (!given->is_array() || given->size() > max) {
    return failed(Fault::bad_request, "'" + std::string(member) + "' must be an array of at most " +
                                          std::to_string(max));
  }
  for (const json::Value name : given->elements()) {
    const auto text = name.as_string();
    if (!text) return failed(Fault::bad_request, "'" + std::string(member) + "' are strings");
    if (std::find(names.begin(), names.end(), *text) == names.end()) names.emplace_back(*text);
  }
  return names;
}

// Fault::bad_request if the filter is none.
Result<Filter> read_filter(json::Value params) {
  const auto wanted = params.find("notifications");
  if (!wanted || !wanted->is_object()) {
    return failed(Fault::bad_request, "'params.notifications' must be an object");
  }
  Filter filter;
  filter.tools = is_true(*wanted, "toolsListChanged");
  filter.prompts = is_true(*wanted, "promptsListChanged");
  filter.resources = is_true(*wanted, "resourcesListChanged");
  TRY(filter.uris, read_names(*wanted, "resourceSubscriptions", resources_max));
  TRY(filter.task_ids, read_names(*wanted, "taskIds", tasks_max));
  return filter;
}

void write_meta(json::Writer& out, const mcp::Id& id) {
  out.name("_meta").begin_object().name(meta_subscription).raw(id.raw()).end_object();
}

std::string acknowledgement(const mcp::Id& id, const Filter& accepted) {
  json::Writer out;
  out.begin_object();
  write_meta(out, id);
  out.name("notifications").begin_object();
  if (accepted.tools) out.name("toolsListChanged").boolean(true);
  if (accepted.prompts) out.name("promptsListChanged").boolean(true);
  if (accepted.resources) out.name("resourcesListChanged").boolean(true);
  if (!accepted.uris.empty()) {
    out.name("resourceSubscriptions").begin_array();
    for (const std::string& uri : accepted.uris) out.string(uri);
    out.end_array();
  }
  if (!accepted.tasks.empty()) {
    out.name("taskIds").begin_array();
    for (const WatchedTask& one : accepted.tasks) out.string(one.sealed);
    out.end_array();
  }
  out.end_object();
  return mcp::notification_text("notifications/subscriptions/acknowledged",
                                out.end_object().take());
}

std::string notification(const mcp::Id& id, const Notice& notice) {
  json::Writer out;
  out.begin_object();
  write_meta(out, id);
  if (notice.kind == Notice::Kind::updated) out.name("uri").string(notice.name);
  return mcp::notification_text(method_of(notice.kind), out.end_object().take());
}

// What tasks/get would answer now (2026-07-28, tasks); empty if it cannot be read.
std::string task_notification(const mcp::Id& id, const WatchedTask& task, const Notice& notice) {
  const auto state = json::Document::parse(notice.text);
  if (!state) return {};
  const mcp::TaskFace face{task.sealed, {}, meta_subscription, id.raw()};
  return mcp::notification_text(method_of(notice.kind),
                                std::string_view(mcp::task_text(state->root(), face)));
}

std::string ending(const mcp::Id& id) {
  json::Writer out;
  out.begin_object().name("resultType").string("complete");
  write_meta(out, id);
  return mcp::result_text(id, out.end_object().take());
}

// The session that is kept for one listener, with the subscriptions that are its.
class Subscribed {
 public:
  Subscribed(Core& core, std::unique_ptr<Lease> lease) : core_(core), lease_(std::move(lease)) {}
  Subscribed(const Subscribed&) = delete;
  Subscribed& operator=(const Subscribed&) = delete;
  ~Subscribed() {
    if (!topics_.empty()) core_.background().spawn(leave(std::move(lease_), std::move(topics_)));
  }

  const net::Home<ModernSession>& home() const { return lease_->session().home; }
  void is_broken() { lease_->is_broken(); }

  Task<bool> subscribe(Notice topic) {
    topics_.push_back(topic);  // it may be there though the answer is not waited for
    auto done = co_await home().ask(&ModernSession::subscribe, std::move(topic));
    if (!done) topics_.pop_back();
    co_return done.has_value();
  }

 private:
  static Task<> leave(std::unique_ptr<Lease> lease, std::vector<Notice> topics) {
    for (Notice& topic : topics) {
      [[maybe_unused]] auto told =
          co_await lease->session().home.ask(&ModernSession::unsubscribe, std::move(topic));
    }
  }

  Core& core_;
  std::unique_ptr<Lease> lease_;
  std::vector<Notice> topics_;
};

class NoticeSource final : public MessageSource {
 public:
  NoticeSource(McpPlace at, mcp::Id id, Filter filter, InboxHome inbox,
               std::vector<std::unique_ptr<Subscribed>> subscribed)
      : core_(at.core),
        exchange_(at.exchange),
        route_key_(at.route.key),
        target_(at.backend.target->number),
        id_(std::move(id)),
        filter_(std::move(filter)),
        inbox_(std::move(inbox)),
        subscribed_(std::move(subscribed)) {}

  Task<std::optional<std::string>> next() override {
    if (subscribed_.empty()) co_return std::nullopt;
    for (;;) {
      Task<> ending_first = until_over();
      auto coming = wait();
      auto notice = co_await unless(std::move(ending_first), std::move(coming));
      const std::shared_ptr<const runtime::Snapshot> snapshot = core_.snapshot();
      const runtime::McpBackend* backend = current_backend(*snapshot);
      if (!notice || backend == nullptr) break;
      if (!*notice || !filter_.wants(**notice)) continue;
      if (!is_permitted(*snapshot, *backend, **notice)) continue;
      std::string text = text_of(**notice);
      if (!text.empty()) co_return text;
    }
    subscribed_.clear();
    co_return ending(id_);
  }

 private:
  Task<Result<Notice>> ask() { co_return co_await inbox_->ask(&Inbox::next); }
  Task<Result<Notice>> wait() {
    const Deadline look = Deadline::in(core_.loop().now(), looked_after_every);
    Task<Result<Notice>> asking = ask();
    co_return co_await before(look, std::move(asking));
  }

  // The gateway stops, or the caller's token is good no longer.
  Task<> until_over() {
    const auto& claims = exchange_.principal().claims();
    Deadline expiry = Deadline::never();
    if (claims && claims->good_until() != WallTime::max()) {
      expiry = Deadline::in(core_.loop().now(), claims->good_until() - core_.shared().clock.wall());
    }
    Task<Result<>> draining = until_draining();
    [[maybe_unused]] auto drained = co_await before(expiry, std::move(draining));
  }
  Task<Result<>> until_draining() {
    co_await core_.until_draining();
    co_return Result<>();
  }

  // Null if a reload took the route away, or gave it another server.
  const runtime::McpBackend* current_backend(const runtime::Snapshot& snapshot) const {
    const runtime::Route* route = snapshot.find_route(route_key_);
    if (route == nullptr) return nullptr;
    const auto* backend = std::get_if<runtime::McpBackend>(&route->backend);
    return backend != nullptr && backend->target->number == target_ ? backend : nullptr;
  }

  std::string text_of(const Notice& notice) const {
    const WatchedTask* task = filter_.find_task(notice.name);
    const bool is_of_task = notice.kind == Notice::Kind::task && task != nullptr;
    return is_of_task ? task_notification(id_, *task, notice) : notification(id_, notice);
  }

  // By the rules that are in force now. What rules of one snapshot saw is of no use to another's,
  // and must not outlive it.
  bool is_permitted(const runtime::Snapshot& snapshot, const runtime::McpBackend& backend,
                    const Notice& notice) {
    using Kind = mcp::Subject::Kind;
    const bool is_of_task = notice.kind == Notice::Kind::task;
    if (notice.kind != Notice::Kind::updated && !is_of_task) return true;
    const Kind kind = is_of_task ? Kind::tool : Kind::resource;
    const std::string& name = is_of_task ? filter_.find_task(notice.name)->task.tool : notice.name;
    exchange_.forget_rules();
    std::uint64_t fuel = cel::default_fuel;
    const McpView view(exchange_, backend, std::string_view());
    const bool permits = view.shows(kind, name, fuel);
    exchange_.forget_rules();
    const McpPlace now{core_, *snapshot.find_route(route_key_), backend, exchange_};
    return permits && has_scopes(now, mcp::Subject{kind, name});
  }

  Core& core_;
  policy::Exchange& exchange_;
  const std::string route_key_;
  const std::uint64_t target_;
  const mcp::Id id_;
  const Filter filter_;
  const InboxHome inbox_;
  // The sessions that are listened to; none once the stream has its end.
  std::vector<std::unique_ptr<Subscribed>> subscribed_;
};

bool says_changes(json::Value capabilities, std::string_view list) {
  const auto capability = capabilities.find(list);
  return capability && is_true(*capability, "listChanged");
}

// What the server can tell of.
void reduce(Filter& filter, json::Value capabilities) {
  filter.tools = filter.tools && says_changes(capabilities, "tools");
  filter.prompts = filter.prompts && says_changes(capabilities, "prompts");
  filter.resources = filter.resources && says_changes(capabilities, "resources");
  const auto resources = capabilities.find("resources");
  if (!resources || !is_true(*resources, "subscribe")) filter.uris.clear();
}

// What is not allowed, not there, or not to be subscribed to is not accepted, whichever it is.
Task<> subscribe_all(McpPlace at, Subscribed& subscribed, Filter& filter) {
  const McpView view(at.exchange, at.backend, std::string_view());
  std::vector<std::string> accepted;
  for (const std::string& uri : filter.uris) {
    const mcp::Subject subject{mcp::Subject::Kind::resource, uri};
    if (!view.allows(subject, "subscriptions/listen", json::Value())) continue;
    Notice topic(Notice::Kind::updated, uri);
    const bool is_subscribed = co_await subscribed.subscribe(std::move(topic));
    if (is_subscribed) accepted.push_back(uri);
  }
  filter.uris = std::move(accepted);
}

using AllSubscribed = std::vector<std::unique_ptr<Subscribed>>;

// Each in the session that has the task.
Task<> watch_all(McpPlace at, mcp::ModernRequest request, AllSubscribed& all, Filter& filter) {
  std::vector<WatchedTask> accepted;
  for (WatchedTask& one : filter.tasks) {
    std::string id = one.task.id;
    auto lease = co_await lease_session_of(at, request, std::move(id));
    if (!lease) continue;
    auto subscribed = std::make_unique<Subscribed>(at.core, std::move(*lease));
    [[maybe_unused]] auto reading = co_await subscribed->home().ask(&ModernSession::read_on);
    Notice topic(Notice::Kind::task, one.task.id);
    const bool is_watched = co_await subscribed->subscribe(std::move(topic));
    if (!is_watched) continue;
    accepted.push_back(std::move(one));
    all.push_back(std::move(subscribed));
  }
  filter.tasks = std::move(accepted);
}

// Those of the tasks that are the caller's and that it may use still.
void find_tasks(const McpPlace& at, Filter& filter) {
  for (std::string& sealed : filter.task_ids) {
    TaskAccess access = access_task(at, sealed);
    const bool is_known = access.may_use() && filter.find_task(access.task->id) == nullptr;
    if (is_known) filter.tasks.push_back(WatchedTask{std::move(sealed), std::move(*access.task)});
  }
}

std::set<std::string> ids_of(const std::vector<WatchedTask>& tasks) {
  std::set<std::string> ids;
  for (const WatchedTask& one : tasks) ids.insert(one.task.id);
  return ids;
}

}  // namespace

Task<http::Response> serve_modern_listen(McpPlace at, mcp::ModernRequest request,
                                         mcp::Message message) {
  policy::Exchange& exchange = at.exchange;
  const mcp::Id& id = message.id();
  auto filter = read_filter(message.params());
  if (!filter) {
    const mcp::ModernFault fault(400, mcp::Code::invalid_params, filter.error().why());
    co_return refuse_modern(exchange, id, fault);
  }
  auto lease = co_await lease_session(at, request, false);
  if (!lease) co_return refuse_call(exchange, id, lease.error());
  auto subscribed = std::make_unique<Subscribed>(at.core, std::move(*lease));
  auto face = co_await subscribed->home().ask(&ModernSession::face);
  if (!face) {
    subscribed->is_broken();
    co_return refuse_call(exchange, id, face.error());
  }
  const auto initialized = json::Document::parse((*face)->initialized);
  if (!initialized) co_return refuse_call(exchange, id, initialized.error());
  reduce(*filter, initialized->root().find("capabilities").value_or(json::Value()));
  if ((*face)->has_tasks && !filter->task_ids.empty()) {
    if (!request.follows_tasks) co_return refuse_modern(exchange, id, tasks_undeclared());
    find_tasks(at, *filter);
  }
  auto board = co_await board_of(at);
  if (!board) co_return refuse_call(exchange, id, board.error());
  auto inbox = std::make_shared<const net::Home<Inbox>>(
      at.core.loop(), std::make_unique<Inbox>(ids_of(filter->tasks)));
  (*board)->add(inbox);
  [[maybe_unused]] auto reading = co_await subscribed->home().ask(&ModernSession::read_on);
  co_await subscribe_all(at, *subscribed, *filter);
  AllSubscribed all;
  all.push_back(std::move(subscribed));
  co_await watch_all(at, request, all, *filter);
  std::string first = acknowledgement(id, *filter);
  auto source =
      std::make_unique<NoticeSource>(at, id, std::move(*filter), std::move(inbox), std::move(all));
  co_return stream_response(at.core.loop(), std::move(source), std::move(first));
}

}  // namespace gateway
