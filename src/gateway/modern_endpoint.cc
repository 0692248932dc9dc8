#include "gateway/modern_endpoint.h"

#include "gateway/modern_call.h"
#include "gateway/modern_listen.h"
#include "gateway/refuse.h"
#include "mcp/write.h"

namespace gateway {
namespace {

using Kind = policy::McpSubject::Kind;

// What the rules may cost for one look at a server, as for one page of a list.
constexpr std::uint64_t sight_fuel = 100 * cel::default_fuel;

mcp::ModernHeaders headers_of(const http::Headers& headers) {
  return mcp::ModernHeaders{headers.all("mcp-protocol-version"), headers.all("mcp-method"),
                            headers.all("mcp-name")};
}

http::Response refuse_fault(policy::Exchange& exchange, const mcp::ReadFault& fault) {
  http::Response refused = refuse_message(exchange, fault);
  // 2026-07-28, transports: so that intermediaries see it.
  if (fault.code() == mcp::Code::method_not_found) refused.status = 404;
  return refused;
}

// An argument in a header that cannot be read at all is wrong whatever the tool makes of it.
std::optional<mcp::ModernFault> unreadable_argument(const http::Headers& headers) {
  for (const http::Field field : headers) {
    const bool is_argument = field.name.starts_with("mcp-param-");
    if (!is_argument || mcp::decode_mirrored(field.value)) continue;
    return mcp::ModernFault(400, mcp::Code::header_mismatch,
                            "the header " + std::string(field.name) + " is not valid base64");
  }
  return std::nullopt;
}

// What a client learns before anything else: what the server can do, as far as this caller may use
// it.
class Discovery {
 public:
  Discovery(McpPlace at, mcp::ModernRequest request, mcp::Id id)
      : at_(at), request_(request), id_(std::move(id)) {}

  Task<http::Response> answer() {
    auto lease = co_await lease_session(at_, request_, false);
    if (!lease) co_return refuse_call(at_.exchange, id_, lease.error());
    lease_ = std::move(*lease);
    auto face = co_await lease_->session().home.ask(&ModernSession::face);
    if (!face) {
      lease_->is_broken();
      co_return refuse_call(at_.exchange, id_, face.error());
    }
    const auto initialized = json::Document::parse((*face)->initialized);
    if (!initialized) co_return refuse_call(at_.exchange, id_, initialized.error());
    std::vector<std::string_view> hidden;
    const auto capabilities = initialized->root().find("capabilities").value_or(json::Value());
    if (capabilities.find("tools")) {
      const bool sees = co_await sees_any(Kind::tool);
      if (!sees) hidden.emplace_back("tools");
    }
    if (capabilities.find("prompts")) {
      const bool sees = co_await sees_any(Kind::prompt);
      if (!sees) hidden.emplace_back("prompts");
    }
    const std::string result =
        mcp::discover_result(initialized->root(), hidden, (*face)->has_tasks);
    co_return http::Response(200, "application/json", mcp::result_text(id_, result));
  }

 private:
  // Whether the caller sees any of the server's tools or prompts; without rules it does.
  Task<bool> sees_any(Kind kind) {
    if (!at_.backend.rules.has_rules()) co_return true;
    auto names = co_await lease_->session().home.ask(&ModernSession::names, kind);
    if (!names || names->empty()) co_return true;
    const McpView view(at_.exchange, at_.backend, std::string_view());
    const auto listed = kind == Kind::tool ? mcp::Subject::Kind::tool : mcp::Subject::Kind::prompt;
    std::uint64_t fuel = sight_fuel;
    for (const std::string& name : *names) {
      if (view.shows(listed, name, fuel)) co_return true;
    }
    co_return false;
  }

  McpPlace at_;
  mcp::ModernRequest request_;
  mcp::Id id_;
  std::unique_ptr<Lease> lease_;
};

}  // namespace

Task<http::Response> serve_modern(McpPlace at, mcp::Message message) {
  policy::Exchange& exchange = at.exchange;
  if (message.is_notification()) {
    const auto method = mcp::admit(message, mcp::Sender::client, mcp::Era::modern);
    if (!method) co_return refuse_fault(exchange, method.error());
    co_return http::Response(202);
  }
  // A client cancels by closing (2026-07-28, transports).
  if (exchange.connection != nullptr) exchange.connection->take_end_for_leaving();
  const auto request = mcp::judge_modern(message, headers_of(exchange.request().headers));
  if (!request) co_return refuse_modern(exchange, message.id(), request.error());
  if (const auto fault = unreadable_argument(exchange.request().headers)) {
    co_return refuse_modern(exchange, message.id(), *fault);
  }
  const auto method = mcp::admit(message, mcp::Sender::client, mcp::Era::modern);
  if (!method) co_return refuse_fault(exchange, method.error());
  if (message.method() == "server/discover") {
    Discovery discovery(at, *request, message.id());
    co_return co_await discovery.answer();
  }
  if (message.method() == "subscriptions/listen") {
    co_return co_await serve_modern_listen(at, *request, std::move(message));
  }
  co_return co_await serve_modern_call(at, **method, *request, std::move(message));
}

}  // namespace gateway
