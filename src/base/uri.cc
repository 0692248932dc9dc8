#include "base/uri.h"

#include <algorithm>
#include <array>

namespace {

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool is_unreserved(char c) {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

enum : std::uint8_t { in_path = 1, in_query = 2, in_host = 4 };

// RFC 3986: pchar and '/' in paths. Browsers leave more unescaped in queries; what stays out there
// are the characters that end or split a request line or an attribute when they are printed
// somewhere.
constexpr std::array<std::uint8_t, 256> make_places() {
  std::array<std::uint8_t, 256> places{};
  for (int byte = 0x21; byte < 0x7f; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_sub_delimiter = std::string_view("!$&'()*+,;=").find(c) != std::string_view::npos;
    std::uint8_t& place = places[static_cast<std::size_t>(byte)];
    if (is_unreserved(c) || is_sub_delimiter || c == ':' || c == '@' || c == '/') place |= in_path;
    if (std::string_view("\"<>#%").find(c) == std::string_view::npos) place |= in_query;
    if (is_unreserved(c)) place |= in_host;
  }
  return places;
}
constexpr std::array<std::uint8_t, 256> places = make_places();

bool is_allowed(char c, std::uint8_t place) {
  return (places[static_cast<unsigned char>(c)] & place) != 0;
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

// The escapes and characters of one part; false if one is not allowed there.
bool is_valid_part(std::string_view part, std::uint8_t place) {
  for (std::size_t at = 0; at < part.size(); ++at) {
    if (is_allowed(part[at], place)) continue;
    if (part[at] != '%' || part.size() - at < 3) return false;
    if (hex_value(part[at + 1]) < 0 || hex_value(part[at + 2]) < 0) return false;
    at += 2;
  }
  return true;
}

bool is_ipv4_tail(std::string_view text) {
  int parts = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (part.empty() || part.size() > 3) return false;
    int value = 0;
    for (const char c : part) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    if (value > 255) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    text.remove_prefix(dot + 1);
  }
}

// How many groups of up to four digits stand between the colons; an IPv4 address at the very end,
// if it may stand there, counts as two. Nothing if there is anything else.
std::optional<int> ipv6_groups(std::string_view text, bool may_end_with_ipv4) {
  int groups = 0;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    const bool is_last = colon == std::string_view::npos;
    if (is_last && may_end_with_ipv4 && is_ipv4_tail(group)) return groups + 2;
    const bool is_hex =
        std::all_of(group.begin(), group.end(), [](char c) { return hex_value(c) >= 0; });
    if (group.empty() || group.size() > 4 || !is_hex) return std::nullopt;
    ++groups;
    if (is_last) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;
  }
  return groups;
}

// RFC 3986, 3.2.2: eight groups, or fewer with one "::" for the missing ones.
bool is_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return ipv6_groups(text, true) == 8;
  const auto before = ipv6_groups(text.substr(0, gap), false);
  const auto after = ipv6_groups(text.substr(gap + 2), true);
  return before && after && *before + *after <= 7;
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 255) return false;
  if (host.front() == '[') {
    return host.size() > 2 && host.back() == ']' && is_ipv6(host.substr(1, host.size() - 2));
  }
  if (!std::all_of(host.begin(), host.end(), [](char c) { return is_allowed(c, in_host); })) {
    return false;
  }
  return host.front() != '.' && host.find("..") == std::string_view::npos;
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

// Where the host of an authority ends.
std::size_t host_size(std::string_view text) {
  const bool is_address = !text.empty() && text.front() == '[';
  const std::size_t end = text.find(is_address ? ']' : ':');
  if (end == std::string_view::npos) return text.size();
  return is_address ? end + 1 : end;
}

// The port behind the host, if that is what stands there.
std::optional<std::uint16_t> port_after(std::string_view text, std::size_t host_end) {
  if (text[host_end] != ':') return std::nullopt;
  return port_number(text.substr(host_end + 1));
}

// How many bytes at the start of `text` stand for one character, and which: an escape or a plain
// one.
struct Letter {
  char value;
  std::size_t size;
};
Letter letter_at(std::string_view text, std::size_t at) {
  if (text[at] == '%' && text.size() - at >= 3) {
    const int high = hex_value(text[at + 1]);
    const int low = hex_value(text[at + 2]);
    if (high >= 0 && low >= 0) return {static_cast<char>(high * 16 + low), 3};
  }
  return {text[at], 1};
}

}  // namespace

