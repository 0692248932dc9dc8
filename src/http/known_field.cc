#include "http/known_field.h"

#include <array>
#include <cstddef>

namespace http {
namespace {

struct Name {
  std::string_view name;
  KnownField field;
};

// By size, which settles nearly all look-ups.
constexpr std::array<Name, 18> names = {{
    {"te", KnownField::te},
    {"host", KnownField::host},
    {"expect", KnownField::expect},
    {"origin", KnownField::origin},
    {"alt-svc", KnownField::alt_svc},
    {"trailer", KnownField::trailer},
    {"upgrade", KnownField::upgrade},
    {"connection", KnownField::connection},
    {"keep-alive", KnownField::keep_alive},
    {"content-type", KnownField::content_type},
    {"authorization", KnownField::authorization},
    {"content-length", KnownField::content_length},
    {"http2-settings", KnownField::http2_settings},
    {"proxy-connection", KnownField::proxy_connection},
    {"transfer-encoding", KnownField::transfer_encoding},
    {"proxy-authenticate", KnownField::proxy_authenticate},
    {"proxy-authorization", KnownField::proxy_authorization},
    {"proxy-authentication-info", KnownField::proxy_authentication_info},
}};

constexpr std::size_t size_max = 25;

// Where the names of each size begin; those of the next size are their end.
constexpr std::array<std::uint8_t, size_max + 2> make_first_of_size() {
  std::array<std::uint8_t, size_max + 2> first{};
  for (std::size_t size = 0; size < first.size(); ++size) {
    while (first.at(size) < names.size() && names.at(first.at(size)).name.size() < size) {
      ++first.at(size);
    }
  }
  return first;
}
constexpr std::array<std::uint8_t, size_max + 2> first_of_size = make_first_of_size();
static_assert(first_of_size.back() == names.size());

}  // namespace

KnownField known_field(std::string_view lower_case_name) {
  const std::size_t size = lower_case_name.size();
  if (size == 0) return KnownField::none;
  if (size <= size_max) {
    for (std::size_t at = first_of_size[size]; at < first_of_size[size + 1]; ++at) {
      const Name& known = names[at];
      if (known.name.front() == lower_case_name.front() && known.name == lower_case_name) {
        return known.field;
      }
    }
  }
  return lower_case_name.starts_with("mcp-") ? KnownField::mcp : KnownField::none;
}

}  // namespace http
