#pragma once
// The values of literals.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cel {

// The content of a string or bytes literal, given with its prefix letters and quotes.
struct Literal {
  std::string content;
  const char* reason = nullptr;  // why it cannot be read; nullptr if it can
  std::uint32_t offset = 0;      // of the offending escape in the token
};
Literal read_text_literal(std::string_view token, bool is_bytes);

// Decimal or 0x; nothing if it is out of range. `is_negative`: a minus sign stands before it.
std::optional<std::int64_t> read_int_literal(std::string_view token, bool is_negative);
// With its u.
std::optional<std::uint64_t> read_uint_literal(std::string_view token);
std::optional<double> read_real_literal(std::string_view token);

}  // namespace cel
