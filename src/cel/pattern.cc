#include "cel/pattern.h"

#include <re2/re2.h>

namespace cel {
namespace {

constexpr int memory_bytes_max = 1 << 20;  // also bounds RE2's cache of states
constexpr int program_size_max = 1'000;

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Pattern::Pattern(std::unique_ptr<re2::RE2> compiled) : compiled_(std::move(compiled)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::make(std::string_view text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory_bytes_max);
  auto compiled = std::make_unique<re2::RE2>(piece(text), options);
  if (!compiled->ok()) {
    return failed(Fault::bad_request, "invalid regular expression: " + compiled->error());
  }
  if (compiled->ProgramSize() > program_size_max) {
    return failed(Fault::bad_request, "regular expression is too big once compiled");
  }
  return Pattern(std::move(compiled));
}

bool Pattern::matches_whole(std::string_view text) const {
  return re2::RE2::FullMatch(piece(text), *compiled_);
}

bool Pattern::matches_anywhere(std::string_view text) const {
  return re2::RE2::PartialMatch(piece(text), *compiled_);
}

const std::string& Pattern::text() const {
  return compiled_->pattern();
}

}  // namespace cel
