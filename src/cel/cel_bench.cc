// Rules as they stand in configurations, rule sets and lists, and the load of rules. Every
// benchmark reports its allocations per iteration: those of a decision must be none.

#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "cel/detail_allocation_count.h"
#include "cel/detail_example_request.h"
#include "cel/program.h"
#include "cel/rule_set.h"

namespace cel {
namespace {

constexpr char request_json[] = R"({
  "source": {"address": "10.1.2.3", "port": 80},
  "jwt": {"sub": "test-user", "iss": "agentgateway.dev", "groups": ["dev", "ops", "qa", "admin"],
          "email": "test-user@example.com", "nested": {"key": "value"}, "level": 5},
  "request": {"method": "GET", "path": "/user/4711/view",
              "headers": {"x-team": "core", "accept": "*/*", "user-agent": "bench"}},
  "mcp": {"tool": {"name": "add", "target": "everything", "arguments": {"a": 1, "b": 2}}}
})";

class Allocations {
 public:
  explicit Allocations(benchmark::State& state) : state_(state), before_(allocation_count) {}
  ~Allocations() {
    state_.counters["allocations"] = benchmark::Counter(
        static_cast<double>(allocation_count - before_), benchmark::Counter::kAvgIterations);
  }
  Allocations(const Allocations&) = delete;
  Allocations& operator=(const Allocations&) = delete;

 private:
  benchmark::State& state_;
  std::uint64_t before_;
};

// One rule, its attributes fetched already: what each further rule of a request costs.
void rule(benchmark::State& state, const std::string& source) {
  Environment environment(example_attributes());
  const Compiled compiled = compile(source, environment);
  if (!compiled.ok()) return state.SkipWithError("does not compile");
  const ExampleRequest request(request_json);
  Context context(environment, request);
  const Allocations allocations(state);
  for (auto _ : state) benchmark::DoNotOptimize(compiled.program->test(context));
}

// The same with a new Context each time: what the first rule of a request costs.
void rule_with_context(benchmark::State& state, const std::string& source) {
  Environment environment(example_attributes());
  const Compiled compiled = compile(source, environment);
  if (!compiled.ok()) return state.SkipWithError("does not compile");
  const ExampleRequest request(request_json);
  const Allocations allocations(state);
  for (auto _ : state) {
    Context context(environment, request);
    benchmark::DoNotOptimize(compiled.program->test(context));
  }
}

void load(benchmark::State& state, const std::string& source) {
  const Allocations allocations(state);
  for (auto _ : state) {
    Environment environment(example_attributes());
    benchmark::DoNotOptimize(compile(source, environment));
  }
}

// "This user and this tool", a tenth of them naming a group instead.
std::vector<Rule> many_rules(std::size_t count) {
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string tool = " && mcp.tool.name == \"tool" + std::to_string(i) + "\"";
    const std::string who = i % 10 == 0 ? "\"admin\" in jwt.groups"
                                        : "jwt.sub == \"user" + std::to_string(i % 7) + "\"";
    rules.push_back({RuleMode::allow, who + tool, ""});
  }
  return rules;
}

struct Set {
  Set(std::size_t count, bool is_indexed) {
    RuleSetOptions options;
    options.is_indexed = is_indexed;
    compiled = compile_rules(many_rules(count), environment, options);
  }
  Environment environment{example_attributes()};
  CompiledRules compiled;
};

void decision(benchmark::State& state) {
  const Set set(static_cast<std::size_t>(state.range(0)), state.range(1) != 0);
  ExampleRequest request(request_json);
  const std::string last = "tool" + std::to_string((state.range(0) - 1) / 10 * 10);
  request.tool_name = last;
  Context context(set.environment, request);
  const Allocations allocations(state);
  for (auto _ : state) benchmark::DoNotOptimize(set.compiled.rules->decide(context));
}
BENCHMARK(decision)->ArgNames({"rules", "indexed"})->ArgsProduct({{1, 10, 100, 1000}, {0, 1}});

