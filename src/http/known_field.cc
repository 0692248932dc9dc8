#include "http/known_field.h"

#include <array>
#include <cstddef>

namespace http {
namespace {

struct Name {
  std::string_view name;
  KnownField field = KnownField::none;
};

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

constexpr std::size_t slot_count = 64;

// Size and first letter together settle which name it could be.
constexpr std::size_t slot_of(std::string_view name) {
  return (name.size() * 5 + static_cast<unsigned char>(name.front())) % slot_count;
}

constexpr std::array<Name, slot_count> make_slots() {
  std::array<Name, slot_count> slots{};
  for (const Name& known : names) {
    Name& slot = slots.at(slot_of(known.name));
    if (!slot.name.empty()) throw "two names in one slot";
    slot = known;
  }
  return slots;
}
constexpr std::array<Name, slot_count> slots = make_slots();

}  // namespace

KnownField known_field(std::string_view lower_case_name) {
  if (lower_case_name.empty()) return KnownField::none;
  const Name& known = slots[slot_of(lower_case_name)];
  if (known.name == lower_case_name) return known.field;
  const bool is_mcp = lower_case_name.front() == 'm' && lower_case_name.starts_with("mcp-");
  return is_mcp ? KnownField::mcp : KnownField::none;
}

}  // namespace http
