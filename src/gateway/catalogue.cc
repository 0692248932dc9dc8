#include "gateway/catalogue.h"

#include "json/write.h"
#include "mcp/call.h"

namespace gateway {
namespace {

constexpr auto answered_within = std::chrono::seconds(10);
constexpr auto age_of_a_miss = std::chrono::seconds(10);
constexpr int pages_max = 100;
constexpr std::size_t names_max = 100'000;

}  // namespace

// Also when the asker is gone in the middle: what is there then may be half of the list.
class Catalogue::Fetching {
 public:
  explicit Fetching(Catalogue& catalogue) : catalogue_(catalogue) {
    catalogue_.is_being_fetched_ = true;
    catalogue_.is_stale_ = false;  // a change while it is being fetched makes it stale again
    catalogue_.names_.clear();
    catalogue_.mirrored_.clear();
    catalogue_.task_only_.clear();
  }
  Fetching(const Fetching&) = delete;
  Fetching& operator=(const Fetching&) = delete;
  ~Fetching() {
    catalogue_.is_being_fetched_ = false;
    if (!is_complete_) catalogue_.is_stale_ = true;
    catalogue_.changed_.notify_all();
  }
  void complete() { is_complete_ = true; }

 private:
  Catalogue& catalogue_;
  bool is_complete_ = false;
};

Task<Result<bool>> Catalogue::knows(std::string name) {
  while (is_being_fetched_) {
    co_await changed_.wait();
  }
  if (!is_stale_ && names_.contains(name)) co_return true;
  CO_TRY(co_await refresh());
  co_return names_.contains(name);
}

Task<Result<>> Catalogue::refresh() {
  while (is_being_fetched_) {
    co_await changed_.wait();
  }
  const bool is_fresh = fetched_ && scheduler_.now() - *fetched_ < age_of_a_miss;
  if (!is_stale_ && is_fresh) co_return Result<>();
  co_return co_await fetch();
}

Task<Result<>> Catalogue::fetch() {
  Fetching fetching(*this);
  std::optional<std::string> cursor;
  for (int page = 0; page < pages_max; ++page) {
    CO_TRY(cursor, co_await fetch_page(std::move(cursor)));
    if (!cursor) break;
  }
  fetched_ = scheduler_.now();
  fetching.complete();
  co_return Result<>();
}

Task<Result<std::optional<std::string>>> Catalogue::fetch_page(std::optional<std::string> cursor) {
  json::Writer params;
  params.begin_object();
  if (cursor) params.name("cursor").string(*cursor);
  params.end_object();
  CO_TRY(auto document, json::Document::parse(params.take()));
  const std::string method = std::string(list_) + "/list";
  mcp::Call call(method, document.root(), Deadline::in(scheduler_.now(), answered_within));
  call.make_own();
  CO_TRY(auto conversation, co_await server_.start(std::move(call)));
  for (;;) {
    CO_TRY(auto event, co_await conversation->next());
    if (event.kind() != upstream::Event::Kind::result) continue;
    // A server without tools or prompts answers with an error: then it knows none.
    const auto result = event.message().result();
    co_return result ? take_page(*result) : std::nullopt;
  }
}

void Catalogue::note(json::Value item, std::string_view name) {
  names_.emplace(name);
  const auto execution = item.find("execution");
  const bool is_task_only = execution && execution->find_string("taskSupport") == "required";
  if (is_task_only) {
    task_only_.emplace(name);
  } else if (!task_only_.empty()) {
    task_only_.erase(std::string(name));
  }
  const auto schema = item.find("inputSchema");
  // Hardly any tool has them, so schemas are not looked through for nothing.
  const bool may_mirror = schema && schema->raw().find("x-mcp-header") != std::string_view::npos;
  auto mirrored =
      may_mirror ? mcp::mirrored_arguments(*schema) : std::vector<mcp::MirroredArgument>();
  if (mirrored.empty()) {
    mirrored_.erase(std::string(name));
  } else {
    mirrored_.insert_or_assign(std::string(name), std::move(mirrored));
  }
}

std::optional<std::string> Catalogue::take_page(json::Value result) {
  const auto items = result.find(list_);
  if (items) {
    for (const json::Value item : items->elements()) {
      const auto name = item.find_string("name");
      if (name && names_.size() < names_max) note(item, *name);
    }
  }
  const auto next = result.find_string("nextCursor");
  return next ? std::optional<std::string>(*next) : std::nullopt;
}

}  // namespace gateway
