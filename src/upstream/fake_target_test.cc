#include "base/random.h"
#include "mcp/write.h"
#include "upstream/detail_dialog.h"
#include "upstream/detail_fake_target.h"
#include "upstream/detail_handshake.h"

namespace upstream {
namespace {

class FakeSession final : public Session {
 public:
  FakeSession(std::shared_ptr<FakeServer> server, Random& random)
      : server_(std::move(server)), dialog_(random) {
    server_->dialog = &dialog_;
  }
  FakeSession(const FakeSession&) = delete;
  FakeSession& operator=(const FakeSession&) = delete;
  ~FakeSession() override {
    // Calls that end now say so.
    dialog_.close(Error(Fault::cancelled, "closed"));
    if (server_->dialog == &dialog_) server_->dialog = nullptr;
  }

  Task<Result<>> open(json::Value params, Deadline deadline) {
    CO_TRY(const auto checked, InitializeParams::from(params));
    const mcp::Call call("initialize", checked.value(), deadline);
    CO_TRY(auto conversation, dialog_.start_own(call));
    pump();
    CO_TRY(Event event, co_await conversation->next());
    CO_TRY(Handshake handshake, judge_handshake(std::move(event).take_message()));
    handshake_.emplace(std::move(handshake));
    co_return Result<>();
  }

  const mcp::Message& initialized() const override { return handshake_->answer(); }
  mcp::Revision revision() const override { return handshake_->revision(); }
  Task<Result<std::unique_ptr<Conversation>>> start(mcp::Call call) override {
    if (server_->is_lost) co_return failed(Fault::not_found, "forgotten");
    if (server_->is_down) co_return failed(Fault::unavailable, "down");
    auto conversation = dialog_.start(call);
    pump();
    co_return conversation;
  }
  Task<Result<>> notify(std::string_view method, json::Value params) override {
    dialog_.notify(method, params);
    pump();
    co_return Result<>();
  }
  Task<Result<>> answer(QuestionId question, const mcp::Message& response) override {
    auto answered = dialog_.answer(question, response);
    pump();
    co_return answered;
  }
  Task<Result<>> refuse(QuestionId question, mcp::Code code, std::string_view why) override {
    auto refused = dialog_.refuse(question, code, why);
    pump();
    co_return refused;
  }
  Task<Result<Event>> next_unsolicited() override {
    // What was cancelled since is told now.
    pump();
    return dialog_.next_unsolicited();
  }
  std::optional<std::string> portable_state() const override {
    if (!server_->is_portable) return std::nullopt;
    return "{\"of\":\"" + server_->name + "\"}";
  }
  void share() override { ++server_->shared; }
  void unshare() override { ++server_->unshared; }

 private:
  void pump() {
    while (dialog_.has_outgoing()) {
      auto message = mcp::read(dialog_.take_outgoing(), mcp::Sender::client);
      if (!message) continue;
      if (message->is_response()) {
        server_->answers.emplace_back(message->text());
        continue;
      }
      const std::string method(message->method());
      const json::Value params = message->params();
      server_->received.push_back(method + " " + std::string(params.raw()));
      if (message->is_request()) respond(message->id(), method);
    }
  }
  void respond(const mcp::Id& id, const std::string& method) {
    std::string result = R"({"code":-32601,"message":"Method not found"})";
    if (method == "initialize") result = server_->greeting;
    if (method == "ping") result = "{}";
    const auto found = server_->results.find(method);
    if (found != server_->results.end()) result = found->second;
    if (result == "never") return;
    const bool is_error = result.starts_with(R"({"code")");
    server_->say(R"({"jsonrpc":"2.0","id":)" + id.raw() +
                 (is_error ? R"(,"error":)" : R"(,"result":)") + result + "}");
  }

  std::shared_ptr<FakeServer> server_;
  Dialog dialog_;
  std::optional<Handshake> handshake_;
};

class FakeTarget final : public Target {
 public:
  explicit FakeTarget(std::shared_ptr<FakeServer> server)
      : server_(std::move(server)), name_(server_->name) {}
  const mcp::TargetName& name() const override { return name_; }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site>, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials>) override {
    ++server_->opened;
    while (server_->is_slow) {
      co_await server_->changed.wait();
    }
    if (server_->is_down) co_return failed(Fault::unavailable, "down");
    SystemRandom random;
    auto session = std::make_unique<FakeSession>(server_, random);
    CO_TRY(co_await session->open(initialize_params, deadline));
    co_return std::unique_ptr<Session>(std::move(session));
  }
  Task<Result<std::unique_ptr<Session>>> resume(
      std::shared_ptr<Site> site, Portable portable, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    ++server_->resumed;
    if (server_->is_lost || portable.state.find_string("of") != server_->name) {
      co_return failed(Fault::not_found, "no such session");
    }
    co_return co_await open(std::move(site), portable.params, deadline, std::move(credentials));
  }

 private:
  std::shared_ptr<FakeServer> server_;
  mcp::TargetName name_;
};

}  // namespace

void FakeServer::say(const std::string& text) const {
  auto message = mcp::read(text, mcp::Sender::server);
  if (!message) throw std::runtime_error(message.error().why() + ": " + text);
  dialog->receive(std::move(*message));
}

std::size_t FakeServer::count(const std::string& method) const {
  std::size_t count = 0;
  for (const std::string& message : received) {
    if (message.starts_with(method + " ")) ++count;
  }
  return count;
}

std::shared_ptr<Target> make_fake_target(std::shared_ptr<FakeServer> server) {
  return std::make_shared<FakeTarget>(std::move(server));
}

}  // namespace upstream
