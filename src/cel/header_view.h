#pragma once
// Request (or response) headers as a map for expressions. A name has a string if there is one entry
// of it and a list of strings if there are several, however it is written in the rule; names
// compare without regard to case. Values that are not UTF-8 count as missing.
//
// Functions of a view: `.join()` (always a string, joined by commas), `.raw()` (always a list),
// `.split()` (a list, split at commas and trimmed); the last of them wins. `.redacted()` replaces
// values that are secrets, and combines with the others. `.cookie(name)` is the first cookie's
// value.

#include <cstddef>
#include <string_view>
#include <utility>

#include "cel/evaluation.h"
#include "cel/value.h"

namespace cel {

// The entries in the order received, as the host has them.
class HeaderSource {
 public:
  virtual std::size_t size() const = 0;
  // Name and value of an entry; `index` is below size().
  virtual std::pair<std::string_view, std::string_view> at(std::size_t index) const = 0;

 protected:
  HeaderSource() = default;
  HeaderSource(const HeaderSource&) = default;
  HeaderSource& operator=(const HeaderSource&) = default;
  ~HeaderSource() = default;
};

// The view of the headers as a value, made in `arena`; `source` must live as long.
Value of_headers(const HeaderSource& source, Arena& arena);

// True for headers whose values are secrets: authorization, cookie, ...
bool is_secret_header(std::string_view name);

}  // namespace cel
