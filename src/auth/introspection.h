#pragma once
// Token introspection (RFC 7662): the issuer is asked what a token is, and what it said is
// remembered for a while. One Introspections belongs to one thread.

#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/token.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "base/uri.h"
#include "crypto/digest.h"
#include "http/fetch.h"

namespace auth {

struct IntrospectionSettings {
  explicit IntrospectionSettings(Uri the_uri) : uri(std::move(the_uri)) {}

  Uri uri;
  std::string client_id;
  std::string client_secret;
  bool posts_secret = false;           // in the form, else as Basic
  std::string issuer;                  // equal to `iss`; empty: not looked at
  std::vector<std::string> audiences;  // one of them in `aud`; none: not looked at
  // How long an answer is remembered: of an active token never beyond its expiry.
  std::chrono::milliseconds active_for = std::chrono::seconds(60);
  std::chrono::milliseconds inactive_for = std::chrono::seconds(10);
  std::size_t entries_max = 4096;
};

// Asks one issuer, and judges what it says. Immutable.
class Introspector {
 public:
  explicit Introspector(IntrospectionSettings settings);

  const IntrospectionSettings& settings() const { return settings_; }
  // RFC 7662, 2.1. The token and the client's secret are escaped.
  http::FetchRequest request_for(std::string_view token) const;
  // The claims of an active token, or why it is none for us. An Error if the answer is none.
  Result<Verdict> judge(std::string answer, std::string_view token, WallTime now) const;
  // Equal for equal settings and tokens only.
  crypto::Sha256 key_of(std::string_view token) const;

 private:
  IntrospectionSettings settings_;
  crypto::Sha256 digest_;
};

class Introspections {
 public:
  // All must outlive this.
  Introspections(Scheduler& scheduler, http::Pool& pool, const Clock& clock);
  Introspections(const Introspections&) = delete;
  Introspections& operator=(const Introspections&) = delete;
  ~Introspections() = default;

  // What is remembered of the token; null if that is nothing. Good until the next call.
  const Verdict* find(const Introspector& introspector, std::string_view token, WallTime now);
  // Asks the issuer, or waits for the answer that somebody else has asked for. Errors: nobody knows
  // what the token is.
  Task<Result<Verdict>> ask(std::shared_ptr<const Introspector> introspector, std::string token);

  std::size_t size() const { return order_.size(); }

 private:
  static constexpr std::size_t flights_max = 256;
  struct Entry {
    crypto::Sha256 key;
    Verdict verdict;
    WallTime since;
    WallTime until;
  };
  struct Flight {
    std::optional<Result<Verdict>> outcome;
    Signal over;
  };
  struct Spread {
    std::size_t operator()(const crypto::Sha256& key) const;
  };

  Task<> fly(std::shared_ptr<const Introspector> introspector, std::string token,
             std::shared_ptr<Flight> flight);
  Task<Result<Verdict>> fetch(const Introspector& introspector, std::string_view token);
  void remember(const Introspector& introspector, const crypto::Sha256& key,
                const Verdict& verdict);

  Scheduler& scheduler_;
  http::Pool& pool_;
  const Clock& clock_;
  std::list<Entry> order_;  // the least recently used last
  std::unordered_map<crypto::Sha256, std::list<Entry>::iterator, Spread> index_;
  std::map<crypto::Sha256, std::shared_ptr<Flight>> flights_;
  TaskGroup flying_;
};

}  // namespace auth
