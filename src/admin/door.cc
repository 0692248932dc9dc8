#include "admin/door.h"

#include <exception>

#include "admin/assets.h"
#include "admin/words.h"
#include "base/base64.h"
#include "base/unless.h"
#include "http/server.h"

namespace admin {
namespace {

constexpr std::size_t nonce_bytes = 16;

constexpr http::ConstantField no_sniffing("x-content-type-options", "nosniff");
constexpr http::ConstantField no_referrer("referrer-policy", "no-referrer");
constexpr http::ConstantField no_frames("x-frame-options", "DENY");
constexpr http::ConstantField no_openers("cross-origin-opener-policy", "same-origin");
constexpr http::ConstantField no_embedding("cross-origin-resource-policy", "same-origin");
constexpr http::ConstantField no_content("content-security-policy",
                                         "default-src 'none'; frame-ancestors 'none'");

void harden(http::Response& response) {
  response.headers.set(no_sniffing);
  response.headers.set(no_referrer);
  response.headers.set(no_frames);
  response.headers.set(no_openers);
  response.headers.set(no_embedding);
  if (!response.headers.has("content-security-policy")) response.headers.add(no_content);
}

bool is_of_page(std::string_view path) {
  return path == "/ui" || path.starts_with("/ui/");
}

std::string url_of(const config::AdminPlace& place, const std::vector<net::ListenSocket>& sockets) {
  const net::Address address = sockets.front().address();
  std::string host = "localhost";
  if (place.host != "localhost" && !address.is_unspecified()) {
    host = address.is_v6() ? "[" + address.host() + "]" : address.host();
  }
  return "http://" + host + ":" + std::to_string(address.port()) + "/ui";
}

// The address that was configured is a name of ours, too.
GuardSettings guard_of(GuardSettings settings, const config::AdminPlace& place) {
  if (place.host == "localhost") return settings;
  const auto address = net::Address::parse(place.host, 0);
  if (address && !address->is_unspecified()) {
    settings.hosts.push_back(address->is_v6() ? "[" + address->host() + "]" : address->host());
  }
  return settings;
}

}  // namespace

Result<std::vector<net::ListenSocket>> open_sockets(const config::AdminPlace& place) {
  std::vector<net::ListenSocket> sockets;
  const bool is_localhost = place.host == "localhost";
  TRY(const net::Address address,
      net::Address::parse(is_localhost ? "127.0.0.1" : place.host, place.port));
  TRY(std::vector<net::ListenSocket> first, net::listen_on(address, 1));
  sockets.push_back(std::move(first.front()));
  if (!is_localhost) return sockets;
  const std::uint16_t port = sockets.front().address().port();
  TRY(const net::Address loopback, net::Address::parse("::1", port));
  // Not every machine has it; and of a port that was taken at random, it may be somebody else's.
  auto second = net::listen_on(loopback, 1);
  if (second) sockets.push_back(std::move(second->front()));
  return sockets;
}

Door::Door(Stage& stage, DoorSettings settings, std::vector<net::ListenSocket> sockets)
    : stage_(stage),
      guard_(guard_of(std::move(settings.guard), settings.place), random_),
      url_(url_of(settings.place, sockets)),
      api_(stage, guard_, std::move(settings.writing), url_),
      tasks_(stage.loop) {
  for (net::ListenSocket& socket : sockets) {
    listeners_.push_back(std::make_unique<net::Listener>(stage.loop, std::move(socket)));
  }
}

Task<> Door::run() {
  for (const auto& listener : listeners_) tasks_.spawn(accept_all(*listener));
  co_await tasks_.join();
}

Task<> Door::accept_all(net::Listener& listener) {
  for (;;) {
    auto accepted = co_await listener.accept();
    if (!accepted) {
      if (accepted.error().fault() == Fault::cancelled) co_return;
      continue;
    }
    if (tasks_.size() >= connections_max) {
      accepted->abort_on_close();
      continue;
    }
    tasks_.spawn(serve(std::make_shared<net::TcpStream>(std::move(*accepted))));
  }
}

Task<> Door::serve(std::shared_ptr<net::TcpStream> stream) {
  // An event stream whose reader has vanished ends here.
  Task<> gone = stream->gone();
  Task<bool> served = serve_requests(*stream);
  [[maybe_unused]] const auto ended = co_await unless(std::move(gone), std::move(served));
}

Task<bool> Door::serve_requests(net::TcpStream& stream) {
  http::ServerConnection connection(stream, http::ServerLimits());
  for (;;) {
    auto incoming = co_await connection.next();
    if (!incoming || !*incoming) break;
    http::Response response = co_await answer_or_500((*incoming)->request);
    harden(response);
    // A page that is closed leaves its streams; who is still there waits for whole answers only.
    stream.take_end_for_leaving(!response.body.is_whole());
    auto sent = co_await (*incoming)->send(std::move(response));
    if (!sent) break;
  }
  co_await connection.close();
  co_return true;
}

// An exception is a bug or no memory, and costs its request only.
Task<http::Response> Door::answer_or_500(http::Request& request) {
  std::string what;
  try {
    co_return co_await answer(request);
  } catch (const std::exception& exception) {
    what = exception.what();
  }
  stage_.log.error("exception", {{"what", what}, {"in", "admin"}});
  co_return error_response(500, "internal", "the gateway failed: see its log");
}

Task<http::Response> Door::answer(http::Request& request) {
  if (const auto refusal = guard_.refuses(request)) co_return error_response(*refusal);
  const std::string_view path = request.path();
  if (path.starts_with("/api/") || path == "/config_dump") {
    co_return co_await api_.answer(request);
  }
  co_return answer_page(request);
}

http::Response Door::answer_page(const http::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return error_response(405, "method_not_allowed", "not with this method");
  }
  const std::string_view path = request.path();
  if (path == "/") {
    http::Response response(308);
    response.headers.add("location", "/ui");
    return response;
  }
  if (!is_of_page(path)) return error_response(404, "not_found", "there is nothing here");
  const PageFacts facts(guard_.page_token(), base::base64url_encode(random_.bytes(nonce_bytes)),
                        connect_sources());
  return serve_asset(all_assets(), request, facts);
}

// The listeners of this gateway, which the playground may ask without the relay.
std::string Door::connect_sources() const {
  std::string sources;
  for (const runtime::Bind& bind : stage_.running.snapshot()->binds) {
    const std::string port = std::to_string(stage_.running.actual_port(bind.port));
    for (const std::string_view host : {"http://localhost:", "http://127.0.0.1:"}) {
      if (!sources.empty()) sources += ' ';
      sources += std::string(host) + port;
    }
  }
  return sources;
}

}  // namespace admin
