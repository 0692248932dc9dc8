#pragma once
// Names to addresses, by c-ares on the loop. All addresses are returned, so that the caller can
// check each and dial the one it checked. Numeric addresses and localhost (RFC 6761, 6.3) need no
// server.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"
#include "net/address.h"
#include "net/loop.h"

namespace net {

class Resolver {
 public:
  // Asks the system's name servers, or `servers` ("address:port,..."). Throws std::runtime_error.
  explicit Resolver(Loop& loop, const std::string& servers = {});
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  // No resolve() may be waiting.
  ~Resolver();

  // At least one address, each with `port`, in the order to try them. Fault::not_found if the name
  // does not exist, Fault::unavailable if no server answers, Fault::timed_out after the deadline.
  Task<Result<std::vector<Address>>> resolve(std::string host, std::uint16_t port,
                                             Deadline deadline);

 private:
  class Channel;
  class Query;
  static Task<Result<std::vector<Address>>> wait(std::shared_ptr<Query> query, std::string host);

  std::unique_ptr<Channel> channel_;
};

}  // namespace net
