#include "gateway/explain.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "runtime/attributes.h"

namespace gateway {
namespace {

// The parts of a rule that all must hold, as indices of steps. A step's children follow it, one
// level deeper.
class Conjuncts {
 public:
  Conjuncts(const std::vector<cel::Step>& steps, std::string_view source)
      : steps_(steps), source_(source) {
    if (!steps_.empty()) visit(0);
  }
  const std::vector<std::size_t>& all() const { return found_; }

  std::vector<std::size_t> children_of(std::size_t parent) const {
    std::vector<std::size_t> children;
    for (std::size_t i = parent + 1; i < steps_.size(); ++i) {
      if (steps_[i].depth <= steps_[parent].depth) break;
      if (steps_[i].depth == steps_[parent].depth + 1) children.push_back(i);
    }
    return children;
  }
  // What stands between two steps, without parentheses: an operator.
  std::string_view between(std::size_t left, std::size_t right) const {
    std::string_view text =
        source_.substr(steps_[left].end, steps_[right].begin - steps_[left].end);
    while (!text.empty() && (text.front() == ')' || text.front() == ' ')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == '(' || text.back() == ' ')) text.remove_suffix(1);
    return base::trim(text);
  }
  std::string text_of(std::size_t step) const {
    return std::string(source_.substr(steps_[step].begin, steps_[step].end - steps_[step].begin));
  }

 private:
  void visit(std::size_t step) {
    const std::vector<std::size_t> children = children_of(step);
    bool is_and = children.size() >= 2;
    for (std::size_t i = 1; i < children.size() && is_and; ++i) {
      is_and = steps_[children[i]].begin >= steps_[children[i - 1]].end &&
               between(children[i - 1], children[i]) == "&&";
    }
    if (!is_and) {
      found_.push_back(step);
      return;
    }
    for (const std::size_t child : children) visit(child);
  }

  const std::vector<cel::Step>& steps_;
  std::string_view source_;
  std::vector<std::size_t> found_;
};

// What the caller lacks for that rule; nothing if it is about something else, which no caller can
// change.
std::optional<std::vector<Lack>> lacks_of(const std::vector<cel::Step>& steps,
                                          std::string_view source) {
  const Conjuncts conjuncts(steps, source);
  std::vector<Lack> lacks;
  for (const std::size_t step : conjuncts.all()) {
    if (!steps[step].is_error && steps[step].result == "true") continue;
    const std::string text = conjuncts.text_of(step);
    if (text.find("mcp.") != std::string::npos) return std::nullopt;
    Lack lack{text, "true", std::nullopt};
    const std::vector<std::size_t> sides = conjuncts.children_of(step);
    if (sides.size() == 2 && steps[sides[0]].end <= steps[sides[1]].begin &&
        conjuncts.between(sides[0], sides[1]) == "==") {
      lack.what = conjuncts.text_of(sides[0]);
      lack.wants = conjuncts.text_of(sides[1]);
      if (!steps[sides[0]].is_error) lack.has = steps[sides[0]].result;
    }
    lacks.push_back(std::move(lack));
  }
  return lacks;
}

// The rules of a route, asked about one thing.
class Cell {
 public:
  Cell(const policy::McpAuthorization& rules, policy::Exchange& exchange, const Inquiry& inquiry,
       const Thing& thing)
      : rules_(rules), exchange_(exchange) {
    subject_.kind = thing.kind;
    subject_.name = thing.name;
    subject_.target = thing.target;
    subject_.session = "explain";
    switch (thing.kind) {
      case policy::McpSubject::Kind::prompt:
        subject_.method = "prompts/get";
        break;
      case policy::McpSubject::Kind::resource:
        subject_.method = "resources/read";
        break;
      default:
        subject_.method = "tools/call";
        // Of a call that nobody makes, the arguments are unknown rather than absent.
        if (!inquiry.arguments) phase_ = cel::Phase::list;
        if (inquiry.arguments) subject_.arguments = inquiry.arguments->root();
        break;
    }
  }

  // Of a request that was served the rest is known, too.
  void remember(const Sighting& seen) {
    subject_.session = seen.session;
    if (!seen.mcp_method.empty()) subject_.method = seen.mcp_method;
  }

