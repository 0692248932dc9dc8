#pragma once
// The fields that the wire itself knows by name. Which one a field is is worked out once, when it
// is read or added; afterwards that is a number, and a set of fields is a word of bits.

#include <cstdint>
#include <string_view>

namespace http {

enum class KnownField : std::uint8_t {
  none,  // any other field
  te,
  host,
  expect,
  origin,
  alt_svc,
  trailer,
  upgrade,
  connection,
  keep_alive,
  content_type,
  authorization,
  content_length,
  http2_settings,
  proxy_connection,
  transfer_encoding,
  proxy_authenticate,
  proxy_authorization,
  proxy_authentication_info,
  mcp,  // any name that begins with "mcp-"
};

// A set of known fields, a bit for each.
using KnownFields = std::uint32_t;

template <class... Fields>
constexpr KnownFields set_of(Fields... fields) {
  return ((KnownFields{1} << static_cast<unsigned>(fields)) | ... | KnownFields{0});
}
constexpr bool is_in(KnownFields set, KnownField field) {
  return (set & set_of(field)) != 0;
}

// Which one a name in lower case is.
KnownField known_field(std::string_view lower_case_name);

// Fields that belong to one connection (RFC 9110, 7.6.1), with the proxy's own credentials.
constexpr KnownFields hop_by_hop_fields =
    set_of(KnownField::connection, KnownField::keep_alive, KnownField::proxy_authenticate,
           KnownField::proxy_authorization, KnownField::te, KnownField::proxy_connection,
           KnownField::trailer, KnownField::transfer_encoding, KnownField::upgrade,
           KnownField::http2_settings, KnownField::proxy_authentication_info);
// Fields that decide things, of which there must be one only.
constexpr KnownFields single_fields = set_of(
    KnownField::authorization, KnownField::host, KnownField::content_length,
    KnownField::content_type, KnownField::transfer_encoding, KnownField::origin, KnownField::mcp);

}  // namespace http
