#include <array>

#include "base/text.h"
#include "cel/detail_tree.h"
#include "cel/lexer.h"
#include "cel/literal.h"

namespace cel {
namespace {

struct BinaryOperator {
  TokenKind token;
  Operator op;
  int strength;  // binds tighter when greater
};
constexpr int weakest = 1;
constexpr std::array<BinaryOperator, 12> binary_operators{{
    {TokenKind::equal, Operator::equal, 1},
    {TokenKind::not_equal, Operator::not_equal, 1},
    {TokenKind::less, Operator::less, 1},
    {TokenKind::less_equal, Operator::less_equal, 1},
    {TokenKind::greater, Operator::greater, 1},
    {TokenKind::greater_equal, Operator::greater_equal, 1},
    {TokenKind::word_in, Operator::in, 1},
    {TokenKind::plus, Operator::add, 2},
    {TokenKind::minus, Operator::subtract, 2},
    {TokenKind::star, Operator::multiply, 3},
    {TokenKind::slash, Operator::divide, 3},
    {TokenKind::percent, Operator::modulo, 3},
}};

const BinaryOperator* find_binary(TokenKind token) {
  for (const BinaryOperator& candidate : binary_operators) {
    if (candidate.token == token) return &candidate;
  }
  return nullptr;
}

bool closes(TokenKind kind) {
  return kind == TokenKind::right_paren || kind == TokenKind::right_bracket ||
         kind == TokenKind::right_brace;
}
bool opens(TokenKind kind) {
  return kind == TokenKind::left_paren || kind == TokenKind::left_bracket ||
         kind == TokenKind::left_brace;
}

// Recursion goes through expression() only, whose depth is limited; operators of one kind in a row,
// chains of fields and `?:` are loops. After a problem the parser is *lost*: it reports nothing
// until skip_to_separator() has found the next element of what it was reading.
class Parser {
 public:
  Parser(std::string_view source, const ParseOptions& options)
      : tree_(source, options), lexer_(tree_.ast().source) {
    advance();
  }

  Parsed parse() {
    const NodeIndex root = expression();
    if (!is_lost_ && !at(TokenKind::end)) unexpected("an operator or the end");
    if (!tree_.is_stopped()) resolve_names(tree_, root);
    return tree_.finish(root);
  }

 private:
  bool at(TokenKind kind) const { return token_.kind == kind; }
  void advance() {
    last_end_ = token_.end;
    if (tree_.is_stopped()) {
      token_ = {TokenKind::end, token_.end, token_.end, nullptr};
    } else {
      token_ = lexer_.next();
    }
  }
  bool take(TokenKind kind) {
    if (!at(kind)) return false;
    advance();
    return true;
  }
  std::string_view token_text() const { return lexer_.text(token_); }

  void report(std::uint32_t begin, std::uint32_t end, std::string text) {
    if (!is_lost_) tree_.report(begin, end, std::move(text));
    is_lost_ = true;
  }
  void unexpected(const std::string& wanted) {
    if (at(TokenKind::bad)) return report(token_.begin, token_.end, token_.reason);
    if (at(TokenKind::end)) {
      return report(token_.begin, token_.end, "expected " + wanted + ", but the expression ends");
    }
    report(token_.begin, token_.end,
           "expected " + wanted + ", found '" + base::printable(token_text(), 40) + "'");
  }
  bool expect(TokenKind kind, const char* wanted) {
    if (take(kind)) return true;
    unexpected(wanted);
    return false;
  }
  // Behind a problem inside brackets: to the next comma or closing bracket of theirs.
  void skip_to_separator() {
    int depth = 0;
    while (!at(TokenKind::end)) {
      if (depth == 0 && (at(TokenKind::comma) || closes(token_.kind))) break;
      depth += opens(token_.kind) ? 1 : closes(token_.kind) ? -1 : 0;
      advance();
    }
    is_lost_ = false;
  }

