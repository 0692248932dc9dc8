#pragma once
// Who may use what, and by which rule: for the operator, never for a client. It asks the very
// objects that serve requests, with requests made for the purpose: the chains of listener and route
// say who is calling, the rules of the route say what that caller may use.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/introspection.h"
#include "auth/login_cache.h"
#include "auth/password_judge.h"
#include "auth/token_cache.h"
#include "cel/explain.h"
#include "gateway/traffic.h"
#include "http/client.h"
#include "policy/exchange.h"
#include "runtime/snapshot.h"

namespace gateway {

// Somebody who asks. With `claims` no policy is asked who that is, only the rules are: nobody has
// signed them. Nor with `seen`: the policies have said it when they saw that request.
class Asker {
 public:
  std::string name;
  std::optional<std::string> token;                          // of `Authorization: Bearer`
  std::optional<std::string> claims;                         // a JSON object
  std::vector<std::pair<std::string, std::string>> headers;  // other credentials
  std::shared_ptr<const Sighting> seen;                      // null, or a request of that caller
};

// Something that may be used.
class Thing {
 public:
  Thing() = default;
  Thing(policy::McpSubject::Kind the_kind, std::string the_name, std::string the_target,
        std::string the_description = "")
      : kind(the_kind),
        name(std::move(the_name)),
        target(std::move(the_target)),
        description(std::move(the_description)) {}

  policy::McpSubject::Kind kind = policy::McpSubject::Kind::tool;
  std::string name;    // the server's own
  std::string target;  // the configured name
  std::string description;
};

// One rule, and why it says so.
struct RuleFinding {
  std::uint32_t rule = 0;
  cel::Truth outcome = cel::Truth::error;
  std::string message;  // of an error
  std::vector<cel::Step> steps;
};

// What a caller would have to have.
struct Lack {
  std::string what;  // "jwt.nested.key"
  std::string wants;
  std::optional<std::string> has;
};

struct CellFinding {
  cel::Decision decision;
  bool is_refused = false;  // before the rules were asked
  std::vector<cel::Truth> outcomes;
  std::vector<RuleFinding> rules;             // if details were asked for
  std::optional<std::uint32_t> nearest_rule;  // the rule that lacks least of the caller
  std::vector<Lack> lacks;

  bool is_allowed() const { return !is_refused && decision.is_allowed; }
};

struct AskerFinding {
  bool is_accepted = true;
  int status = 0;      // of a refusal
  std::string reason;  // of it, for operators
  std::optional<std::string> subject;
  std::string issuer;
  std::string claims;              // of an accepted token, as JSON; empty if there are none
  std::vector<CellFinding> cells;  // one for each thing
};

// What is asked, about one route of a snapshot that outlives the answer.
class Inquiry {
 public:
  const runtime::Bind* bind = nullptr;
  const runtime::Listener* listener = nullptr;
  const runtime::Route* route = nullptr;
  std::string authority = "localhost";
  std::string path = "/mcp";
  std::vector<Asker> askers;
  std::vector<Thing> things;
  std::optional<json::Document> arguments;  // of every tool call
  bool has_details = false;
};

class Explainer {
 public:
  // All must outlive this. Without `passwords` no password is right.
  Explainer(Scheduler& scheduler, http::Pool& pool, const Clock& clock,
            auth::PasswordJudge* passwords);
  Explainer(const Explainer&) = delete;
  Explainer& operator=(const Explainer&) = delete;
  ~Explainer() = default;

  // One finding for each asker. Waits where a policy does: for keys, or for an issuer's answer.
  Task<std::vector<AskerFinding>> explain(const Inquiry& inquiry);

 private:
  Task<AskerFinding> explain_one(const Inquiry& inquiry, const Asker& asker);
  Task<AskerFinding> judge(const Inquiry& inquiry, const Asker& asker, policy::Exchange& exchange);
  AskerFinding assume(const Asker& asker, policy::Exchange& exchange) const;
  static AskerFinding remember(const Asker& asker, policy::Exchange& exchange);
  void equip(policy::Exchange& exchange);

  const Clock& clock_;
  auth::PasswordJudge* passwords_;
  auth::TokenCache tokens_;
  auth::LoginCache logins_;
  auth::Introspections introspections_;
};

}  // namespace gateway
