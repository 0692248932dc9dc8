#pragma once
// The reference interpreter: walks the tree as it was written, nothing folded, fused or resolved.
// It is the oracle that the compiled engine is tested against and is not used to serve requests;
// keep it so simple that it is evidently right.

#include <string>

#include "cel/attributes.h"
#include "cel/evaluation.h"
#include "cel/node.h"

namespace cel {

struct ReferenceInput {
  AttributeTable attributes;
  const AttributeSource& source;
  std::string_view container = {};  // names are tried inside this dotted namespace first
};

// The value of the expression, or an error. It lives as long as `ast`, the source and `evaluation`.
Value evaluate_reference(const Ast& ast, const ReferenceInput& input, Evaluation& evaluation);

}  // namespace cel
