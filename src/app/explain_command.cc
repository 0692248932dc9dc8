#include "app/explain_command.h"

#include <algorithm>
#include <filesystem>
#include <ostream>

#include <unistd.h>

#include "admin/explanation.h"
#include "app/build_facts.h"
#include "app/configuration.h"
#include "app/key_keeper.h"
#include "base/text.h"
#include "gateway/password_pool.h"
#include "http/dialler.h"
#include "http/fetch.h"
#include "net/spawner.h"
#include "runtime/build.h"

namespace app {
namespace {

constexpr auto listed_within = std::chrono::seconds(60);
constexpr std::size_t width_max = 24;

int fail(std::ostream& err, const std::string& why, int status) {
  err << "agentgateway: " << why << '\n';
  return status;
}

// Everything that a question needs to be answered; on one loop, without a thread that serves.
class Stand {
 public:
  Stand(net::Spawner& spawner, LogSink& sink)
      : log_(sink, LogFormat::text, LogLevel::error),
        targets_(spawner, log_, {}, std::string(build_version)),
        stores_{keys_, targets_},
        tls_(std::make_shared<const net::TlsClient>()),
        site_(
            std::make_shared<upstream::Site>(loop_, std::make_unique<http::Dialler>(loop_, tls_))),
        explainer_(loop_, site_->pool(), clock_, &passwords_) {}
  Stand(const Stand&) = delete;
  Stand& operator=(const Stand&) = delete;
  ~Stand() = default;

  // With the key sets that stand at addresses; those that cannot be fetched are missing.
  runtime::Built build(const config::File& file) {
    runtime::Built built = runtime::build(file, stores_);
    if (!built.snapshot || built.followed.empty()) return built;
    KeyKeeper keeper(loop_, keys_, clock_, log_, tls_);
    keeper.follow(built.followed);
    loop_.turn(Instant::min());
    const Deadline deadline =
        Deadline::in(loop_.now(), http::fetch_within + std::chrono::seconds(1));
    const auto is_over = [&](const auth::KeySource& source) { return keys_.fetches(source) > 0; };
    while (!std::all_of(built.followed.begin(), built.followed.end(), is_over) &&
           !deadline.has_passed(loop_.now())) {
      loop_.turn(deadline.at());
    }
    return runtime::build(file, stores_);
  }

  admin::Things list(const runtime::Route& route) {
    loop_.turn(Instant::min());
    const Deadline deadline = Deadline::in(loop_.now(), listed_within);
    admin::Things things = run(admin::list_things(site_, route, deadline));
    // The servers are told goodbye.
    run(join(site_->farewells()));
    return things;
  }
  std::vector<gateway::AskerFinding> explain(const gateway::Inquiry& inquiry) {
    return run(explainer_.explain(inquiry));
  }

 private:
  static Task<bool> join(TaskGroup& tasks) {
    co_await tasks.join();
    co_return true;
  }

  template <class T>
  T run(Task<T> task) {
    task.start(loop_, std::noop_coroutine());
    while (!task.is_done()) loop_.turn(Instant::max());
    return task.take();
  }

