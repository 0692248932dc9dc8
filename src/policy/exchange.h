#pragma once
// What belongs to one request while it is served: the request, the peer, who is calling, what it
// touches, and the record of it. It lives in the frame that serves the request and never moves.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/failed_logins.h"
#include "auth/introspection.h"
#include "auth/location.h"
#include "auth/login_cache.h"
#include "auth/password_judge.h"
#include "auth/principal.h"
#include "auth/token_cache.h"
#include "auth/token_exchange.h"
#include "base/clock.h"
#include "cel/context.h"
#include "http/message.h"
#include "json/value.h"
#include "telemetry/record.h"

namespace policy {

using telemetry::Reason;

// The other end of the connection.
struct Peer {
  std::string address;
  std::uint16_t port = 0;
  std::string text;          // address:port
  bool is_loopback = false;  // and so is our end
};

// The connection that an exchange came on, as far as who serves the exchange may change it.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;
  // While this exchange is served the end of the client's direction means that the client has left,
  // and the exchange ends. Otherwise a client may end it as soon as it has asked.
  virtual void take_end_for_leaving() = 0;
  // What keeps the route that serves this exchange, and all that belongs to it, for work that goes
  // on after the exchange.
  virtual std::shared_ptr<const void> configuration() const = 0;
};

// The one thing an MCP rule is asked about, as the rules see it.
struct McpSubject {
  enum class Kind { none, tool, prompt, resource };
  Kind kind = Kind::none;
  std::string_view name;    // the upstream's own name of it
  std::string_view target;  // the target's configured name
  std::string_view method;
  std::string_view session;
  std::optional<json::Value> arguments;  // of a tool call
};

class Exchange {
 public:
  Exchange(http::Request the_request, Peer the_peer, Instant the_beginning, WallTime the_time)
      : peer(std::move(the_peer)),
        began(the_beginning),
        time(the_time),
        request_(std::move(the_request)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() = default;

  // The memory of this request's rules, made when the first rule is asked. `attributes` must have
  // been set.
  // On the heap: it is ten kilobytes, and many requests meet no rule.
  cel::Context& rules(const cel::Environment& environment) {
    if (!rules_) rules_ = std::make_unique<cel::Context>(environment, *attributes);
    return *rules_;
  }

  // Who is calling, beside what is known of the caller already. What rules saw before was said of
  // somebody else, so it is forgotten.
  void identify(const auth::Principal& caller) {
    principal_.add(caller);
    rules_.reset();
    if (const auto subject = caller.subject()) record.jwt_subject = std::string(*subject);
    if (caller.api_key()) record.api_key = caller.api_key()->name();
    if (caller.user()) record.user = caller.user()->name();
  }
  const auth::Principal& principal() const { return principal_; }  // anonymous at first
  // The token that the caller is known by, with its scheme; empty if it has none, or it is not at
  // hand any more. Good until the next verdict on this connection.
  std::string_view credentials_of_caller() const;
  // The same for a token that its issuer was asked about: no connection remembers those.
  void keep_opaque(std::shared_ptr<const auth::Claims> claims, const std::string& token) {
    opaque_claims_ = std::move(claims);
    opaque_ = "Bearer " + token;
  }

  const http::Request& request() const { return request_; }
  // For whoever changes it or takes it apart: rules hold views into it, so what they saw is
  // forgotten.
  http::Request& change_request() {
    rules_.reset();
    return request_;
  }
  // The credential at that place, or every place that holds that text, is for policies only: no
  // upstream gets it. A location must outlive the exchange.
  void withhold(const auth::Location* location, std::string text) {
    withheld_.push_back({location, std::move(text)});
  }
  // Takes what is withheld off the request, for a policy that puts something of its own there.
  void drop_withheld();
  // The request for an upstream, without what is withheld. There is none in the exchange any more.
  http::Request take_request();

  // Rules of another snapshot must not find what rules of this one saw.
  void forget_rules() { rules_.reset(); }

  Peer peer;
  Instant began;
  WallTime time;
  auth::TokenCache* tokens = nullptr;     // this core's; never null while served
  auth::LastToken* last_token = nullptr;  // this connection's; the same
  // The identity of the API key that this connection has shown last; null where there is none.
  std::string* last_key = nullptr;
  auth::FailedLogins* failed_logins = nullptr;       // of all cores; null: nobody is locked out
  bool is_doubtful = false;                          // see lockout.h
  auth::LoginCache* logins = nullptr;                // this core's; null: nothing is remembered
  auth::PasswordJudge* passwords = nullptr;          // null: no password is right
  auth::Introspections* introspections = nullptr;    // this core's; never null while served
  auth::TokenExchanges* token_exchanges = nullptr;   // the same
  Connection* connection = nullptr;                  // null in tests
  const cel::AttributeSource* attributes = nullptr;  // the rules' view of this exchange
  std::string_view listener_name;
  std::string_view route_name;
  McpSubject mcp;
  std::string proven_key;            // thumbprint of the key that the caller proved to hold
  std::string proof_nonce;           // to be offered to the caller for its next proof
  std::string origin;                // the Origin header, if a cors policy looked at it
  bool is_origin_permitted = false;  // by a cors policy
  telemetry::Record record;
  bool is_recorded_elsewhere = false;  // by work that goes on after the exchange

 private:
  struct Withheld {
    const auth::Location* location;  // null: wherever the text is
    std::string text;
  };

  http::Request request_;
  auth::Principal principal_;
  std::vector<Withheld> withheld_;
  std::shared_ptr<const auth::Claims> opaque_claims_;
  std::string opaque_;
  std::unique_ptr<cel::Context> rules_;
};

}  // namespace policy
