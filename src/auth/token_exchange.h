#pragma once
// Tokens for a backend that an authorization server gives for a caller's: token exchange
// (RFC 8693) and the JWT bearer grant (RFC 7523, 2.1). What it gave is remembered until it is
// nearly over, for exactly the tokens that it was given for.

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "auth/credentials.h"
#include "auth/mint.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "base/uri.h"
#include "crypto/digest.h"
#include "http/fetch.h"

namespace auth {

// How the gateway says to the authorization server who it is (RFC 6749, 2.3.1; RFC 7523, 2.2).
class TokenClient {
 public:
  enum class Method { none, basic, post, private_key_jwt };

  Method method = Method::none;
  std::string id;
  std::string secret;                     // empty: none
  std::shared_ptr<const SigningKey> key;  // of private_key_jwt; never null there
  std::string audience;                   // of the assertion that it signs
};

struct TokenExchangeSettings {
  enum class Grant { token_exchange, jwt_bearer };
  explicit TokenExchangeSettings(Uri the_uri) : uri(std::move(the_uri)) {}

  Uri uri;
  Grant grant = Grant::token_exchange;
  TokenClient client;
  std::string subject_type;  // token types are URIs (RFC 8693, 3)
  std::string actor_type;
  std::string requested_type;  // empty: the server's choice of what a backend may be shown
  std::vector<std::string> audiences;
  std::vector<std::string> resources;
  std::string scope;
  Location place = Location::bearer();  // of the token that comes back
  Credentials fixed;                    // goes beside it
  std::size_t entries_max = 8192;       // 0: nothing is remembered
  std::chrono::seconds default_ttl{300};
};

// What is given for another token.
class TokenQuestion {
 public:
  std::string subject;
  std::string actor;                                      // empty: none
  std::vector<std::pair<std::string, std::string>> more;  // parameters by name
};

// One authorization server and what it is asked for. Safe from any thread.
class TokenExchanger {
 public:
  using Held = std::shared_ptr<const Credentials>;
  // Until then a refusal, or a failure, is not asked about again.
  static constexpr std::chrono::seconds refused_for{10};
  static constexpr std::chrono::seconds failed_for{2};

  explicit TokenExchanger(TokenExchangeSettings settings);

  // Equal for equal questions only.
  crypto::Sha256 key_of(const TokenQuestion& question) const;
  // What is remembered; nothing if the server has to be asked.
  std::optional<Result<Held>> find(const crypto::Sha256& key, WallTime now) const;

  // Everything is escaped. An Error if the gateway cannot sign for itself.
  Result<http::FetchRequest> request_for(const TokenQuestion& question, WallTime now) const;
  // What the server's answer is worth from `now` on, which is remembered. Fault::forbidden: it
  // gives no token for this caller; Fault::unavailable: not now; Fault::upstream_failed: what it
  // says is nothing that a backend could be shown. No words of the answer but a known kind of error
  // are in the Error.
  Result<Held> settle(const crypto::Sha256& key, int status, std::string answer,
                      WallTime now) const;
  // The same for a question that got no answer.
  void settle(const crypto::Sha256& key, const Error& error, WallTime now) const;

  std::size_t size() const;

 private:
  // Refusals must not drive out what is good.
  static constexpr std::size_t refusals_max = 512;
  struct Entry {
    crypto::Sha256 key;
    Result<Held> outcome;
    WallTime since;
    WallTime until;
  };
  struct Spread {
    std::size_t operator()(const crypto::Sha256& key) const;
  };
  struct Shelf {
    std::size_t max;
    std::list<Entry> order;  // the least recently used last
    std::unordered_map<crypto::Sha256, std::list<Entry>::iterator, Spread> index;

    std::optional<Result<Held>> find(const crypto::Sha256& key, WallTime now);
    void put(Entry entry);
    void remove(const crypto::Sha256& key);
  };
  class Granted;

  Result<Granted> read(std::string answer) const;
  Result<> sign_for_client(std::string& form, WallTime now) const;
  void remember(const crypto::Sha256& key, Result<Held> outcome, WallTime now,
                std::chrono::seconds ttl) const;

  const TokenExchangeSettings settings_;
  mutable std::mutex mutex_;
  mutable Shelf given_;
  mutable Shelf refused_;
};

// The questions in flight of one thread.
class TokenExchanges {
 public:
  using Held = TokenExchanger::Held;
  // All must outlive this.
  TokenExchanges(Scheduler& scheduler, http::Pool& pool, const Clock& clock);
  TokenExchanges(const TokenExchanges&) = delete;
  TokenExchanges& operator=(const TokenExchanges&) = delete;
  ~TokenExchanges() = default;

  // Asks the server, or waits for the answer that somebody else has asked for; ends in time.
  Task<Result<Held>> ask(std::shared_ptr<const TokenExchanger> exchanger, TokenQuestion question);

 private:
  static constexpr std::size_t flights_max = 256;
  struct Flight {
    std::optional<Result<Held>> outcome;
    Signal over;
  };
  // A flight holds its exchanger, so that no other one can have the same address meanwhile.
  using Key = std::pair<const TokenExchanger*, crypto::Sha256>;

  Task<> fly(std::shared_ptr<const TokenExchanger> exchanger, TokenQuestion question,
             std::shared_ptr<Flight> flight);
  Task<Result<http::Response>> fetch(const TokenExchanger& exchanger,
                                     const TokenQuestion& question);

  Scheduler& scheduler_;
  http::Pool& pool_;
  const Clock& clock_;
  std::map<Key, std::shared_ptr<Flight>> flights_;
  TaskGroup flying_;
};

}  // namespace auth