void list_of_tools(benchmark::State& state) {
  const Set set(static_cast<std::size_t>(state.range(0)), state.range(2) != 0);
  ExampleRequest request(request_json);
  std::vector<std::string> names;
  for (int i = 0; i < state.range(1); ++i) names.push_back("tool" + std::to_string(i));
  const Allocations allocations(state);
  for (auto _ : state) {
    Context context(set.environment, request);
    context.set_phase(Phase::list);
    int shown = 0;
    for (const std::string& name : names) {
      request.tool_name = name;
      context.next_item();
      shown += set.compiled.rules->decide(context).is_allowed ? 1 : 0;
    }
    benchmark::DoNotOptimize(shown);
  }
}
BENCHMARK(list_of_tools)
    ->ArgNames({"rules", "tools", "indexed"})
    ->ArgsProduct({{10, 100, 1000}, {10, 1000}, {0, 1}})
    ->Unit(benchmark::kMicrosecond);

void load_1000_rules(benchmark::State& state) {
  const std::vector<Rule> rules = many_rules(1000);
  const Allocations allocations(state);
  for (auto _ : state) {
    Environment environment(example_attributes());
    benchmark::DoNotOptimize(compile_rules(rules, environment));
  }
}
BENCHMARK(load_1000_rules)->Unit(benchmark::kMillisecond);

// Two threads share one program.
void regex_shared(benchmark::State& state) {
  static Environment environment(example_attributes());
  static const Compiled compiled =
      compile("request.path.matches('^/user/([^/]+)/view$')", environment);
  const ExampleRequest request(request_json);
  Context context(environment, request);
  for (auto _ : state) benchmark::DoNotOptimize(compiled.program->test(context));
}
BENCHMARK(regex_shared)->Threads(1)->Threads(2)->UseRealTime();

struct Named {
  const char* name;
  const char* source;
};

constexpr Named rules[] = {
    {"walkthrough_1", "mcp.tool.name == \"echo\""},
    {"walkthrough_2_true", "jwt.sub == \"test-user\" && mcp.tool.name == \"add\""},
    {"walkthrough_2_first_false", "jwt.sub == \"test-uses\" && mcp.tool.name == \"add\""},
    {"walkthrough_2_claim_missing", "jwt.nobody == \"test-user\" && mcp.tool.name == \"add\""},
    {"walkthrough_3_true", "mcp.tool.name == \"add\" && jwt.nested.key == \"value\""},
    {"walkthrough_3_first_false", "mcp.tool.name == \"printEnv\" && jwt.nested.key == \"value\""},
    {"cidr", "cidr('10.0.0.0/8').containsIP(source.address)"},
    {"port_equals", "source.port == 80"},
    {"method_in_4", "request.method in ['DELETE', 'PUT', 'POST', 'GET']"},
    {"in_list_4th", "\"admin\" in jwt.groups"},
    {"exists_4th", "jwt.groups.exists(g, g.startsWith('adm'))"},
    {"has_and_ends_with", "has(jwt.email) && jwt.email.endsWith('@example.com')"},
    {"header", "request.headers[\"x-team\"] == \"core\""},
    {"regex", "request.path.matches('^/user/([^/]+)/view$')"},
    {"regex_literal", "request.path.matches('^/user/')"},
    {"policy",
     "!(source.address in ['10.0.1.4', '10.0.1.5', '10.0.1.6']) && "
     "((request.path.startsWith('v1') && request.headers['x-team'] in ['v1', 'v2', "
     "'admin']) || (request.path.startsWith('/user') && "
     "request.headers['x-team'] in ['v2', 'core']))"},
    {"list_literal", "[1, jwt.level, 3].map(x, x * 2).filter(x, x > 4).size() == 2"},
    {"nested_all", "[1,2,3,4].all(a, [1,2,3,4].all(b, a + b + jwt.level > 0))"},
    {"range", "source.port >= 1 && source.port <= 1024"},
};

const int registered = [] {
  for (const Named& it : rules) {
    const std::string source = it.source;
    benchmark::RegisterBenchmark((std::string("rule/") + it.name).c_str(),
                                 [source](benchmark::State& state) { rule(state, source); });
  }
  for (const Named& it : rules) {
    const std::string source = it.source;
    benchmark::RegisterBenchmark((std::string("load/") + it.name).c_str(),
                                 [source](benchmark::State& state) { load(state, source); });
  }
  const std::string source = rules[1].source;
  benchmark::RegisterBenchmark("with_context/walkthrough_2", [source](benchmark::State& state) {
    rule_with_context(state, source);
  });
  return 0;
}();

}  // namespace
}  // namespace cel
