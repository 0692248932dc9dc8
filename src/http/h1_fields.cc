#include <algorithm>

#include "http/h1_read.h"
#include "http/header_rules.h"

namespace http {

namespace {

enum Seen : std::uint32_t {
  seen_host = 1,
  seen_length = 2,
  seen_coding = 4,
  seen_type = 8,
  seen_authorization = 16,
  seen_origin = 32,
};

constexpr std::uint64_t length_max = std::uint64_t{1} << 62U;

}  // namespace

// Turns the name at the start of `line`, which ends with a NUL, into lower case and says how long
// it is.
std::size_t FieldReader::take_name(char* line) {
  std::size_t at = 0;
  while (const char folded = lower_token(line[at])) line[at++] = folded;
  return at;
}

WireFault FieldReader::take(std::string_view line) {
  if (headers.size() >= fields_allowed_) return {431, "too many header fields"};
  const std::size_t name_at = headers.text_.size();
  headers.text_.append(line);
  const std::size_t size = take_name(headers.text_.data() + name_at);
  // RFC 9112, 5.2: a line that starts with white space would continue the one before it (obs-fold),
  // and no space may stand before the colon. Neither is a token, so both end here.
  if (size == 0 || size == line.size() || line[size] != ':') return {400, "invalid header field"};
  const std::string_view value = trim(line.substr(size + 1));
  const std::size_t value_at = name_at + static_cast<std::size_t>(value.data() - line.data());
  const std::string_view name = std::string_view(headers.text_).substr(name_at, size);
  if (is_disguised(name)) {
    return {400, "a field name that some servers take for another one"};
  }
  // White space there may be tabs (RFC 9110, 5.6.3), but not every reader takes them after a
  // number.
  if (name == "content-length" && line.find('\t') != std::string_view::npos) {
    return {400, "invalid Content-Length"};
  }
  const WireFault fault = take_value(name, value);
  headers.spans_.push_back({static_cast<std::uint32_t>(name_at), static_cast<std::uint32_t>(size),
                            static_cast<std::uint32_t>(value_at),
                            static_cast<std::uint32_t>(value.size())});
  return fault;
}

bool FieldReader::is_first(std::uint32_t flag) {
  const bool is_new = (seen_ & flag) == 0;
  seen_ |= flag;
  return is_new;
}

// Whether this is a second copy of a field that decides something.
bool FieldReader::is_repeated(std::string_view name) {
  switch (name.size()) {
    case 6:
      return name == "origin" && !is_first(seen_origin);
    case 12:
      return name == "content-type" && !is_first(seen_type);
    case 13:
      return name == "authorization" && !is_first(seen_authorization);
    default:
      break;
  }
  return name.starts_with("mcp-") && headers.has(name);
}

// What the field means for the connection. The sizes settle it for almost every name.
WireFault FieldReader::take_value(std::string_view name, std::string_view value) {
  const WireFault repeated(400, "a field that must be single is repeated");
  if (is_repeated(name)) return repeated;
  if (name.size() == 4 && name == "host" && of_ == Of::request) {
    host_index = headers.size();
    return is_first(seen_host) ? WireFault() : repeated;
  }
  if (name.size() == 14 && name == "content-length") return take_length(value);
  if (name.size() == 17 && name == "transfer-encoding") return take_coding(value);
  if (name.size() == 10 && name == "connection") take_connection(value);
  if (name.size() == 6 && name == "expect") {
    has_expect = true;
    expects_continue = equals_lower(value, "100-continue");
  }
  return {};
}

// RFC 9110, 8.6: digits and nothing else. A list, even of equal numbers, and leading zeros are
// refused.
WireFault FieldReader::take_length(std::string_view value) {
  if (!is_first(seen_length)) return {400, "repeated Content-Length"};
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
  if (!is_first(seen_coding)) return {400, "repeated Transfer-Encoding"};
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
