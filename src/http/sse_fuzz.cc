// Events do not depend on how the stream is split, and an event that was read can be written and
// read again.

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "http/sse.h"

namespace {

struct Read {
  std::vector<http::Event> events;
  bool is_refused = false;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view bytes, std::size_t step) {
  Read result;
  http::EventReader reader(256);
  for (std::size_t at = 0; at < bytes.size() && !result.is_refused; at += step) {
    result.is_refused = !reader.push(bytes.substr(at, step));
    while (auto event = reader.next()) result.events.push_back(std::move(*event));
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const Read whole = read(bytes, bytes.size() + 1);
  if (!(read(bytes, data[0] % 31U + 1U) == whole)) std::abort();
  for (const http::Event& event : whole.events) {
    http::EventReader reader;
    if (!reader.push(http::format_event(event))) std::abort();
    const auto again = reader.next();
    if (!again || again->data != event.data || again->id != event.id) std::abort();
    if (again->name != event.name || reader.next()) std::abort();
  }
  return 0;
}
