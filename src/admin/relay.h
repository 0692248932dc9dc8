#pragma once
// The playground's way to the gateway: a request of the page goes to the listener of its route as a
// connection of its own, as any client's would, so that every policy applies to it; only it needs
// no CORS policy, since the page asks its own origin. Nothing is added to it, no credential either,
// and it goes to listeners of this gateway only.

#include <memory>
#include <string_view>

#include "admin/running.h"
#include "http/client.h"
#include "http/message.h"
#include "net/loop.h"

namespace admin {

class Relay {
 public:
  // Both must outlive this.
  Relay(net::Loop& loop, const Running& running);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

  // The answer of the route of that id, streamed as it comes.
  Task<http::Response> pass(http::Request& request, std::string route_id);

 private:
  net::Loop& loop_;
  const Running& running_;
  std::unique_ptr<http::Connector> connector_;
  http::Pool pool_;
};

}  // namespace admin
