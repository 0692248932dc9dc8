// What is accepted has a form of its own that reads back as itself; a path that some reader could
// resolve to another one is noticed.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/uri.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_uri(std::string_view text) {
  const Result<Uri> uri = Uri::parse(text);
  if (!uri) return;
  const Result<Uri> again = Uri::parse(uri->text());
  require(again && *again == *uri && again->text() == uri->text());
  require(is_valid_target(uri->target()) && uri->target().find('#') == std::string::npos);
  require(uri->authority().text().find_first_of("@/\\?# ") == std::string::npos);
  const Result<Uri> origin = Uri::parse(uri->origin());
  require(origin && origin->origin() == uri->origin() && origin->port() == uri->port());
  require(origin->target() == "/");
}

void check_authority(std::string_view text) {
  const Result<Authority> authority = Authority::parse(text);
  std::string canonical(text);
  require(make_canonical_authority(canonical) == authority.has_value());
  if (!authority) return;
  const Result<Authority> again = Authority::parse(authority->text());
  require(again && *again == *authority && again->text() == authority->text());
  std::string twice = canonical;
  require(make_canonical_authority(twice) && twice == canonical);
  require(Authority::parse(canonical) == *authority);
}

// A path as the most generous reader takes it: escapes resolved, backslashes turned, parameters and
// what follows a NUL cut off.
bool has_dots_for_somebody(std::string_view path) {
  const auto decoded = percent_decode(path);
  if (!decoded) return false;
  if (decoded->find('\0') != std::string::npos) return true;
  std::string rest = *decoded + '/';
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of("/\\");
    const std::string segment = rest.substr(0, end);
    const std::string name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return true;
    rest.erase(0, end + 1);
  }
  return false;
}

void check_escapes(std::string_view text) {
  require(percent_decode(percent_encode(text)) == text);
  require(query_value("n=" + percent_encode(text), "n") == std::string(text));
  require(!has_dots_for_somebody(text) || has_dot_segment(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_uri(text);
  check_authority(text);
  check_escapes(text);
  return 0;
}
