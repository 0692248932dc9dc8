#include "json/write.h"
#include "mcp/task.h"
#include "mcp/write.h"
#include "upstream/detail_handshake.h"

namespace upstream {
namespace {

// The capabilities with no more of `tasks` than is passed on: a client that saw more would ask for
// it.
std::string reduced(json::Value capabilities, const mcp::TaskOffer& offer) {
  if (!offer.calls) return mcp::without_members(capabilities, {"tasks"});
  json::Writer out;
  out.begin_object();
  for (const json::Member member : capabilities.members()) {
    out.name(member.name);
    if (member.name == "tasks") {
      out.raw(offer.text());
    } else {
      out.value(member.value);
    }
  }
  return out.end_object().take();
}

Result<mcp::Message> with_reduced_tasks(mcp::Message answer) {
  const auto capabilities = answer.result()->find("capabilities");
  if (!capabilities || !capabilities->find("tasks")) return answer;
  const mcp::TaskOffer offer = mcp::task_offer(*answer.result());
  json::Writer out;
  out.begin_object();
  for (const json::Member member : answer.result()->members()) {
    out.name(member.name);
    if (member.name == "capabilities") {
      out.raw(reduced(member.value, offer));
    } else {
      out.value(member.value);
    }
  }
  const std::string result = out.end_object().take();
  auto again = mcp::read(mcp::result_text(answer.id(), result), mcp::Sender::server);
  if (!again) return failed(Fault::internal, again.error().why());
  return std::move(*again);
}

}  // namespace

Result<Handshake> judge_handshake(mcp::Message answer) {
  if (answer.error()) {
    const auto why = answer.error()->find_string("message").value_or("");
    // By the server, for what the client sent: no fault of the server's.
    return failed(Fault::bad_request, "initialize was refused: " + std::string(why.substr(0, 200)));
  }
  const auto text = answer.result()->find_string("protocolVersion");
  const auto revision = text ? mcp::read_revision(*text) : std::nullopt;
  if (!revision || mcp::era_of(*revision) != mcp::Era::legacy) {
    return failed(Fault::upstream_failed,
                  "initialize was answered without a protocolVersion that is known");
  }
  TRY(auto bridged, with_reduced_tasks(std::move(answer)));
  return Handshake(std::move(bridged), *revision);
}

Result<InitializeParams> InitializeParams::from(json::Value params) {
  const auto version = params.find_string("protocolVersion");
  const auto capabilities = params.find("capabilities");
  const auto client = params.find("clientInfo");
  const bool is_named = client && client->find_string("name") && client->find_string("version");
  if (!version || !capabilities || !capabilities->is_object() || !is_named) {
    return failed(Fault::bad_request,
                  "initialize needs protocolVersion, capabilities and clientInfo");
  }
  json::Writer out;
  out.begin_object();
  for (const json::Member member : params.members()) {
    out.name(member.name);
    if (member.name == "protocolVersion") {
      out.string(mcp::text_of(mcp::negotiate(*version)));
    } else if (member.name == "capabilities") {
      out.raw(mcp::without_members(member.value, {"tasks"}));
    } else {
      out.value(member.value);
    }
  }
  TRY(auto document, json::Document::parse(out.end_object().take()));
  return InitializeParams(std::move(document));
}

InitializeParams InitializeParams::copy() const {
  return InitializeParams(*json::Document::parse(std::string(document_.text())));
}

Task<Result<Handshake>> shake_hands(Dialog& dialog, const InitializeParams& params,
                                    Deadline deadline) {
  const mcp::Call call("initialize", params.value(), deadline);
  CO_TRY(auto conversation, dialog.start_own(call));
  CO_TRY(Event event, co_await conversation->next());
  Result<Handshake> handshake = judge_handshake(std::move(event).take_message());
  if (handshake) dialog.notify("notifications/initialized", json::Value());
  co_return handshake;
}

}  // namespace upstream