  SystemClock clock_;
  Log log_;
  net::Loop loop_;
  auth::KeyStore keys_;
  runtime::TargetStore targets_;
  runtime::Stores stores_;
  gateway::PasswordPool passwords_;
  std::shared_ptr<const net::TlsClient> tls_;
  std::shared_ptr<upstream::Site> site_;
  gateway::Explainer explainer_;
};

Result<admin::ExplainQuestion> question_of(const ExplainOptions& options) {
  admin::ExplainQuestion question;
  if (options.anonymous || (options.tokens.empty() && options.claims.empty())) {
    gateway::Asker nobody;
    nobody.name = "anonymous";
    question.askers.push_back(std::move(nobody));
  }
  for (const std::string& path : options.tokens) {
    gateway::Asker asker;
    asker.name = path == "-" ? "token" : std::filesystem::path(path).stem().string();
    TRY(const std::string text, read_whole(path));
    asker.token = std::string(base::trim(text.substr(0, text.find_last_not_of("\r\n\t ") + 1)));
    question.askers.push_back(std::move(asker));
  }
  for (std::size_t i = 0; i < options.claims.size(); ++i) {
    gateway::Asker asker;
    asker.name = "claims " + std::to_string(i + 1);
    asker.claims = options.claims[i];
    question.askers.push_back(std::move(asker));
  }
  question.tools = options.tools;
  question.prompts = options.prompts;
  question.resources = options.resources;
  question.is_about_all =
      options.tools.empty() && options.prompts.empty() && options.resources.empty();
  question.arguments = options.arguments;
  question.has_details =
      options.is_json || options.expect.has_value() ||
      (question.askers.size() == 1 &&
       options.tools.size() + options.prompts.size() + options.resources.size() == 1);
  return question;
}

admin::FoundRoute route_named(const runtime::Snapshot& snapshot,
                              const std::optional<std::string>& name) {
  if (!name) return admin::first_mcp_route(snapshot);
  for (const runtime::Bind& bind : snapshot.binds) {
    for (const runtime::Listener& listener : bind.listeners) {
      for (const runtime::Route& route : listener.routes) {
        if (route.name == *name || route.key == *name) return {&bind, &listener, &route};
      }
    }
  }
  return {};
}

std::string cut(const std::string& text, std::size_t size) {
  const std::string safe = base::printable(text);
  return safe.size() <= size ? safe + std::string(size - safe.size(), ' ')
                             : safe.substr(0, size - 2) + "..";
}

std::string_view outcome_of(const gateway::CellFinding& cell) {
  if (cell.is_refused) return "refused";
  return cell.is_allowed() ? "allow" : "deny";
}

// "allow r1", "deny", "refused".
std::string words_of(const gateway::CellFinding& cell) {
  std::string words(outcome_of(cell));
  if (cell.is_refused) return words;
  if (cell.decision.rule != cel::Decision::no_rule) {
    words += " r" + std::to_string(cell.decision.rule + 1);
  }
  return cell.decision.is_undecided ? words + "?" : words;
}

void print_matrix(const gateway::Inquiry& inquiry,
                  const std::vector<gateway::AskerFinding>& findings, std::ostream& out) {
  std::size_t first = 4;
  std::vector<std::string> names;
  for (const gateway::Thing& thing : inquiry.things) {
    names.push_back(admin::exposed_name(*inquiry.route, thing));
    first = std::max(first, names.back().size());
  }
  first = std::min<std::size_t>(first, 40) + 2;
  out << std::string(first, ' ');
  for (const gateway::Asker& asker : inquiry.askers) out << cut(asker.name, width_max) << ' ';
  out << '\n';
  for (std::size_t j = 0; j < inquiry.things.size(); ++j) {
    out << cut(names[j], first);
    for (const gateway::AskerFinding& finding : findings) {
      out << cut(words_of(finding.cells.at(j)), width_max) << ' ';
    }
    out << '\n';
  }
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].is_accepted) continue;
    out << inquiry.askers[i].name << " is refused with " << findings[i].status << ": "
        << base::printable(findings[i].reason) << '\n';
  }
}

void print_rules(const gateway::Inquiry& inquiry, std::ostream& out) {
  const auto* mcp = std::get_if<runtime::McpBackend>(&inquiry.route->backend);
  const cel::RuleSet* rules = mcp != nullptr ? mcp->rules.rules() : nullptr;
  if (rules == nullptr) {
    out << "no rules: everybody who comes in may use everything\n";
    return;
  }
  for (std::uint32_t i = 0; i < rules->size(); ++i) {
    out << "r" << i + 1 << "  " << cel::name_of(rules->rule(i).mode) << "  "
        << base::printable(rules->rule(i).source, 200) << '\n';
  }
}

