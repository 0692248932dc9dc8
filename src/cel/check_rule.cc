// What is wrong or suspicious only in a rule: the checker has typed the expression already.

#include <algorithm>
#include <string>
#include <vector>

#include "cel/detail_checker.h"

namespace cel {
namespace {

std::string written(const Path& path) {
  std::string text;
  for (const Path::Part& part : path.parts) {
    if (!text.empty()) text += '.';
    text += part.name;
  }
  return text;
}

// Walks the tree and gathers the paths below open records that are read, and those that are asked
// for with has().
class ClaimReads {
 public:
  ClaimReads(const Ast& ast, const Environment& environment)
      : ast_(ast), environment_(environment) {
    walk(ast.root, false);
  }

  struct Read {
    std::string path;
    std::string guard;  // what has() must be asked of: the claim, or the record it is missing with
    NodeIndex node = 0;
  };
  // Reads that fail if the claim, or the thing they are about, is missing.
  std::vector<Read> unguarded() const {
    std::vector<Read> found;
    for (const Read& read : reads_) {
      const auto is_same = [&](const Read& other) { return other.guard == read.guard; };
      const bool is_asked = std::any_of(
          asked_.begin(), asked_.end(),
          [&](const std::string& asked) { return asked == read.path || asked == read.guard; });
      if (!is_asked && std::none_of(found.begin(), found.end(), is_same)) found.push_back(read);
    }
    return found;
  }

 private:
  void walk(NodeIndex index, bool is_safe) {
    const Node& node = ast_.nodes[index];
    if (node.kind == NodeKind::has) {
      const auto path = path_of(ast_, ast_.links[node.first_child]);
      if (path) asked_.push_back(written(*path) + "." + std::string(ast_.name(node)));
      return;
    }
    const auto path = path_of(ast_, index);
    if (path) {
      if (!is_safe) add(*path, index);
      return;
    }
    const bool makes_safe =
        node.kind == NodeKind::default_value || node.kind == NodeKind::coalesce ||
        (node.kind == NodeKind::select && node.has_flag(node_flag::is_optional));
    for (const NodeIndex below : ast_.children(node)) walk(below, is_safe || makes_safe);
  }

  void add(const Path& path, NodeIndex index) {
    const Meaning meaning = meaning_of(path, environment_);
    if (!meaning.attribute) return;
    const Attribute& attribute = environment_.attributes()[*meaning.attribute];
    const std::string text = written(path);
    if (attribute.is_optional) {
      reads_.push_back(
          {text, std::string(attribute.path.substr(0, attribute.path.rfind('.'))), index});
    } else if (attribute.record == Record::open && meaning.part_count != path.parts.size()) {
      reads_.push_back({text, text, index});
    }
  }

  const Ast& ast_;
  const Environment& environment_;
  std::vector<Read> reads_;
  std::vector<std::string> asked_;
};

}  // namespace

void Checker::check_rule(TypeId type) {
  const Node& root = ast_.nodes[ast_.root];
  if (!types_.is(type, TypeKind::boolean) && !types_.is_dynamic(type)) {
    error(root, "a rule must be a bool, this is a " + types_.text(type),
          "compare it with something, for example == \"...\"");
  }
  if (result_.cost > options_.fuel_max) {
    error(root,
          "this may need " + std::to_string(result_.cost) + " steps, " +
              std::to_string(options_.fuel_max) + " are allowed",
          "nested macros multiply: test the outer condition first or use fewer of them");
  }
  if (options_.is_deny_rule) check_missing_claims();
}

// An attribute compared with a constant that it cannot be.
void Checker::check_comparison(const Node& node) {
  if (node.op != Operator::equal && node.op != Operator::not_equal) return;
  for (std::uint32_t i = 0; i < 2; ++i) {
    const auto path = path_of(ast_, child(node, i));
    const Node& constant = ast_.child(node, 1 - i);
    if (!path || constant.kind != NodeKind::constant) continue;
    const auto attribute = find_attribute(table_, written(*path));
    if (attribute) check_constant(table_[*attribute], constant);
  }
}

void Checker::check_constant(const Attribute& what, const Node& constant) {
  const Value& value = ast_.constants[constant.value];
  const auto& known = what.known_values;
  if (!known.empty() && value.is(Kind::string)) {
    if (std::find(known.begin(), known.end(), value.text()) != known.end()) return;
    warn(constant, std::string(what.path) + " is never \"" + std::string(value.text()) + "\"",
         did_you_mean(value.text(), known));
    return;
  }
  if (what.record != Record::none || value.is_null()) return;
  const TypeId usual = types_.parse(what.type);
  const TypeId given = types_.parse(type_name(value));
  const bool is_simple = types_.is(usual, TypeKind::string) || types_.is(usual, TypeKind::boolean);
  if (!is_simple || usual == given) return;
  warn(constant, std::string(what.path) + " is a " + types_.text(usual) + ", it never equals a " +
                     types_.text(given));
}

// matches() finds its pattern anywhere in the text, which surprises.
void Checker::check_pattern(const Node& node) {
  const Node& pattern = ast_.child(node, node.child_count - 1);
  if (pattern.kind != NodeKind::constant) {
    if (options_.allows_dynamic_patterns) return;
    error(pattern, "the pattern of matches() must be a constant here");
    return;
  }
  const Value& value = ast_.constants[pattern.value];
  if (!value.is(Kind::string)) return;
  const std::string_view text = value.text();
  if (text.starts_with('^') && text.ends_with('$')) return;
  warn(pattern, "matches() finds this pattern anywhere in the text",
       "write ^...$ to match all of it");
}

void Checker::check_missing_claims() {
  for (const ClaimReads::Read& read : ClaimReads(ast_, environment_).unguarded()) {
    warn(ast_.nodes[read.node],
         "this deny rule fails, and so denies, if " + read.guard + " is missing",
         "write has(" + read.guard + ") && ... if it should not");
  }
}

}  // namespace cel
