#pragma once
// The parts of the function library, one file each, and what they share.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/function.h"

namespace cel {

std::span<const Overload> standard_functions();
std::span<const Overload> conversion_functions();
std::span<const Overload> time_functions();
std::span<const Overload> string_functions();
std::span<const Overload> format_functions();
std::span<const Overload> math_functions();
std::span<const Overload> bit_functions();
std::span<const Overload> network_functions();
std::span<const Overload> optional_functions();
std::span<const Overload> pattern_functions();
std::span<const Overload> encoding_functions();
std::span<const Overload> form_functions();
std::span<const Overload> digest_functions();
std::span<const Overload> gateway_functions();
std::span<const Overload> header_functions();

inline Value bad_argument(Evaluation& evaluation, std::string_view detail) {
  return evaluation.fail(ErrorCode::bad_argument, detail);
}

// string(value) of numbers, as every text of a value shows them: the shortest that reads back.
std::string double_text(double value);

// An IP address or a network as text, and back; `reason` says why there is none.
std::string address_text(const Address& address);
std::string cidr_text(const Value& cidr);
std::optional<Address> read_address(std::string_view text, std::string_view& reason);

// Percent-encodes all but letters, digits and `-._~`; for a form (`*` instead of `~`, space as
// `+`).
void append_percent_encoded(std::string& out, std::string_view text, bool is_form);
// Nothing if the result is not UTF-8. A percent sign without two digits stands for itself.
std::optional<std::string> percent_decoded(std::string_view text, bool is_form);
// 0 to 15; -1 if it is none.
int hex_digit(char c);

// Values collected before their number is known. Grows on the heap, then moves to the arena; used
// only by functions that build lists, which allocate anyway.
class ListBuilder {
 public:
  explicit ListBuilder(Evaluation& evaluation) : evaluation_(evaluation) {}
  // False when the evaluation's budget is exhausted.
  bool add(const Value& value) {
    values_.push_back(value);
    return evaluation_.spend(1);
  }
  Value finish();

 private:
  Evaluation& evaluation_;
  std::vector<Value> values_;
};

class MapBuilder {
 public:
  explicit MapBuilder(Evaluation& evaluation) : evaluation_(evaluation) {}
  bool add(const Value& key, const Value& value) {
    entries_.push_back({key, value});
    return evaluation_.spend(1);
  }
  // The place of a key that was added; nullptr if it was not.
  Value* find(const Value& key);
  std::size_t size() const { return entries_.size(); }
  Value finish();

 private:
  Evaluation& evaluation_;
  std::vector<Entry> entries_;
};

}  // namespace cel
