#pragma once
// Strings as sequences of code points. All texts here are valid UTF-8.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cel {

std::size_t count_code_points(std::string_view text);
// The byte where code point number `index` begins; the size for the number of the last plus one;
// nothing beyond.
std::optional<std::size_t> byte_of_code_point(std::string_view text, std::size_t index);
// How many bytes the code point at `byte` takes.
std::size_t code_point_length(std::string_view text, std::size_t byte);

// Fuel for looking for one text in another, whose worst case is the product of their sizes.
std::uint64_t search_cost(std::string_view text, std::string_view pattern);

}  // namespace cel
