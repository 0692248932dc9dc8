#pragma once
// What a backend knows the gateway, or its caller, by: credentials, each with its place in a
// request.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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
  // That nothing stands there: nobody but this says what a backend finds in that place.
  void add_nothing(const Location& location) { all_.emplace_back(location, std::nullopt); }
  // What one of several targets gets in place of these; null: nothing.
  void add_part(std::string target, std::shared_ptr<const Credentials> credentials);
  // What that target gets: its own part, else these. Null: nothing. As long as this lives.
  const Credentials* of(std::string_view target) const;
  // In place of whatever is there. Fault::bad_request if one cannot stand there.
  Result<> put_on(http::Request& request) const;
  bool is_empty() const { return all_.empty() && parts_.empty(); }
  // The same for the same credentials and useless otherwise (SHA-256).
  std::string fingerprint() const;

 private:
  std::vector<std::pair<Location, std::optional<std::string>>> all_;
  std::vector<std::pair<std::string, std::shared_ptr<const Credentials>>> parts_;
};

// Those of one session with a backend, renewed by each request of its client. Safe from any thread.
class CurrentCredentials {
 public:
  CurrentCredentials() = default;
  // What one of several targets gets of `whole`, which is what is renewed.
  CurrentCredentials(std::shared_ptr<const CurrentCredentials> whole, std::string target)
      : whole_(std::move(whole)), target_(std::move(target)) {}

  void set(std::shared_ptr<const Credentials> credentials);
  Result<> put_on(http::Request& request) const;

 private:
  std::shared_ptr<const Credentials> held() const;

  const std::shared_ptr<const CurrentCredentials> whole_;  // null: this is it
  const std::string target_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Credentials> credentials_;  // null: none
};

}  // namespace auth
