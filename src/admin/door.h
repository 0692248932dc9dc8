#pragma once
// The operator's door: a listener of its own on the main thread's loop, for the web interface and
// the API behind it. It is no part of the request path, and what is slow here costs no client.

#include <memory>
#include <string>
#include <vector>

#include "admin/api.h"
#include "admin/guard.h"
#include "base/random.h"
#include "base/task_group.h"
#include "config/admin.h"
#include "net/listener.h"

namespace admin {

struct DoorSettings {
  config::AdminPlace place;
  GuardSettings guard;
  Writing writing;
};

// The sockets of that place, for `localhost` of both loopback addresses where there are two. Fails
// as net::listen_on does.
Result<std::vector<net::ListenSocket>> open_sockets(const config::AdminPlace& place);

class Door {
 public:
  static constexpr std::size_t connections_max = 128;

  // `stage` must outlive this.
  Door(Stage& stage, DoorSettings settings, std::vector<net::ListenSocket> sockets);
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  ~Door() = default;

  // Where people find the web interface.
  const std::string& url() const { return url_; }
  // Serves until it is destroyed.
  Task<> run();

 private:
  Task<> accept_all(net::Listener& listener);
  Task<> serve(std::shared_ptr<net::TcpStream> stream);
  Task<bool> serve_requests(net::TcpStream& stream);
  Task<http::Response> answer(http::Request& request);
  Task<http::Response> answer_or_500(http::Request& request);
  http::Response answer_page(const http::Request& request);
  std::string connect_sources() const;

  Stage& stage_;
  SystemRandom random_;
  const Guard guard_;
  const std::string url_;
  Api api_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  TaskGroup tasks_;  // last: they use everything above
};

}  // namespace admin
