#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/before.h"
#include "base/text.h"
#include "json/write.h"
#include "upstream/detail_http_world.h"

namespace upstream {

void ServerEnd::say(std::string bytes) {
  pieces_.push_back(std::move(bytes));
  changed_.notify_all();
}
void ServerEnd::close() {
  state_ = State::closed;
  changed_.notify_all();
}
void ServerEnd::reset() {
  state_ = State::reset;
  changed_.notify_all();
}

// The gateway's end.
class ScriptedConnection final : public net::Stream {
 public:
  ScriptedConnection(HttpWorld& world, std::shared_ptr<ServerEnd> end)
      : world_(world), end_(std::move(end)) {}
  ~ScriptedConnection() override { end_->is_open_ = false; }

  Task<Result<std::span<const std::byte>>> read(Deadline deadline) override {
    // What was handed out dies now, as the thread's read buffer would.
    current_.reset();
    while (end_->pieces_.empty() && end_->state_ == ServerEnd::State::open) {
      auto woken = co_await before(deadline, changed());
      if (!woken) co_return tl::unexpected<Error>(woken.error());
    }
    if (end_->pieces_.empty()) {
      if (end_->state_ == ServerEnd::State::reset) co_return failed(Fault::cancelled, "reset");
      co_return std::span<const std::byte>();
    }
    current_ = std::make_unique<std::string>(std::move(end_->pieces_.front()));
    current_->reserve(64);
    end_->pieces_.pop_front();
    co_return std::as_bytes(std::span(current_->data(), current_->size()));
  }
  Task<Result<>> write(net::Buffers buffers, Deadline) override {
    current_.reset();
    if (end_->state_ == ServerEnd::State::reset) co_return failed(Fault::cancelled, "reset");
    for (const std::string_view piece : buffers.pieces()) end_->received_ += piece;
    world_.take(end_);
    co_return Result<>();
  }
  Task<Result<>> finish(Deadline) override { co_return Result<>(); }
  bool is_quiet() const override {
    return end_->pieces_.empty() && end_->state_ == ServerEnd::State::open;
  }

 private:
  Task<Result<>> changed() {
    co_await end_->changed_.wait();
    co_return Result<>();
  }

  HttpWorld& world_;
  std::shared_ptr<ServerEnd> end_;
  std::unique_ptr<std::string> current_;
};

class ScriptedConnector final : public http::Connector {
 public:
  explicit ScriptedConnector(HttpWorld& world) : world_(world) {}
  Task<Result<std::unique_ptr<net::Stream>>> connect(const http::Endpoint&,
                                                     Deadline deadline) override {
    if (world_.is_down) co_return failed(Fault::unavailable, "connection refused");
    if (world_.is_silent) {
      auto never = co_await before(deadline, for_ever());
      co_return tl::unexpected<Error>(never.error());
    }
    ++world_.connections;
    std::unique_ptr<net::Stream> stream =
        std::make_unique<ScriptedConnection>(world_, std::make_shared<ServerEnd>());
    co_return stream;
  }

 private:
  Task<Result<>> for_ever() {
    co_await never_.wait();
    co_return Result<>();
  }
  HttpWorld& world_;
  Signal never_;
};

std::string ServedRequest::header(std::string_view name) const {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const std::size_t at = head.find(line);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + line.size();
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::string ServedRequest::rpc_method() const {
  const auto document = json::Document::parse(body);
  return document ? std::string(document->root().find_string("method").value_or("")) : "";
}

std::string ServedRequest::id() const {
  const auto document = json::Document::parse(body);
  const auto id = document ? document->root().find("id") : std::nullopt;
  return id ? std::string(id->raw()) : "null";
}

void ServedRequest::answer(std::string_view status, std::string_view type, std::string_view text,
                           std::string_view more_head) const {
  std::string bytes = "HTTP/1.1 " + std::string(status) + "\r\n";
  if (!type.empty()) bytes += "Content-Type: " + std::string(type) + "\r\n";
  bytes += std::string(more_head) + "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n";
  end->say(bytes + std::string(text));
}

void ServedRequest::answer_result(std::string_view result) const {
  answer_json(result_text(id(), result));
}

void ServedRequest::begin_events() const {
  end->say(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void ServedRequest::raw_chunk(std::string_view bytes) const {
  std::array<char, 16> size{};
  const auto done = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16);
  end->say(std::string(size.data(), done.ptr) + "\r\n" + std::string(bytes) + "\r\n");
}

void ServedRequest::event(std::string_view data, std::string_view id) const {
  std::string text;
  if (!id.empty()) text += "id: " + std::string(id) + "\n";
  raw_chunk(text + "data: " + std::string(data) + "\n\n");
}

void ServedRequest::end_events() const {
  end->say("0\r\n\r\n");
}

std::string result_text(std::string_view id, std::string_view result) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"result":)" + std::string(result) +
         "}";
}

namespace {

class Zeros final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
  }
};

Task<Result<std::unique_ptr<Session>>> open_session(std::shared_ptr<Site> site,
                                                    std::shared_ptr<HttpPlace> place,
                                                    std::string params) {
  const auto document = json::Document::parse(std::move(params));
  CO_TRY(auto checked, InitializeParams::from(document->root()));
  Zeros random;
  auto session =
      std::make_unique<HttpSession>(std::move(site), std::move(place), random, std::move(checked));
  CO_TRY(co_await session->bring_up(Deadline::never()));
  co_return std::unique_ptr<Session>(std::move(session));
}

Task<Result<std::unique_ptr<Conversation>>> begin(Session& session, std::string method,
                                                  std::string params, Deadline deadline,
                                                  bool tells_pauses) {
  const auto document = json::Document::parse(std::move(params));
  mcp::Call call(method, document->root(), deadline);
  if (tells_pauses) call.tell_pauses();
  co_return co_await session.start(call);
}

