#pragma once
// What the gateway says and does in the stead of a route's authorization server: its metadata,
// adapted; registrations of clients, answered or passed on; and for Entra the two requests of a
// login. Nobody who asks is known, so everything is small, bounded in number and in time.

#include <string>
#include <string_view>

#include "base/task.h"
#include "gateway/core.h"
#include "http/message.h"
#include "policy/exchange.h"
#include "policy/protected_resource.h"

namespace gateway {

// What of the server is meant: its metadata, or something beneath that address.
class ServerPlace {
 public:
  enum class Part { metadata, registration, authorize, token };

  // `path` is what follows the well-known prefix.
  explicit ServerPlace(std::string_view path);

  Part part() const { return part_; }
  std::string_view path() const { return path_; }  // of the resource; "" for the form without one

 private:
  Part part_ = Part::metadata;
  std::string path_;
};

// The resource must have a provider.
Task<http::Response> serve_authorization_server(Core& core,
                                                const policy::ProtectedResource& resource,
                                                const ServerPlace& place,
                                                policy::Exchange& exchange);

// Any page may read the answer: nothing of it depends on who asks.
http::Response open_to_all(http::Response response);
http::Response refuse_openly(policy::Exchange& exchange, int status, std::string_view text);
http::Response refuse_method(policy::Exchange& exchange, std::string_view allowed);

}  // namespace gateway