  CellFinding find(bool has_details) {
    CellFinding finding;
    if (!rules_.has_rules()) {
      finding.decision = cel::Decision{true, false, cel::Reason::allowed_no_rules};
      return finding;
    }
    finding.decision = rules_.decide(exchange_, subject_, phase_);
    finding.outcomes = rules_.outcomes(exchange_, subject_, phase_);
    if (has_details) add_details(finding);
    return finding;
  }

 private:
  void add_details(CellFinding& finding) {
    std::optional<std::vector<Lack>> least;
    for (std::uint32_t i = 0; i < finding.outcomes.size(); ++i) {
      cel::Explanation explanation = rules_.explain(exchange_, subject_, phase_, i);
      const cel::Rule& rule = rules_.rules()->rule(i);
      if (!finding.decision.is_allowed && rule.mode == cel::RuleMode::allow &&
          finding.outcomes[i] != cel::Truth::yes) {
        auto lacks = lacks_of(explanation.steps, rule.source);
        if (lacks && !lacks->empty() && (!least || lacks->size() < least->size())) {
          least = std::move(lacks);
          finding.nearest_rule = i;
        }
      }
      RuleFinding found{i, finding.outcomes[i], "", std::move(explanation.steps)};
      if (found.outcome == cel::Truth::error) found.message = explanation.result;
      finding.rules.push_back(std::move(found));
    }
    if (least) finding.lacks = std::move(*least);
  }

  const policy::McpAuthorization& rules_;
  policy::Exchange& exchange_;
  policy::McpSubject subject_;
  cel::Phase phase_ = cel::Phase::call;
};

http::Request request_of(const Inquiry& inquiry, const Asker& asker) {
  http::Request request("POST", inquiry.path, inquiry.authority);
  request.headers.add("content-type", "application/json");
  request.headers.add("accept", "application/json, text/event-stream");
  if (asker.token) request.headers.add("authorization", "Bearer " + *asker.token);
  for (const auto& [name, value] : asker.headers) request.headers.add(name, value);
  return request;
}

policy::Peer loopback_peer() {
  policy::Peer peer;
  peer.address = "127.0.0.1";
  peer.text = "127.0.0.1:0";
  peer.is_loopback = true;
  return peer;
}

// Without its headers: they are not kept.
policy::Exchange exchange_of(const Sighting& seen, Instant now) {
  http::Request request(seen.http_method, seen.path, seen.host);
  policy::Peer peer;
  const std::size_t colon = std::min(seen.source.rfind(':'), seen.source.size());
  peer.address = seen.source.substr(0, colon);
  const std::string_view port = std::string_view(seen.source).substr(colon);
  if (!port.empty()) std::from_chars(port.data() + 1, port.data() + port.size(), peer.port);
  peer.text = seen.source;
  return policy::Exchange(std::move(request), std::move(peer), now, seen.time);
}

// The issuer's own word, which is here the operator's: what follows is no verdict on a token.
Result<auth::Verdict> claims_as_said(const std::string& claims, WallTime now) {
  const auto uri = Uri::parse("http://localhost/");
  const auto document = json::Document::parse(claims);
  if (!document) return tl::unexpected<Error>(document.error());
  if (!document->root().is_object()) {
    return failed(Fault::bad_request, "claims are a JSON object");
  }
  json::Writer writer;
  writer.begin_object().name("active").boolean(true);
  for (const json::Member& member : document->root().members()) {
    writer.name(member.name).value(member.value);
  }
  writer.end_object();
  return auth::Introspector(auth::IntrospectionSettings(*uri)).judge(writer.take(), "", now);
}

}  // namespace

Explainer::Explainer(Scheduler& scheduler, http::Pool& pool, const Clock& clock,
                     auth::PasswordJudge* passwords)
    : clock_(clock), passwords_(passwords), introspections_(scheduler, pool, clock) {}

Task<std::vector<AskerFinding>> Explainer::explain(const Inquiry& inquiry) {
  std::vector<AskerFinding> findings;
  for (const Asker& asker : inquiry.askers) {
    AskerFinding finding = co_await explain_one(inquiry, asker);
    findings.push_back(std::move(finding));
  }
  co_return findings;
}

