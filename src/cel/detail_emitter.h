#pragma once
// Turns a checked syntax tree into records: emit.cc walks the tree, fold.cc computes constant
// parts, fuse.cc joins a record with its constant operand.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cel/detail_code.h"
#include "cel/detail_path.h"
#include "cel/environment.h"
#include "cel/program.h"

namespace cel {

class Emitter {
 public:
  Emitter(Code& code, Environment& environment, const CompileOptions& options);

  void run();
  // Constant parts that always fail.
  std::vector<Problem>& problems() { return problems_; }

 private:
  using Record = std::uint32_t;  // index in Code::ops

  // emit.cc
  void emit(NodeIndex index);
  void emit_kind(NodeIndex index, const Node& node);
  bool emit_path(NodeIndex index);
  std::uint32_t slot_of(const Path& path, const Meaning& meaning);
  bool emit_has_path(NodeIndex index, const Node& node);
  void emit_local(NodeIndex index, const Node& node);
  void emit_has(NodeIndex index, const Node& node);
  void emit_operation(NodeIndex index, const Node& node);
  void emit_call(NodeIndex index, const Node& node);
  void emit_macro(NodeIndex index, const Node& node);
  void emit_lazy(NodeIndex index, const Node& node);
  Record begin(NodeIndex index, TestFunction test, ValueFunction value);
  Record begin_test(NodeIndex index, TestFunction test) { return begin(index, test, value_test()); }
  Record begin_value(NodeIndex index, ValueFunction value) {
    return begin(index, test_any(), value);
  }
  void children(Record record, const Node& node, std::uint32_t from = 0);
  void finish(Record record);
  void emit_constant(NodeIndex index, const Value& value);
  void link_lazy_values();
  static ValueFunction value_test();
  static TestFunction test_any();
  const CallTarget* target(const Function& function, std::size_t argument_count);

  // fold.cc
  void fold(Record record);
  void fold_junction(Record record, Truth deciding);
  void fold_conditional(Record record);
  void replace_by_constant(Record record, const Value& value);
  void report(const Op& op, const Value& error);
  bool all_constant(Record record) const;
  void erase(Record from, Record to);

  // fuse.cc
  void fuse(Record record, const Node& node);
  void fuse_equality(Record record, bool is_equal);
  void fuse_in(Record record);
  void fuse_text_call(Record record, std::string_view function);
  void fuse_matches(Record record);
  void fuse_network(Record record);
  void absorb(Record record, bool is_constant_first, Value constant);
  bool fuse_literal_pattern(Record record, std::string_view pattern, bool from_slot);

  Op& at(Record record) { return code_.ops[record]; }
  Record child_of(Record record, std::uint32_t place) const;

  Code& code_;
  Environment& environment_;
  const CompileOptions& options_;
  std::vector<Problem> problems_;
  std::vector<bool> lazy_locals_;
  int sheltered_ = 0;  // how many &&, ||, ?: and the like may hide an error here
  std::unique_ptr<Environment> empty_;
  std::unique_ptr<Context> scratch_;
};

}  // namespace cel
