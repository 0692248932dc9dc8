#include "gateway/inventory.h"

#include "json/write.h"
#include "mcp/call.h"
#include "upstream/site.h"

namespace gateway {
namespace {

constexpr std::string_view hello =
    R"({"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":)"
    R"({"name":"agentgateway admin","version":"1"}})";
constexpr int pages_max = 50;

struct ListKind {
  std::string_view capability;
  std::string_view method;
  std::string_view name;  // of an item
  policy::McpSubject::Kind kind;
};
constexpr ListKind list_kinds[] = {
    {"tools", "tools/list", "name", policy::McpSubject::Kind::tool},
    {"prompts", "prompts/list", "name", policy::McpSubject::Kind::prompt},
    {"resources", "resources/list", "uri", policy::McpSubject::Kind::resource},
};

// One session and what it has listed so far.
class Inventory {
 public:
  Inventory(upstream::Session& session, std::string target, Deadline deadline)
      : session_(session), target_(std::move(target)), deadline_(deadline) {}

  Task<Result<>> take_all() {
    for (const ListKind& kind : list_kinds) {
      if (offers(kind.capability)) CO_TRY(co_await take(kind));
    }
    co_return Result<>();
  }
  std::vector<Thing> things() && { return std::move(things_); }

 private:
  bool offers(std::string_view capability) const {
    const auto capabilities = session_.initialized().result()->find("capabilities");
    return capabilities && capabilities->find(capability);
  }

  Task<Result<>> take(ListKind kind) {
    std::string params = "{}";
    const std::size_t before = things_.size();
    for (int page = 0; page < pages_max && things_.size() - before < inventory_max; ++page) {
      CO_TRY(const mcp::Message answer, co_await ask(kind.method, params));
      if (!answer.result()) co_return failed(Fault::upstream_failed, "the list was refused");
      take_page(kind, *answer.result());
      const auto cursor = answer.result()->find_string("nextCursor");
      if (!cursor) break;
      json::Writer writer;
      writer.begin_object().name("cursor").string(*cursor).end_object();
      params = writer.take();
    }
    co_return Result<>();
  }

  Task<Result<mcp::Message>> ask(std::string_view method, const std::string& params) {
    const json::Document document = json::Document::parse(params).value();
    mcp::Call call(method, document.root(), deadline_);
    call.make_own();
    CO_TRY(auto conversation, co_await session_.start(std::move(call)));
    for (;;) {
      CO_TRY(upstream::Event event, co_await conversation->next());
      if (event.kind() == upstream::Event::Kind::result) {
        co_return std::move(event).take_message();
      }
    }
  }

  void take_page(const ListKind& kind, json::Value result) {
    const auto items = result.find(kind.capability);
    if (!items) return;
    for (const json::Value item : items->elements()) {
      const auto name = item.find_string(kind.name);
      if (!name) continue;
      const auto description = item.find_string("description");
      things_.emplace_back(kind.kind, std::string(*name), target_,
                           std::string(description.value_or("")));
    }
  }

  upstream::Session& session_;
  const std::string target_;
  const Deadline deadline_;
  std::vector<Thing> things_;
};

}  // namespace

Task<Result<std::vector<Thing>>> take_inventory(std::shared_ptr<upstream::Site> site,
                                                upstream::Target& target, Deadline deadline) {
  const json::Document params = json::Document::parse(std::string(hello)).value();
  const json::Value root = params.root();
  CO_TRY(std::unique_ptr<upstream::Session> session,
         co_await target.open(std::move(site), root, deadline));
  Inventory inventory(*session, target.name().text(), deadline);
  CO_TRY(co_await inventory.take_all());
  co_return std::move(inventory).things();
}

}  // namespace gateway
