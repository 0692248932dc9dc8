#include <algorithm>
#include <array>

#include "mcp/modern_task.h"
#include "mcp/write.h"
#include "upstream/detail_http_answer.h"
#include "upstream/detail_modern_call.h"
#include "upstream/detail_modern_listener.h"

namespace upstream {
namespace {

// What a server that tells its clients all of interest says without being told otherwise; servers
// of the session-based revisions do so, too.
constexpr std::string_view level_unset = "info";

bool has_flag(json::Value features, std::string_view feature, std::string_view flag) {
  const auto found = features.find(feature);
  const auto value = found ? found->find(flag) : std::nullopt;
  return value && value->as_bool().value_or(false);
}

bool is_level(std::string_view text) {
  constexpr std::array<std::string_view, 8> levels = {"debug", "info",     "notice", "warning",
                                                      "error", "critical", "alert",  "emergency"};
  return std::find(levels.begin(), levels.end(), text) != levels.end();
}

bool is_modern(json::Value initialize_params) {
  const auto version = initialize_params.find_string("protocolVersion");
  return version == mcp::text_of(mcp::modern_revision);
}

mcp::Revision revision_for(json::Value initialize_params) {
  return mcp::negotiate(initialize_params.find_string("protocolVersion").value_or(""));
}

}  // namespace

void ToolFields::learn(json::Value result, bool is_first_page) {
  const auto tools = result.find("tools");
  if (!tools) return;
  if (is_first_page) {
    has_begun_ = true;
    is_complete_ = false;
  }
  for (const json::Value tool : tools->elements()) {
    const auto name = tool.find_string("name");
    if (!name) continue;
    auto fields = mcp::tool_headers(tool);
    if (!fields || fields->empty()) {
      annotated_.erase(std::string(*name));
    } else if (annotated_.size() < tools_max) {
      annotated_.insert_or_assign(std::string(*name), std::move(*fields));
    }
  }
  if (has_begun_ && !result.find("nextCursor")) is_complete_ = true;
}

const std::vector<mcp::ToolHeader>* ToolFields::of(std::string_view tool) const {
  static const std::vector<mcp::ToolHeader> none;
  const auto found = annotated_.find(tool);
  if (found != annotated_.end()) return &found->second;
  return is_complete_ ? &none : nullptr;
}

void ToolFields::forget() {
  annotated_.clear();
  has_begun_ = false;
  is_complete_ = false;
}

ModernFeatures::ModernFeatures(json::Value features)
    : logs(features.find("logging").has_value()),
      subscribes(has_flag(features, "resources", "subscribe")),
      tells_tools(has_flag(features, "tools", "listChanged")),
      tells_prompts(has_flag(features, "prompts", "listChanged")),
      tells_resources(has_flag(features, "resources", "listChanged")),
      has_tasks(mcp::has_tasks_extension(features)) {}

Result<std::unique_ptr<ModernSession>> ModernSession::make(std::unique_ptr<ModernChannel> channel,
                                                           Random& random, json::Value params,
                                                           const mcp::Message& discovered) {
  const std::string result = mcp::initialize_result(*discovered.result(), revision_for(params),
                                                    channel->name().text(), is_modern(params));
  TRY(mcp::Message initialized, read_answer(mcp::result_text(discovered.id(), result)));
  return std::make_unique<ModernSession>(std::move(channel), random, params,
                                         std::move(initialized));
}

ModernSession::ModernSession(std::unique_ptr<ModernChannel> channel, Random& random,
                             json::Value params, mcp::Message initialized)
    : channel_(std::move(channel)),
      client_(params),
      initialized_(std::move(initialized)),
      revision_(revision_for(params)),
      shown_revision_(is_modern(params) ? mcp::modern_revision : revision_),
      features_(initialized_.result()->find("capabilities").value_or(json::Value())),
      dialog_(random, channel_->queue()),
      tasks_(channel_->scheduler()) {
  if (features_.logs) log_level_ = level_unset;
}

ModernSession::~ModernSession() {
  dialog_.close(Error(Fault::cancelled, "the session was closed"));
}

Task<Result<std::unique_ptr<Conversation>>> ModernSession::start(mcp::Call call) {
  co_return begin(call);
}

std::optional<Result<std::unique_ptr<Conversation>>> ModernSession::start_now(
    const mcp::Call& call) {
  return begin(call);
}

Result<std::unique_ptr<Conversation>> ModernSession::begin(const mcp::Call& call) {
  sort_outgoing();
  const std::string_view method = call.method();
  if (method == "ping") return answer_here(call, "{}");
  if (method == "logging/setLevel") return set_level(call);
  if (method == "resources/subscribe" || method == "resources/unsubscribe") {
    return change_subscription(call);
  }
  if (method == watch_task || method == unwatch_task) return change_watch(call);
  auto params = json::Document::parse(mcp::edited_params(call.params(), call.edit()));
  if (!params) return tl::unexpected<Error>(params.error());
  TRY(auto begun, dialog_.start_apart(call));
  return std::make_unique<ModernCall>(*this, std::move(begun), call, std::move(*params));
}

Result<std::unique_ptr<Conversation>> ModernSession::answer_here(const mcp::Call& call,
                                                                 std::string_view result) {
  TRY(auto begun, dialog_.start_apart(call));
  TRY(mcp::Message message, read_answer(mcp::result_text(mcp::Id(begun.call), result)));
  dialog_.receive(begun.call, std::move(message));
  return std::move(begun.conversation);
}

Result<std::unique_ptr<Conversation>> ModernSession::refuse_here(const mcp::Call& call,
                                                                 mcp::Code code,
                                                                 std::string_view why) {
  TRY(auto begun, dialog_.start_apart(call));
  TRY(mcp::Message message, read_answer(mcp::error_text(mcp::Id(begun.call), code, why)));
  dialog_.receive(begun.call, std::move(message));
  return std::move(begun.conversation);
}

// The level is said with each request from now on.
Result<std::unique_ptr<Conversation>> ModernSession::set_level(const mcp::Call& call) {
  const auto level = call.params().find_string("level");
  if (!level || !is_level(*level)) {
    return refuse_here(call, mcp::Code::invalid_params, "'params.level' is no log level");
  }
  if (features_.logs) log_level_ = *level;
  return answer_here(call, "{}");
}

bool ModernSession::shows_tool(json::Value tool) const {
  if (!channel_->has_headers()) return true;
  const auto fields = mcp::tool_headers(tool);
  if (fields) return true;
  channel_->log().warn("tool left out", {{"target", channel_->name().text()},
                                         {"tool", tool.find_string("name").value_or("")},
                                         {"reason", fields.error().why()}});
  return false;
}

// The revision knows none from a client.
Task<Result<>> ModernSession::notify(std::string_view, json::Value) {
  co_return Result<>();
}

Task<Result<>> ModernSession::answer(QuestionId question, const mcp::Message& response) {
  Result<> told = dialog_.answer(question, response);
  sort_outgoing();
  co_return told;
}

Task<Result<>> ModernSession::refuse(QuestionId question, mcp::Code code, std::string_view why) {
  Result<> told = dialog_.refuse(question, code, why);
  sort_outgoing();
  co_return told;
}

// What else the dialog says (that a call was cancelled) is told by closing the call's answer.
void ModernSession::sort_outgoing() {
  while (dialog_.has_outgoing()) {
    const auto message = read_answer(dialog_.take_outgoing());
    if (!message || !message->is_response()) continue;
    for (const auto& [asked, call] : asking_) {
      if (message->id() != mcp::Id(asked)) continue;
      call->take_answer(asked, *message);
      break;
    }
  }
}

std::optional<std::string> ModernSession::portable_state() const {
  if (!channel_->is_remote()) return std::nullopt;
  return R"({"era":"modern"})";
}

Task<Result<Event>> ModernSession::next_unsolicited() {
  listen_from_now_on();
  return dialog_.next_unsolicited();
}

}  // namespace upstream
