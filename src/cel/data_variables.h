#pragma once
// Variables whose values are given as data, for expressions that are tried out.

#include <vector>

#include "cel/attributes.h"
#include "cel/convert.h"

namespace cel {

// The members of a JSON object, which must outlive it.
class DataVariables final : public AttributeSource {
 public:
  explicit DataVariables(json::Value data) {
    for (const json::Member& member : data.members()) {
      Attribute attribute;
      attribute.path = member.name;
      table_.push_back(attribute);
      values_.push_back(member.value);
    }
  }
  AttributeTable table() const { return table_; }
  Value get(AttributeIndex index, Arena& arena) const override {
    return from_json(values_.at(index), arena);
  }

 private:
  std::vector<Attribute> table_;
  std::vector<json::Value> values_;
};

}  // namespace cel
