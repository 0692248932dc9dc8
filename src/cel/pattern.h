#pragma once
// A regular expression with RE2's syntax and its linear running time. Compiled when a rule or route
// is loaded, never while a request waits.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace cel {

class Pattern {
 public:
  // Fault::bad_request with RE2's reason; also if the compiled program is too big.
  static Result<Pattern> make(std::string_view text);

  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern();

  bool matches_whole(std::string_view text) const;
  bool matches_anywhere(std::string_view text) const;
  const std::string& text() const;

 private:
  explicit Pattern(std::unique_ptr<re2::RE2> compiled);
  std::unique_ptr<re2::RE2> compiled_;
};

}  // namespace cel
