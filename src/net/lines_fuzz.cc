// One line in, one message: whatever the pieces, the lines are those of the whole text cut at every
// line feed. A line beyond the limit ends the reading, or is cut and its rest skipped.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "net/detail_lines.h"

namespace {

constexpr std::size_t line_bytes_max = 32;

struct Read {
  std::vector<std::string> lines;
  bool is_refused = false;
  bool operator==(const Read&) const = default;
};

using Overlong = net::detail::LineCutter::Overlong;

Read read(std::string_view bytes, std::size_t step, Overlong overlong) {
  Read result;
  net::detail::LineCutter cutter(line_bytes_max, overlong);
  const auto drain = [&] {
    while (auto line = cutter.take_line()) result.lines.push_back(std::move(*line));
    result.is_refused = cutter.is_too_long();
  };
  for (std::size_t at = 0; at < bytes.size() && !result.is_refused; at += step) {
    cutter.push(bytes.substr(at, step));
    drain();
  }
  if (result.is_refused) return result;
  cutter.end();
  drain();
  return result;
}

// The same by the definition.
Read expected(std::string_view bytes, Overlong overlong) {
  Read result;
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string line(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.size() > line_bytes_max) {
      if (overlong == Overlong::is_an_error) {
        result.is_refused = true;
        return result;
      }
      line.resize(line_bytes_max);
    } else if (line.ends_with('\r')) {
      line.pop_back();
    }
    result.lines.push_back(std::move(line));
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  for (const Overlong overlong : {Overlong::is_an_error, Overlong::is_cut}) {
    const Read wanted = expected(bytes, overlong);
    if (!(read(bytes, bytes.size() + 1, overlong) == wanted)) std::abort();
    if (!(read(bytes, data[0] % 67U + 1, overlong) == wanted)) std::abort();
  }
  return 0;
}