std::string text_of(const Result<Event>& event) {
  if (!event) return std::string(name_of(event.error().fault())) + ": " + event.error().why();
  if (event->kind() == Event::Kind::pause) {
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(event->back_after());
    return "pause of " + std::to_string(wait.count()) + " ms";
  }
  if (event->kind() != Event::Kind::result) return event->text();
  const mcp::Message& message = event->message();
  return std::string((message.result() ? *message.result() : *message.error()).raw());
}

}  // namespace

HttpWorld::HttpWorld() {
  settings.endpoint = http::Endpoint("server.test", 8000);
  site = std::make_shared<Site>(scheduler, std::make_unique<ScriptedConnector>(*this));
}

HttpWorld::~HttpWorld() = default;

// Whole requests only, one at a time, as the gateway sends them.
void HttpWorld::take(const std::shared_ptr<ServerEnd>& end) {
  const std::size_t head_end = end->received_.find("\r\n\r\n");
  if (head_end == std::string::npos) return;
  ServedRequest request;
  request.head = base::to_lower(end->received_.substr(0, head_end + 2));
  const std::string length = request.header("content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  if (end->received_.size() < head_end + 4 + size) return;
  const std::string first = end->received_.substr(0, end->received_.find("\r\n"));
  request.method = first.substr(0, first.find(' '));
  request.path = first.substr(request.method.size() + 1);
  request.path = request.path.substr(0, request.path.find(' '));
  request.body = end->received_.substr(head_end + 4, size);
  request.end = end;
  end->received_.clear();
  requests.push_back(request);
  if (!shakes_hands || !shake_hands(request)) serve(request);
}

bool HttpWorld::shake_hands(ServedRequest& request) {
  if (request.is("initialize")) {
    const std::string id = session_id.empty() ? "" : "Mcp-Session-Id: " + session_id + "\r\n";
    request.answer("200 OK", "application/json", result_text(request.id(), hello_result), id);
    return true;
  }
  const bool is_told = request.method == "POST" && request.id() == "null";
  const bool is_answer = request.method == "POST" && request.rpc_method().empty();
  if (is_told || is_answer) request.answer_status("202 Accepted");
  if (request.method == "DELETE") request.answer_status("204 No Content");
  return is_told || is_answer || request.method == "DELETE";
}

Result<std::unique_ptr<Session>> HttpWorld::open() {
  place_ = std::make_shared<HttpPlace>(mcp::TargetName("remote"), settings,
                                       Log(log_, LogFormat::json, LogLevel::debug));
  return run(open_session(site, place_, initialize_params()));
}

std::string HttpWorld::initialize_params() const {
  return R"({"protocolVersion":")" + revision + R"(","capabilities":)" + capabilities +
         R"(,"clientInfo":{"name":"test","version":"1"}})";
}

std::shared_ptr<HttpPlace> HttpWorld::place() {
  if (!place_) {
    place_ = std::make_shared<HttpPlace>(mcp::TargetName("remote"), settings,
                                         Log(log_, LogFormat::json, LogLevel::debug));
  }
  return place_;
}

Result<std::unique_ptr<Session>> HttpWorld::resume(const std::string& state) {
  const auto params = json::Document::parse(initialize_params());
  const auto said = json::Document::parse(state);
  const Deadline deadline = Deadline::in(scheduler.now(), std::chrono::minutes(1));
  const Portable portable(params->root(), said->root());
  auto resumed = run(resume_http_session(place(), site, portable, deadline, nullptr));
  if (resumed) (*resumed)->share();
  return resumed;
}

Result<std::unique_ptr<Session>> HttpWorld::open_either() {
  const auto params = json::Document::parse(initialize_params());
  const Deadline deadline = Deadline::in(scheduler.now(), std::chrono::minutes(1));
  return run(open_http_session(place(), site, params->root(), deadline, nullptr));
}

std::unique_ptr<Session> HttpWorld::open_well() {
  auto session = open();
  EXPECT_TRUE(session) << session.error().why();
  if (!session) throw std::runtime_error("no session");
  return std::move(*session);
}

std::unique_ptr<Conversation> HttpWorld::start(Session& session, const std::string& method,
                                               const std::string& params, Duration patience) {
  const Deadline deadline = Deadline::in(scheduler.now(), patience);
  auto conversation = run(begin(session, method, params, deadline, tells_pauses));
  if (!conversation) throw std::runtime_error(conversation.error().why());
  scheduler.run();
  return std::move(*conversation);
}

std::string HttpWorld::ask(Session& session, const std::string& method, const std::string& params,
                           Duration patience) {
  const auto conversation = start(session, method, params, patience);
  for (;;) {
    const auto event = run(conversation->next());
    if (!event || event->kind() == Event::Kind::result) return text_of(event);
  }
}

std::string HttpWorld::next(Conversation& conversation) {
  return text_of(run(conversation.next()));
}

std::string HttpWorld::next_unsolicited(Session& session) {
  return text_of(run(session.next_unsolicited()));
}

std::vector<ServedRequest> HttpWorld::with(std::string_view rpc_method) const {
  std::vector<ServedRequest> found;
  for (const ServedRequest& request : requests) {
    if (request.is(rpc_method)) found.push_back(request);
  }
  return found;
}

std::vector<ServedRequest> HttpWorld::of(std::string_view http_method) const {
  std::vector<ServedRequest> found;
  for (const ServedRequest& request : requests) {
    if (request.method == http_method) found.push_back(request);
  }
  return found;
}

}  // namespace upstream