Result<Authority> Authority::parse(std::string_view text) {
  const std::size_t host_end = host_size(text);
  const std::string_view host = text.substr(0, host_end);
  if (!is_host(host)) return failed(Fault::bad_request, "invalid host name");
  Authority authority;
  if (host_end < text.size()) {
    authority.port_ = port_after(text, host_end);
    if (!authority.port_) return failed(Fault::bad_request, "invalid port");
  }
  authority.host_ = lower(host);
  return authority;
}

bool make_canonical_authority(std::string& text) {
  const std::size_t host_end = host_size(text);
  if (!is_host(std::string_view(text).substr(0, host_end))) return false;
  if (host_end < text.size() && !port_after(text, host_end)) return false;
  if (std::any_of(text.begin(), text.end(), is_upper)) text = lower(text);
  return true;
}

std::string Authority::text() const {
  return port_ ? host_ + ":" + std::to_string(*port_) : host_;
}

Result<Uri> Uri::parse(std::string_view text) {
  Uri uri;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return failed(Fault::bad_request, "not an absolute address");
  uri.scheme_ = lower(text.substr(0, colon));
  if (uri.scheme_ != "http" && uri.scheme_ != "https") {
    return failed(Fault::bad_request, "the scheme is not http or https");
  }
  text.remove_prefix(colon + 3);
  const std::size_t authority_end = std::min(text.find_first_of("/?#"), text.size());
  const std::string_view authority = text.substr(0, authority_end);
  if (authority.find('@') != std::string_view::npos) {
    return failed(Fault::bad_request, "an address has no user or password here");
  }
  TRY(uri.authority_, Authority::parse(authority));
  text.remove_prefix(authority_end);
  if (text.empty() || text.front() != '/') uri.target_ = "/";
  uri.target_ += text;
  if (!is_valid_target(uri.target_)) return failed(Fault::bad_request, "invalid path or query");
  return uri;
}

std::uint16_t Uri::port() const {
  return authority_.port().value_or(static_cast<std::uint16_t>(uses_tls() ? 443 : 80));
}

std::string_view Uri::query() const {
  const std::size_t mark = target_.find('?');
  return mark == std::string::npos ? std::string_view()
                                   : std::string_view(target_).substr(mark + 1);
}

std::string Uri::origin() const {
  const bool is_default = port() == (uses_tls() ? 443 : 80);
  const std::string base = scheme_ + "://" + authority_.host();
  return is_default ? base : base + ":" + std::to_string(port());
}

bool is_valid_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return false;
  const std::size_t mark = target.find('?');
  if (!is_valid_part(target.substr(0, mark), in_path)) return false;
  return mark == std::string_view::npos || is_valid_part(target.substr(mark + 1), in_query);
}

bool has_dot_segment(std::string_view path) {
  // Most paths have nothing that could be or stand for a dot or a NUL.
  const auto is_suspect = [](char c) { return c == '.' || c == '%' || c == '\0'; };
  if (std::none_of(path.begin(), path.end(), is_suspect)) return false;
  std::size_t dots = 0;
  bool only_dots =
      true;  // so far in this segment; parameters after ';' are cut off by some servers
  for (std::size_t at = 0; at < path.size();) {
    const auto [value, size] = letter_at(path, at);
    at += size;
    if (value == '\0') return true;
    if (value == '/' || value == '\\' || value == ';') {
      if (only_dots && (dots == 1 || dots == 2)) return true;
      only_dots = value != ';';
      dots = 0;
    } else if (value == '.') {
      ++dots;
    } else {
      only_dots = false;
    }
  }
  return only_dots && (dots == 1 || dots == 2);
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto [value, size] = letter_at(text, at);
    if (text[at] == '%' && size == 1) return std::nullopt;
    out.push_back(value);
    at += size;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(digits[byte >> 4U]);
    out.push_back(digits[byte & 15U]);
  }
  return out;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  const auto decoded = [](std::string_view part) {
    std::string text(part);
    std::replace(text.begin(), text.end(), '+', ' ');
    return percent_decode(text);
  };
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    if (decoded(pair.substr(0, equals)) != std::string(name)) continue;
    return decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
  }
  return std::nullopt;
}
