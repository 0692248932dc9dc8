#include "cel/explain.h"

#include <algorithm>

#include "cel/convert.h"
#include "cel/detail_code.h"

namespace cel {
namespace {

constexpr std::size_t text_max = 200;
constexpr std::uint32_t no_body = 0xffffffff;

// The first child that is evaluated once an element, not once; no_body if there is none.
std::uint32_t first_body(NodeKind kind) {
  const bool is_optional = kind == NodeKind::optional_map || kind == NodeKind::optional_flat_map;
  return is_optional || is_loop(kind) ? 1 : no_body;
}

// Walks the records of an expression that was compiled without any rewriting: one for each node.
class Walk {
 public:
  Walk(const Code& code, Context& context) : code_(code), context_(context) {}

  void visit(const Op& op, std::uint32_t depth, bool is_needed) {
    const Node& node = code_.ast.nodes[op.node];
    Step step;
    step.begin = node.begin;
    step.end = node.end;
    step.depth = depth;
    step.is_evaluated = is_needed;
    Value value;
    if (is_needed) {
      value = op.value(op, context_);
      step.is_error = value.is_error();
      step.result = text_of(value);
    }
    steps_.push_back(std::move(step));
    if (node.kind == NodeKind::constant) return;
    const Op* child = op.first();
    for (std::uint32_t i = 0; i < op.count; ++i, child = child->next()) {
      visit(*child, depth + 1, is_needed && is_child_needed(op, node, i));
    }
  }
  std::vector<Step> take() { return std::move(steps_); }

  std::string text_of(const Value& value) {
    return value.is_error() ? error_text(value)
                            : to_text(value, context_.evaluation().arena(), text_max);
  }

 private:
  // Both sides of && and || are shown even if one decides: that is what a reader wants to know.
  bool is_child_needed(const Op& op, const Node& node, std::uint32_t place) {
    if (place >= first_body(node.kind)) return false;
    if (node.kind == NodeKind::conditional && place > 0) {
      const Value condition = op.first()->value(*op.first(), context_);
      return place == 1 ? condition.is_true() : condition.is_false();
    }
    return true;
  }

  const Code& code_;
  Context& context_;
  std::vector<Step> steps_;
};

}  // namespace

Explanation explain(const Program& program, Context& context) {
  Explanation explanation;
  explanation.outcome = program.test(context);
  // Paths and slots are numbered as in the context's environment, which is only read: what the
  // straight translation needs beyond it is resolved by select records.
  Environment own(context.environment().attributes());
  own.set_container(context.environment().container());
  CompileOptions options;
  options.is_checked = false;
  options.is_rule = false;
  options.is_optimized = false;
  options.allows_block = true;
  const Compiled straight = compile(program.source(), own, options);
  if (!straight.ok()) return explanation;
  Context fresh(own, context.source(), context.budget());
  fresh.set_phase(context.phase());
  fresh.begin();
  Walk walk(straight.program->code(), fresh);
  const Op& root = straight.program->code().root();
  explanation.result = walk.text_of(root.value(root, fresh));
  walk.visit(root, 0, true);
  explanation.steps = walk.take();
  // The whole is the source itself, with the parentheses that no node has.
  explanation.steps.front().begin = 0;
  explanation.steps.front().end = static_cast<std::uint32_t>(program.source().size());
  return explanation;
}

std::string render(const Explanation& explanation, std::string_view source) {
  std::string out;
  for (const Step& step : explanation.steps) {
    out.append(std::size_t{2} * step.depth, ' ');
    std::string text(source.substr(step.begin, step.end - step.begin));
    std::replace(text.begin(), text.end(), '\n', ' ');
    out += text + " => ";
    out += !step.is_evaluated ? "(not evaluated)" : (step.is_error ? "error: " : "") + step.result;
    out += '\n';
  }
  return out;
}

}  // namespace cel