  NodeIndex expression();
  NodeIndex conditional();
  NodeIndex logical(TokenKind token);
  NodeIndex binary(int strength);
  NodeIndex unary();
  NodeIndex negative();
  NodeIndex repeat(Operator op, std::size_t times, std::uint32_t begin, NodeIndex operand);
  NodeIndex member(bool is_negated);
  NodeIndex select(NodeIndex operand);
  NodeIndex index(NodeIndex operand);
  NodeIndex primary();
  NodeIndex identifier(bool is_absolute, std::uint32_t begin);
  NodeIndex number(bool is_negative, std::uint32_t begin);
  NodeIndex text();
  NodeIndex list();
  NodeIndex map();
  void map_entry(std::vector<NodeIndex>& children);
  NodeIndex constant(Value value) {
    const Token token = token_;
    advance();
    return tree_.add_constant(value, token.begin, token.end);
  }
  NodeIndex erroneous(const char* wanted);
  void arguments(ReadCall& call);
  // A node that ends with the last token read.
  NodeIndex add(Node node, const std::vector<NodeIndex>& children) {
    node.end = last_end_;
    return tree_.add(node, children);
  }
  std::uint32_t begin_of(NodeIndex index) const { return tree_.ast().nodes[index].begin; }

  TreeBuilder tree_;
  Lexer lexer_;
  Token token_;
  std::uint32_t last_end_ = 0;
  std::uint32_t depth_ = 0;
  bool is_lost_ = false;
};

NodeIndex Parser::expression() {
  if (++depth_ > tree_.limits().nesting_max) {
    tree_.stop(token_.begin, token_.end, "brackets are nested too deeply");
    token_.kind = TokenKind::end;
    is_lost_ = true;
  }
  const NodeIndex node = conditional();
  --depth_;
  return node;
}

NodeIndex Parser::conditional() {
  struct Branch {
    NodeIndex condition;
    NodeIndex then;
    std::uint32_t caret;
  };
  std::vector<Branch> branches;
  NodeIndex last = logical(TokenKind::or_or);
  while (!is_lost_ && at(TokenKind::question)) {
    const std::uint32_t caret = token_.begin;
    advance();
    const NodeIndex then = logical(TokenKind::or_or);
    if (is_lost_ || !expect(TokenKind::colon, "':'")) break;
    branches.push_back({last, then, caret});
    last = logical(TokenKind::or_or);
  }
  for (auto branch = branches.rbegin(); branch != branches.rend(); ++branch) {
    Node node;
    node.kind = NodeKind::conditional;
    node.begin = begin_of(branch->condition);
    node.caret = branch->caret;
    last = add(node, {branch->condition, branch->then, last});
  }
  return last;
}

// Terms joined by || (each of terms joined by &&) or by && (each a relation).
NodeIndex Parser::logical(TokenKind token) {
  const bool is_or = token == TokenKind::or_or;
  const auto term = [&] { return is_or ? logical(TokenKind::and_and) : binary(weakest); };
  const NodeIndex first = term();
  std::vector<NodeIndex> terms{first};
  const std::uint32_t caret = token_.begin;
  while (!is_lost_ && take(token)) terms.push_back(term());
  if (terms.size() == 1) return first;
  Node node;
  node.kind = is_or ? NodeKind::logical_or : NodeKind::logical_and;
  node.begin = begin_of(first);
  node.caret = caret;
  return add(node, terms);
}

NodeIndex Parser::binary(int strength) {
  NodeIndex left = strength > 3 ? unary() : binary(strength + 1);
  while (!is_lost_) {
    const BinaryOperator* found = find_binary(token_.kind);
    if (found == nullptr || found->strength != strength) break;
    Node node;
    node.kind = NodeKind::operation;
    node.op = found->op;
    node.begin = begin_of(left);
    node.caret = token_.begin;
    advance();
    const NodeIndex right = strength == 3 ? unary() : binary(strength + 1);
    left = add(node, {left, right});
  }
  return left;
}

NodeIndex Parser::unary() {
  if (at(TokenKind::minus)) return negative();
  const std::uint32_t begin = token_.begin;
  std::size_t times = 0;
  while (take(TokenKind::bang)) ++times;
  if (times > 0 && at(TokenKind::minus)) {
    return repeat(Operator::logical_not, times, begin, negative());
  }
  return repeat(Operator::logical_not, times, begin, member(false));
}

// A minus sign directly before a number belongs to it, so that the smallest int can be written.
NodeIndex Parser::negative() {
  const std::uint32_t begin = token_.begin;
  std::size_t times = 0;
  while (take(TokenKind::minus)) ++times;
  const bool is_literal = at(TokenKind::integer) || at(TokenKind::real);
  return repeat(Operator::negate, is_literal ? times - 1 : times, begin, member(is_literal));
}

// A run of `!` or `-` is one or two of them; two remain because they check the operand's type.
NodeIndex Parser::repeat(Operator op, std::size_t times, std::uint32_t begin, NodeIndex operand) {
  const std::size_t kept = times == 0 ? 0 : 2 - times % 2;
  for (std::size_t i = 0; i < kept; ++i) {
    Node node;
    node.kind = NodeKind::operation;
    node.op = op;
    node.begin = node.caret = begin;
    operand = add(node, {operand});
  }
  return operand;
}

NodeIndex Parser::member(bool is_negated) {
  NodeIndex node = is_negated ? number(true, last_end_ - 1) : primary();
  while (!is_lost_) {
    if (at(TokenKind::dot)) {
      node = select(node);
    } else if (at(TokenKind::left_bracket)) {
      node = index(node);
    } else if (at(TokenKind::left_brace)) {
      report(token_.begin, token_.end, "messages cannot be constructed here");
    } else {
      break;
    }
  }
  return node;
}

NodeIndex Parser::select(NodeIndex operand) {
  advance();
  const bool is_optional = take(TokenKind::question);
  const Token name = token_;
  const bool is_quoted = at(TokenKind::quoted);
  if (!is_quoted && !at(TokenKind::identifier)) {
    unexpected("a field or method name");
    return operand;
  }
  advance();
  std::string_view text = lexer_.text(name);
  if (is_quoted) text = text.substr(1, text.size() - 2);
  if (at(TokenKind::left_paren) && !is_quoted && !is_optional) {
    ReadCall call;
    call.name = text;
    call.name_begin = name.begin;
    call.begin = begin_of(operand);
    call.has_receiver = true;
    call.arguments.push_back(operand);
    arguments(call);
    return add_call(tree_, call);
  }
  Node node;
  node.kind = NodeKind::select;
  node.flags = static_cast<std::uint16_t>((is_quoted ? node_flag::is_quoted : 0) |
                                          (is_optional ? node_flag::is_optional : 0));
  node.value = tree_.name(text);
  node.begin = begin_of(operand);
  node.caret = name.begin;
  return add(node, {operand});
}

NodeIndex Parser::index(NodeIndex operand) {
  Node node;
  node.kind = NodeKind::index;
  node.begin = begin_of(operand);
  node.caret = token_.begin;
  advance();
  if (take(TokenKind::question)) node.flags = node_flag::is_optional;
  const NodeIndex place = expression();
  if (is_lost_) skip_to_separator();
  expect(TokenKind::right_bracket, "']'");
  return add(node, {operand, place});
}

NodeIndex Parser::primary() {
  const std::uint32_t begin = token_.begin;
  switch (token_.kind) {
    case TokenKind::word_true:
      return constant(Value::of_bool(true));
    case TokenKind::word_false:
      return constant(Value::of_bool(false));
    case TokenKind::word_null:
      return constant(Value::null());
    case TokenKind::integer:
    case TokenKind::uinteger:
    case TokenKind::real:
      return number(false, begin);
    case TokenKind::string:
    case TokenKind::bytes:
      return text();
    case TokenKind::left_bracket:
      return list();
    case TokenKind::left_brace:
      return map();
    case TokenKind::identifier:
      return identifier(false, begin);
    case TokenKind::dot:
      advance();
      if (at(TokenKind::identifier)) return identifier(true, begin);
      return erroneous("a name");
    case TokenKind::left_paren: {
      advance();
      const NodeIndex node = expression();
      if (is_lost_) skip_to_separator();
      expect(TokenKind::right_paren, "')'");
      return node;
    }
    default:
      return erroneous("an expression");
  }
}

NodeIndex Parser::erroneous(const char* wanted) {
  unexpected(wanted);
  return tree_.add_erroneous(token_.begin, token_.end);
}

NodeIndex Parser::identifier(bool is_absolute, std::uint32_t begin) {
  const Token name = token_;
  const std::string_view text = token_text();
  advance();
  if (is_reserved(text)) {
    report(name.begin, name.end, "'" + std::string(text) + "' is a reserved word");
    return tree_.add_erroneous(name.begin, name.end);
  }
  if (at(TokenKind::left_paren)) {
    ReadCall call;
    call.name = text;
    call.name_begin = name.begin;
    call.begin = begin;
    call.is_absolute = is_absolute;
    arguments(call);
    return add_call(tree_, call);
  }
  Node node;
  node.kind = NodeKind::name;
  node.flags = is_absolute ? node_flag::is_absolute : std::uint16_t{0};
  node.value = tree_.name(text);
  node.begin = begin;
  node.caret = name.begin;
  return add(node, {});
}

void Parser::arguments(ReadCall& call) {
  const Token open = token_;
  advance();
  const std::size_t receivers = call.has_receiver ? 1 : 0;
  if (!at(TokenKind::right_paren)) {
    do {
      call.arguments.push_back(expression());
      if (is_lost_) skip_to_separator();
    } while (take(TokenKind::comma));
  }
  if (call.arguments.size() - receivers > tree_.limits().arguments_max) {
    tree_.report(open.begin, open.end, "the call has too many arguments");
  }
  expect(TokenKind::right_paren, "',' or ')'");
  call.end = last_end_;
}

NodeIndex Parser::number(bool is_negative, std::uint32_t begin) {
  const Token token = token_;
  const std::string_view digits = token_text();
  advance();
  std::optional<Value> value;
  if (token.kind == TokenKind::integer) {
    if (const auto number = read_int_literal(digits, is_negative)) value = Value::of_int(*number);
  } else if (token.kind == TokenKind::uinteger) {
    if (const auto number = read_uint_literal(digits)) value = Value::of_uint(*number);
  } else if (const auto number = read_real_literal(digits)) {
    value = Value::of_double(is_negative ? -*number : *number);
  }
  if (!value) report(token.begin, token.end, "the number is out of range");
  return tree_.add_constant(value.value_or(Value::null()), begin, token.end);
}

NodeIndex Parser::text() {
  const Token token = token_;
  const bool is_bytes = at(TokenKind::bytes);
  const Literal literal = read_text_literal(token_text(), is_bytes);
  advance();
  if (literal.reason != nullptr) {
    const std::uint32_t at = token.begin + literal.offset;
    report(at, at + 2, literal.reason);
  }
  const std::string_view kept = tree_.keep(literal.content);
  return tree_.add_constant(is_bytes ? Value::of_bytes(kept) : Value::of_string(kept), token.begin,
                            token.end);
}

NodeIndex Parser::list() {
  Node node;
  node.kind = NodeKind::list;
  node.begin = node.caret = token_.begin;
  advance();
  std::vector<NodeIndex> elements;
  while (!at(TokenKind::right_bracket) && !at(TokenKind::end)) {
    const bool is_optional = take(TokenKind::question);
    elements.push_back(expression());
    if (is_optional) tree_.ast().nodes[elements.back()].flags |= node_flag::is_optional_entry;
    if (is_lost_) skip_to_separator();
    if (!take(TokenKind::comma)) break;
  }
  expect(TokenKind::right_bracket, "',' or ']'");
  if (elements.size() > tree_.limits().elements_max) {
    tree_.report(node.begin, node.begin + 1, "the list has too many elements");
  }
  return add(node, elements);
}

NodeIndex Parser::map() {
  Node node;
  node.kind = NodeKind::map;
  node.begin = node.caret = token_.begin;
  advance();
  std::vector<NodeIndex> children;
  while (!at(TokenKind::right_brace) && !at(TokenKind::end)) {
    map_entry(children);
    if (!take(TokenKind::comma)) break;
  }
  expect(TokenKind::right_brace, "',' or '}'");
  if (children.size() / 2 > tree_.limits().elements_max) {
    tree_.report(node.begin, node.begin + 1, "the map has too many entries");
  }
  return add(node, children);
}

void Parser::map_entry(std::vector<NodeIndex>& children) {
  const bool is_optional = take(TokenKind::question);
  const NodeIndex key = expression();
  if (is_optional) tree_.ast().nodes[key].flags |= node_flag::is_optional_entry;
  if (is_lost_ || !expect(TokenKind::colon, "':'")) return skip_to_separator();
  const NodeIndex value = expression();
  if (is_lost_) skip_to_separator();
  children.push_back(key);
  children.push_back(value);
}

Parsed refused(std::string_view source, const ParseOptions& options, std::string why) {
  TreeBuilder tree(source, options);
  tree.report(0, 0, std::move(why));
  return tree.finish(tree.add_erroneous(0, 0));
}

}  // namespace

Parsed parse(std::string_view source, const ParseOptions& options) {
  if (source.size() > options.limits.source_max) {
    return refused(
        {}, options,
        "the expression is longer than " + std::to_string(options.limits.source_max) + " bytes");
  }
  if (!base::is_utf8(source)) return refused({}, options, "the expression is not valid UTF-8");
  return Parser(source, options).parse();
}

}  // namespace cel
