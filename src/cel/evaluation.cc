#include "cel/evaluation.h"

namespace cel {

Value Evaluation::string(std::string_view text) {
  const auto copy = arena_.copy(text);
  return copy ? Value::of_string(*copy) : out_of_memory();
}

Value Evaluation::bytes(std::string_view bytes) {
  const auto copy = arena_.copy(bytes);
  return copy ? Value::of_bytes(*copy) : out_of_memory();
}

Value Evaluation::list(const Value* values, std::size_t size) {
  const ArrayList* list = arena_.make<ArrayList>(values, size);
  return list != nullptr ? Value::of_list(list) : out_of_memory();
}

Value Evaluation::map(const Entry* entries, std::size_t size) {
  const ArrayMap* map = arena_.make<ArrayMap>(entries, size);
  return map != nullptr ? Value::of_map(map) : out_of_memory();
}

Value Evaluation::some(const Value& value) {
  const Value* kept = arena_.make<Value>(value);
  return kept != nullptr ? Value::of_optional(kept) : out_of_memory();
}

Value Evaluation::fail(ErrorCode code, std::string_view detail) {
  const auto copy = arena_.copy(detail);
  return Value::error(code, copy.value_or("memory limit exceeded"));
}

}  // namespace cel