// Why, rule by rule.
void print_decision(const gateway::Inquiry& inquiry, const gateway::CellFinding& cell,
                    std::ostream& out) {
  out << "because " << (cell.is_refused ? "refused" : cel::name_of(cell.decision.reason)) << '\n';
  const auto* mcp = std::get_if<runtime::McpBackend>(&inquiry.route->backend);
  for (const gateway::RuleFinding& rule : cell.rules) {
    const cel::Rule& text = mcp->rules.rules()->rule(rule.rule);
    out << "  r" << rule.rule + 1 << "  " << admin::name_of(rule.outcome) << "  "
        << base::printable(text.source, 200);
    if (!rule.message.empty()) out << "  (" << base::printable(rule.message) << ")";
    out << '\n';
  }
  if (!cell.nearest_rule) return;
  out << "  nearest: r" << *cell.nearest_rule + 1 << " needs";
  for (const gateway::Lack& lack : cell.lacks) {
    out << ' ' << base::printable(lack.what) << " = " << base::printable(lack.wants)
        << (lack.has ? " (is " + base::printable(*lack.has) + ")" : "");
  }
  out << '\n';
}

// Says of each decision that is not the expected one what it is, and why. A caller who is not let
// in at all is not denied: that would make a test of a rule pass which was never asked.
int check(const gateway::Inquiry& inquiry, const std::vector<gateway::AskerFinding>& findings,
          const std::string& expected, std::ostream& err) {
  int status = exit_fine;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    for (std::size_t j = 0; j < inquiry.things.size(); ++j) {
      const gateway::CellFinding& cell = findings[i].cells.at(j);
      if (outcome_of(cell) == expected) continue;
      status = exit_failed;
      const std::string name = admin::exposed_name(*inquiry.route, inquiry.things[j]);
      err << inquiry.askers[i].name << " x " << base::printable(name) << ": expected " << expected
          << ", it is " << words_of(cell) << '\n';
      print_decision(inquiry, cell, err);
    }
  }
  return status;
}

}  // namespace

int run_explain(const Options& options, std::ostream& out, std::ostream& err) {
  net::Spawner spawner;  // before anything that makes a thread
  const Result<admin::ExplainQuestion> question = question_of(options.explanation);
  if (!question) return fail(err, question.error().why(), exit_failed);
  const Result<ConfigurationSource> source = ConfigurationSource::from(options);
  if (!source) return fail(err, source.error().why(), exit_invalid);
  const Result<yaml::Source> text = source->read();
  if (!text) return fail(err, text.error().why(), exit_invalid);
  auto reading = read_file(*text);
  LogWriter writer(STDERR_FILENO);
  Stand stand(spawner, writer);
  runtime::Built built;
  if (!schema::has_errors(reading.problems)) built = stand.build(reading.value);
  if (!built.snapshot) {
    schema::hide_lines(built.problems, reading.secret_lines);
    err << schema::render(reading.problems, *text) << schema::render(built.problems, *text);
    return exit_invalid;
  }
  const admin::FoundRoute found = route_named(*built.snapshot, options.explanation.route);
  if (found.route == nullptr) return fail(err, "no such route with an MCP backend", exit_failed);
  auto inquiry = admin::inquiry_of(*question, found, reading.value, found.bind->port);
  if (!inquiry) return fail(err, inquiry.error().why(), exit_failed);
  admin::Things things;
  if (question->is_about_all) {
    things = stand.list(*found.route);
  } else {
    things.things = admin::named_things(*question, *found.route);
  }
  inquiry->things = std::move(things.things);
  for (const auto& [target, why] : things.errors) {
    err << "agentgateway: target " << target << ": " << why << '\n';
  }
  if (inquiry->things.empty()) return fail(err, "there is nothing to ask about", exit_failed);
  const std::vector<gateway::AskerFinding> findings = stand.explain(*inquiry);
  if (options.explanation.is_json) {
    json::Writer json;
    admin::write_explanation(json, admin::Explained{admin::revision_of(text->text), reading.value,
                                                    found, *inquiry, findings, things.errors});
    out << json.take() << '\n';
  } else {
    print_matrix(*inquiry, findings, out);
    print_rules(*inquiry, out);
    if (inquiry->has_details && findings.size() == 1 && inquiry->things.size() == 1) {
      print_decision(*inquiry, findings[0].cells[0], out);
    }
  }
  // What could not be listed was not judged.
  const int status = things.errors.empty() ? exit_fine : exit_failed;
  if (!options.explanation.expect) return status;
  return std::max(status, check(*inquiry, findings, *options.explanation.expect, err));
}

}  // namespace app
