#pragma once
// What a backend knows the gateway, or its caller, by: credentials, each with its place in a
// request.

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "auth/location.h"
#include "base/result.h"
#include "http/message.h"

namespace auth {

class Credentials {
 public:
  // Fault::bad_request, without its text, if it cannot stand there.
  Result<> add(const Location& location, std::string credential);
  // In place of whatever is there.
  Result<> put_on(http::Request& request) const;
  bool is_empty() const { return all_.empty(); }
  // The same for the same credentials and useless otherwise (SHA-256).
  std::string fingerprint() const;

 private:
  std::vector<std::pair<Location, std::string>> all_;
};

// Those of one session with a backend, renewed by each request of its client. Safe from any thread.
class CurrentCredentials {
 public:
  void set(std::shared_ptr<const Credentials> credentials);
  Result<> put_on(http::Request& request) const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Credentials> credentials_;  // null: none
};

}  // namespace auth
