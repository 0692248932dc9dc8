#pragma once
// Builds an Ast within its limits and collects problems. When a limit is breached it is *stopped*:
// the parser then reads nothing more.

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cel/node.h"

namespace cel {

class TreeBuilder {
 public:
  TreeBuilder(std::string_view source, const ParseOptions& options);

  Ast& ast() { return ast_; }
  const Ast& ast() const { return ast_; }
  const ParseLimits& limits() const { return options_.limits; }
  bool allows_block() const { return options_.allows_block; }
  bool is_stopped() const { return is_stopped_; }

  void report(std::uint32_t begin, std::uint32_t end, std::string text, std::string hint = {});
  // Reports, and nothing more is read.
  void stop(std::uint32_t begin, std::uint32_t end, std::string text);

  // The node behind all others; its children stand in the tree already.
  NodeIndex add(Node node, const std::vector<NodeIndex>& children);
  NodeIndex add_constant(Value value, std::uint32_t begin, std::uint32_t end);
  // Stands for what could not be read.
  NodeIndex add_erroneous(std::uint32_t begin, std::uint32_t end);
  std::uint32_t name(std::string_view text);
  // Names in a row, of a macro's locals; the index of the first.
  std::uint32_t local_names(const std::vector<std::string_view>& texts);
  std::string_view keep(std::string_view text);

  Parsed finish(NodeIndex root);

 private:
  ParseOptions options_;
  Ast ast_;
  std::vector<Problem> problems_;
  std::vector<std::uint32_t> heights_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  bool is_stopped_ = false;
};

// A call as it was read, with or without a receiver (which is then the first argument).
struct ReadCall {
  std::string_view name;
  std::uint32_t name_begin = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool has_receiver = false;
  bool is_absolute = false;
  std::vector<NodeIndex> arguments;
};

// The macro's node if this is a macro, otherwise that of a plain call.
NodeIndex add_call(TreeBuilder& tree, const ReadCall& call);

// Binds names to the locals of the macros around them, and functions to their namespaces.
void resolve_names(TreeBuilder& tree, NodeIndex root);

}  // namespace cel
