#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "yaml/expand.h"
#include "yaml/read.h"

// A text is a tree or a mistake at a line; every character of a scalar has a place.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto node = yaml::read(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!node) {
    if (node.error().at.line == 0) std::abort();
    return 0;
  }
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() == 1) return "value";
    return std::nullopt;
  };
  for (const yaml::Mistake& mistake : yaml::expand(*node, environment)) {
    if (mistake.at.line == 0) std::abort();
  }
  return 0;
}
