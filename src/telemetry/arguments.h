#pragma once
// The arguments of a tool call as they may be shown to the operator who asked for them: bounded,
// and without what looks like a secret.

#include <cstddef>
#include <string>

#include "json/value.h"

namespace telemetry {

class Arguments {
 public:
  static constexpr std::size_t bytes_max = 4'096;

  // Of an object, or of whatever the client has sent in its place.
  explicit Arguments(json::Value sent);

  // JSON, of not much more than bytes_max: strings end in "...", and members and elements are left
  // out, where there is no more room.
  std::string json;
  bool is_cut = false;
  bool is_redacted = false;

  // What the rules saw.
  bool is_whole() const { return !is_cut && !is_redacted; }
};

}  // namespace telemetry
