#pragma once
// What the reference interpreter keeps for macros.

#include <cstdint>

#include "cel/evaluation.h"
#include "cel/node.h"

namespace cel {

// A local and, while it has not been used, the expression that it stands for.
struct Local {
  Value value;
  const Node* pending = nullptr;
};

// What a macro goes over: the entries of a map, or the elements of a list with their numbers.
class Range {
 public:
  Range(const Value& range, Evaluation& evaluation) : range_(range), evaluation_(evaluation) {}

  bool next(Entry& entry) {
    if (range_.is(Kind::map)) return range_.as_map().next(cursor_, evaluation_.arena(), entry);
    entry.key = Value::of_int(count_++);
    return range_.as_list().next(cursor_, evaluation_.arena(), entry.value);
  }

 private:
  const Value& range_;
  Evaluation& evaluation_;
  Cursor cursor_;
  std::int64_t count_ = 0;
};

}  // namespace cel
