#include "auth/location.h"

#include <algorithm>

#include "base/text.h"
#include "base/uri.h"

namespace auth {
namespace {

using Kind = Credential::Kind;

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return base::is_alnum(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// As application/x-www-form-urlencoded: '+' is a space. Nothing if an escape is malformed.
std::optional<std::string> form_decode(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

// A name whose escapes are malformed is nobody's.
bool is_named(std::string_view parameter, std::string_view name) {
  const std::string_view raw = parameter.substr(0, parameter.find('='));
  return raw == name || form_decode(raw) == name;
}

std::string_view after_equals(std::string_view pair) {
  const std::size_t equals = pair.find('=');
  return equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
}

std::string_view cookie_name(std::string_view pair) {
  return base::trim(pair.substr(0, pair.find('=')));
}

// Only what RFC 6265, 4.1.1 lets a server set is understood; quotes belong to the value's form.
std::string_view cookie_value(std::string_view pair) {
  std::string_view value = base::trim(after_equals(pair));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

Credential read_header(const http::Headers& headers, const Location& location) {
  const auto field = headers.find(location.name);
  if (!field) return Credential();
  if (headers.count(location.name) > 1) return Credential(Kind::malformed);
  const std::string_view value = base::trim(*field);
  // The prefix's own space may be missing at the end of a field that holds nothing else.
  const std::string_view scheme = base::trim(location.prefix);
  if (!base::starts_with_ignoring_case(value, scheme)) return Credential(Kind::other_scheme);
  if (value.size() == scheme.size()) return Credential(Kind::malformed);
  if (!base::starts_with_ignoring_case(value, location.prefix)) {
    return Credential(Kind::other_scheme);
  }
  const std::string_view rest = base::trim(value.substr(location.prefix.size()));
  return rest.empty() ? Credential(Kind::malformed) : Credential(std::string(rest));
}

Credential read_query(std::string_view query, const Location& location) {
  Credential found;
  if (query.empty()) return found;
  for (const std::string_view parameter : base::split(query, '&')) {
    if (!is_named(parameter, location.name)) continue;
    if (found.kind != Kind::none) return Credential(Kind::malformed);
    const auto value = form_decode(after_equals(parameter));
    if (!value || value->empty()) {
      found = Credential(Kind::malformed);
    } else {
      found = Credential(*value);
    }
  }
  return found;
}

Credential read_cookie(const http::Headers& headers, const Location& location) {
  Credential found;
  for (const std::string_view field : headers.all("cookie")) {
    for (const std::string_view pair : base::split(field, ';')) {
      if (cookie_name(pair) != location.name) continue;
      if (found.kind != Kind::none) return Credential(Kind::malformed);
      const std::string_view value = cookie_value(pair);
      found = value.empty() ? Credential(Kind::malformed) : Credential(std::string(value));
    }
  }
  return found;
}

// The parts that are to stay, joined as they were.
template <class Predicate>
std::string without(std::string_view text, char separator, Predicate is_unwanted) {
  std::string kept;
  bool is_first = true;
  for (const std::string_view part : base::split(text, separator)) {
    if (is_unwanted(part)) continue;
    if (!is_first) kept += separator;
    kept += part;
    is_first = false;
  }
  return kept;
}

template <class Predicate>
void cut_query(http::Request& request, Predicate is_unwanted) {
  const std::size_t mark = request.target.find('?');
  if (mark == std::string::npos) return;
  const std::string_view query = request.query();
  const auto parameters = base::split(query, '&');
  if (std::ranges::none_of(parameters, is_unwanted)) return;
  std::string kept = without(query, '&', is_unwanted);
  request.target.resize(mark);
  if (!kept.empty()) request.target += "?" + kept;
}

template <class Predicate>
void cut_cookies(http::Headers& headers, Predicate is_unwanted) {
  std::vector<std::string> kept;
  bool has_changed = false;
  for (const std::string_view field : headers.all("cookie")) {
    std::string left(base::trim(without(field, ';', is_unwanted)));
    has_changed = has_changed || left != base::trim(field);
    if (!left.empty()) kept.push_back(std::move(left));
  }
  if (!has_changed) return;
  headers.remove("cookie");
  for (const std::string& field : kept) headers.add("cookie", field);
}

Result<> write_query(http::Request& request, const Location& location, std::string_view value) {
  remove(request, location);
  request.target += request.target.find('?') == std::string::npos ? '?' : '&';
  request.target += percent_encode(location.name) + "=" + percent_encode(value);
  return {};
}

// RFC 6265, 4.1.1: cookie-octet.
bool is_cookie_value(std::string_view text) {
  return is_visible(text) && text.find_first_of("\",;\\") == std::string_view::npos;
}

Result<> write_cookie(http::Request& request, const Location& location, std::string_view value) {
  if (!is_cookie_value(value)) {
    return failed(Fault::bad_request, "the credential has characters that no cookie can hold");
  }
  remove(request, location);
  const std::string pair = location.name + "=" + std::string(value);
  const auto before = request.headers.find("cookie");
  const std::string field = before ? std::string(*before) + "; " + pair : pair;
  request.headers.set("cookie", field);
  return {};
}

}  // namespace

Location Location::header(std::string_view name, std::string_view prefix) {
  Location made;
  made.kind = Kind::header;
  made.name = base::to_lower(name);
  made.prefix = prefix;
  return made;
}

Location Location::query_parameter(std::string_view name) {
  Location made;
  made.kind = Kind::query_parameter;
  made.name = name;
  return made;
}

Location Location::cookie(std::string_view name) {
  Location made;
  made.kind = Kind::cookie;
  made.name = name;
  return made;
}

std::string fault_of(const Location& location) {
  if (location.name.empty()) return "give a name";
  if (location.kind == Location::Kind::query_parameter) return "";
  if (!is_token(location.name)) return "`" + location.name + "` is no valid name";
  constexpr std::string_view unfit[] = {
      "cookie",     "host", "content-length", "content-type", "upgrade",
      "connection", "te",   "trailer",        "expect",       "transfer-encoding"};
  if (location.kind == Location::Kind::header &&
      std::ranges::find(unfit, location.name) != std::end(unfit)) {
    return "`" + location.name + "` cannot hold a credential of its own";
  }
  const bool is_text =
      std::ranges::all_of(location.prefix, [](char c) { return c >= ' ' && c <= '~'; });
  return is_text ? "" : "the prefix must be printable ASCII";
}

Credential read(const http::Request& request, const Location& location) {
  switch (location.kind) {
    case Location::Kind::header:
      return read_header(request.headers, location);
    case Location::Kind::query_parameter:
      return read_query(request.query(), location);
    case Location::Kind::cookie:
      return read_cookie(request.headers, location);
  }
  return Credential(Kind::malformed);
}

void remove(http::Request& request, const Location& location) {
  switch (location.kind) {
    case Location::Kind::header:
      request.headers.remove(location.name);
      return;
    case Location::Kind::query_parameter:
      cut_query(request,
                [&](std::string_view parameter) { return is_named(parameter, location.name); });
      return;
    case Location::Kind::cookie:
      cut_cookies(request.headers,
                  [&](std::string_view pair) { return cookie_name(pair) == location.name; });
      return;
  }
}

void remove_text(http::Request& request, std::string_view text) {
  if (text.empty()) return;
  const std::string kept(text);  // the text may be a view into the request
  cut_query(request, [&](std::string_view parameter) {
    const auto decoded = form_decode(parameter);
    return parameter.find(kept) != std::string_view::npos ||
           (decoded && decoded->find(kept) != std::string::npos);
  });
  cut_cookies(request.headers,
              [&](std::string_view pair) { return pair.find(kept) != std::string_view::npos; });
  request.headers.remove_if(
      [&](const http::Field& field) { return field.value.find(kept) != std::string_view::npos; });
}

Result<> write(http::Request& request, const Location& location, std::string_view credential) {
  switch (location.kind) {
    case Location::Kind::header: {
      const bool fits = std::ranges::all_of(
          credential, [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
      if (!fits || credential.empty()) {
        return failed(Fault::bad_request, "the credential has characters that no field can hold");
      }
      request.headers.set(location.name, location.prefix + std::string(credential));
      return {};
    }
    case Location::Kind::query_parameter:
      return write_query(request, location, credential);
    case Location::Kind::cookie:
      return write_cookie(request, location, credential);
  }
  return failed(Fault::internal, "unknown location");
}

}  // namespace auth
