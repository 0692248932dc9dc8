#pragma once
// JSON text written piece by piece. Commas and colons are placed by the Writer; strings are escaped
// so that the output is valid UTF-8 JSON on one line. Misuse (a value where a name belongs) is a
// bug of the caller and ends the program.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace json {

class Writer {
 public:
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& name(std::string_view name);
  Writer& string(std::string_view text);  // invalid UTF-8 becomes U+FFFD
  Writer& integer(std::int64_t number);
  Writer& integer_unsigned(std::uint64_t number);
  Writer& real(double number);  // shortest text that reads back the same; null if not finite
  Writer& boolean(bool value);
  Writer& null();
  // A value of a parsed document, copied as it was written there.
  Writer& value(Value value);
  // Text that is known to be one JSON value.
  Writer& raw(std::string_view json);

  // The text so far; the Writer is empty afterwards.
  std::string take();

 private:
  void separate();
  std::string text_;
  std::vector<char> stack_;  // one entry an open container: how the next item is separated
  bool after_name_ = false;
};

// `text` as a JSON string literal, quotes included.
std::string quoted(std::string_view text);

}  // namespace json