// As gateway/serve.cc equips an exchange; nobody is locked out here.
void Explainer::equip(policy::Exchange& exchange) {
  exchange.tokens = &tokens_;
  exchange.logins = &logins_;
  exchange.passwords = passwords_;
  exchange.introspections = &introspections_;
}

Task<AskerFinding> Explainer::explain_one(const Inquiry& inquiry, const Asker& asker) {
  policy::Exchange exchange = asker.seen
                                  ? exchange_of(*asker.seen, clock_.now())
                                  : policy::Exchange(request_of(inquiry, asker), loopback_peer(),
                                                     clock_.now(), clock_.wall());
  const runtime::Attributes attributes(exchange);
  exchange.attributes = &attributes;
  equip(exchange);
  // As of a connection of its own: others may be asking while this one waits.
  auth::LastToken last_token;
  std::string last_key;
  exchange.last_token = &last_token;
  exchange.last_key = &last_key;
  AskerFinding finding;
  if (asker.seen) {
    finding = remember(asker, exchange);
  } else if (asker.claims) {
    finding = assume(asker, exchange);
  } else {
    finding = co_await judge(inquiry, asker, exchange);
  }
  exchange.listener_name = inquiry.listener->name;
  exchange.route_name = inquiry.route->name;
  exchange.forget_rules();
  const auto* backend = std::get_if<runtime::McpBackend>(&inquiry.route->backend);
  for (const Thing& thing : inquiry.things) {
    CellFinding cell;
    cell.is_refused = !finding.is_accepted;
    if (finding.is_accepted && backend != nullptr) {
      Cell asked(backend->rules, exchange, inquiry, thing);
      if (asker.seen) asked.remember(*asker.seen);
      cell = asked.find(inquiry.has_details);
    }
    finding.cells.push_back(std::move(cell));
  }
  co_return finding;
}

AskerFinding Explainer::assume(const Asker& asker, policy::Exchange& exchange) const {
  AskerFinding finding;
  const auto verdict = claims_as_said(*asker.claims, clock_.wall());
  if (!verdict || !*verdict) {
    finding.is_accepted = false;
    finding.status = 400;
    finding.reason =
        verdict ? std::string(auth::text_of((*verdict).error())) : verdict.error().why();
    return finding;
  }
  exchange.identify(auth::Principal(**verdict));
  finding.subject = (**verdict)->subject();
  finding.issuer = (**verdict)->issuer();
  finding.claims = *asker.claims;
  return finding;
}

AskerFinding Explainer::remember(const Asker& asker, policy::Exchange& exchange) {
  AskerFinding finding;
  const auth::Principal& caller = asker.seen->caller;
  if (!caller.is_anonymous()) exchange.identify(caller);
  if (const auto& claims = caller.claims()) {
    finding.subject = claims->subject();
    finding.issuer = claims->issuer();
    finding.claims = std::string(claims->root().raw());
  }
  return finding;
}

// The way of a request from gateway/answer.cc to the backend.
Task<AskerFinding> Explainer::judge(const Inquiry& inquiry, const Asker& asker,
                                    policy::Exchange& exchange) {
  exchange.listener_name = inquiry.listener->name;
  std::size_t next = 0;
  policy::Verdict verdict = inquiry.listener->chain.decide(exchange, next);
  if (verdict.is_undecided()) {
    verdict = co_await inquiry.listener->chain.resume(exchange, next);
  }
  if (!verdict) {
    exchange.route_name = inquiry.route->name;
    exchange.forget_rules();
    next = 0;
    verdict = inquiry.route->chain.decide(exchange, next);
    if (verdict.is_undecided()) verdict = co_await inquiry.route->chain.resume(exchange, next);
  }
  AskerFinding finding;
  if (verdict) {
    finding.is_accepted = false;
    finding.status = verdict->status;
    finding.reason = exchange.record.error.empty() ? "answered before the backend is reached"
                                                   : exchange.record.error;
    co_return finding;
  }
  if (const auto& claims = exchange.principal().claims()) {
    finding.subject = claims->subject();
    finding.issuer = claims->issuer();
    finding.claims = std::string(claims->root().raw());
  } else if (asker.token) {
    // A mode that lets everybody in, or a route that looks at no token.
    finding.reason = exchange.record.error.empty() ? "no policy of this route judges the token"
                                                   : exchange.record.error;
  }
  co_return finding;
}

}  // namespace gateway
