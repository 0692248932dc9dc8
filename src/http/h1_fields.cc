#include <algorithm>
#include <cstring>

#include "http/h1_read.h"
#include "http/header_rules.h"

namespace http {

namespace {

constexpr std::uint64_t length_max = std::uint64_t{1} << 62U;

}  // namespace

WireFault FieldReader::take(std::string_view line) {
  if (headers.size() >= fields_allowed_) return {431, "too many header fields"};
  // The line is made in its place: its name in lower case, one space after the colon, no white
  // space at its end.
  constexpr std::size_t added = 3;  // that space, if there was none, and the line's end
  FieldText& text = headers.text_;
  const std::size_t at = text.size();
  char* const made = text.room_for(line.size() + added);
  std::memcpy(made, line.data(), line.size());
  const TokenStart name = lower_token_start(made, line.size());
  const std::size_t size = name.size;
  // RFC 9112, 5.2: a line that starts with white space would continue the one before it (obs-fold),
  // and no space may stand before the colon. Neither is a token, so both end here.
  if (size == 0 || size == line.size() || line[size] != ':') return {400, "invalid header field"};
  if (name.has_underscore && is_disguised({made, size})) {
    return {400, "a field name that some servers take for another one"};
  }
  const std::string_view value = trim(line.substr(size + 1));
  const std::size_t value_at = size + 2;
  made[size + 1] = ' ';  // where a tab may have stood
  if (value.data() != line.data() + value_at) {
    std::memcpy(made + value_at, value.data(), value.size());
  }
  const std::size_t end = value_at + value.size();
  made[end] = '\r';
  made[end + 1] = '\n';
  text.extend(end + 2);
  const KnownField known = known_field({made, size});
  // White space there may be tabs (RFC 9110, 5.6.3), but not every reader takes them after a
  // number.
  if (known == KnownField::content_length && line.find('\t') != std::string_view::npos) {
    return {400, "invalid Content-Length"};
  }
  const WireFault fault = take_value(known, {made, size}, {made + value_at, value.size()});
  headers.spans_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size),
                            static_cast<std::uint32_t>(value.size()), known});
  headers.seen_ |= set_of(known);
  return fault;
}

// Whether a field of that kind was there before the one that is being taken.
bool FieldReader::has_had(KnownField known) const {
  return headers.may_have_any(set_of(known));
}

// What the field means for the connection.
WireFault FieldReader::take_value(KnownField known, std::string_view name, std::string_view value) {
  const WireFault repeated(400, "a field that must be single is repeated");
  switch (known) {
    case KnownField::host:
      if (of_ == Of::response) return {};
      host_index = headers.size();
      return has_had(known) ? repeated : WireFault();
    case KnownField::origin:
    case KnownField::content_type:
    case KnownField::authorization:
      return has_had(known) ? repeated : WireFault();
    case KnownField::mcp:
      return has_had(known) && headers.has(name) ? repeated : WireFault();
    case KnownField::content_length:
      return take_length(value);
    case KnownField::transfer_encoding:
      return take_coding(value);
    case KnownField::connection:
      take_connection(value);
      return {};
    case KnownField::expect:
      has_expect = true;
      expects_continue = equals_lower(value, "100-continue");
      return {};
    default:
      return {};
  }
}

// RFC 9110, 8.6: digits and nothing else. A list, even of equal numbers, and leading zeros are
// refused.
WireFault FieldReader::take_length(std::string_view value) {
  if (has_had(KnownField::content_length)) return {400, "repeated Content-Length"};
  if (value.empty() || (value.size() > 1 && value[0] == '0')) {
    return {400, "invalid Content-Length"};
  }
  if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return {400, "invalid Content-Length"};
  }
  std::uint64_t length = 0;
  for (const char digit : value) {
    length = length * 10 + static_cast<std::uint64_t>(digit - '0');
    if (length > length_max / 16) return {413, "Content-Length beyond any limit"};
  }
  content_length = length;
  return {};
}

WireFault FieldReader::take_coding(std::string_view value) {
  if (has_had(KnownField::transfer_encoding)) return {400, "repeated Transfer-Encoding"};
  has_transfer_encoding = true;
  is_chunked = equals_lower(value, "chunked");
  return {};
}

void FieldReader::take_connection(std::string_view value) {
  each_element(value, [this](std::string_view option) {
    if (equals_lower(option, "close")) says_close = true;
    if (equals_lower(option, "keep-alive")) says_keep_alive = true;
  });
}

// RFC 9112, 6.1 and 6.3. Both framings together are refused, which is stricter than it asks.
WireFault FieldReader::check_framing(int minor_version) const {
  if (!has_transfer_encoding) return {};
  if (content_length) return {400, "Content-Length together with Transfer-Encoding"};
  if (minor_version == 0) return {400, "Transfer-Encoding in HTTP/1.0"};
  if (!is_chunked) return {501, "unknown transfer coding"};
  return {};
}

}  // namespace http
