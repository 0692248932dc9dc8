// What is accepted has a form of its own that reads back as itself; an Accept field allows only
// what it names, and a weight of nought takes it back.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "http/media_type.h"

namespace {

constexpr std::string_view essences[] = {"application/json", "text/event-stream"};

void require(bool condition) {
  if (!condition) std::abort();
}

void check_type(std::string_view text) {
  const auto type = http::MediaType::parse(text);
  for (const std::string_view essence : essences) {
    const bool is_it = http::is_utf8_media_type(text, essence);
    require(!is_it || (type && type->is(essence)));
  }
  if (!type) return;
  require(type->essence() == base::to_lower(type->essence()));
  const auto again = http::MediaType::parse(type->essence());
  require(again && again->essence() == type->essence());
  for (const std::string_view name : {"charset", "q"}) {
    const auto value = type->parameter(name);
    if (!value) continue;
    std::string quoted;
    for (const char c : *value) (quoted += '\\') += c;
    const auto written =
        http::MediaType::parse(type->essence() + ";" + std::string(name) + "=\"" + quoted + "\"");
    require(written && written->parameter(name) == *value);
  }
}

void check_accept(std::string_view text) {
  for (const std::string_view essence : essences) {
    const std::string lower = base::to_lower(text);
    const bool is_allowed = http::accepts(text, essence);
    const bool is_named =
        lower.find(essence) != std::string::npos || lower.find("/*") != std::string::npos;
    require(is_named || !is_allowed);
    // In front of everything else, where no open quote can swallow it.
    require(http::accepts(std::string(essence) + "," + std::string(text), essence));
    require(!http::accepts(std::string(essence) + ";q=0.000", essence));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_type(text);
  check_accept(text);
  return 0;
}
