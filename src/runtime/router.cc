#include "runtime/router.h"

#include <algorithm>

#include "base/text.h"
#include "base/uri.h"

namespace runtime {

HostPattern::HostPattern(std::string_view text) {
  if (text.empty() || text == "*") {
    is_wildcard_ = true;
    return;
  }
  is_wildcard_ = text.starts_with("*.");
  suffix_ = base::to_lower(is_wildcard_ ? text.substr(1) : text);
}

bool HostPattern::matches(std::string_view host) const {
  if (!is_wildcard_) return base::equal_ignoring_case(host, suffix_);
  if (suffix_.empty()) return true;
  return host.size() > suffix_.size() &&
         base::equal_ignoring_case(host.substr(host.size() - suffix_.size()), suffix_);
}

std::size_t HostPattern::specificity() const {
  constexpr std::size_t above_every_wildcard = 1'000;  // a host name has at most 253 characters
  return is_wildcard_ ? suffix_.size() : above_every_wildcard + suffix_.size();
}

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? authority : authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.find(':'));
}

bool Matcher::Named::accepts(std::string_view value) const {
  return pattern ? pattern->matches_whole(value) : value == exact;
}

Result<Matcher::Named> Matcher::make_named(const config::NamedMatch& match) {
  Named named;
  named.name = match.name;
  if (match.value.regex) {
    TRY(auto pattern, cel::Pattern::make(*match.value.regex));
    named.pattern = std::move(pattern);
  } else {
    named.exact = match.value.exact.value_or("");
  }
  return named;
}

Result<Matcher> Matcher::make(const config::RouteMatch& match) {
  Matcher matcher;
  if (match.path.regex) {
    matcher.path_kind_ = PathKind::regex;
    matcher.path_ = *match.path.regex;
    TRY(auto pattern, cel::Pattern::make(matcher.path_));
    matcher.path_pattern_ = std::move(pattern);
  } else if (match.path.exact) {
    matcher.path_kind_ = PathKind::exact;
    matcher.path_ = *match.path.exact;
  } else {
    matcher.path_ = match.path.path_prefix.value_or("/");
    // "/a/" and "/a" say the same: whole segments are compared.
    if (matcher.path_.size() > 1 && matcher.path_.ends_with('/')) matcher.path_.pop_back();
  }
  matcher.method_ = match.method;
  for (const config::NamedMatch& header : match.headers) {
    TRY(auto named, make_named(header));
    named.name = base::to_lower(named.name);
    matcher.headers_.push_back(std::move(named));
  }
  for (const config::NamedMatch& parameter : match.query) {
    TRY(auto named, make_named(parameter));
    matcher.query_.push_back(std::move(named));
  }
  return matcher;
}

bool Matcher::matches_path(std::string_view path) const {
  switch (path_kind_) {
    case PathKind::exact:
      return path == path_;
    case PathKind::regex:
      return path_pattern_->matches_whole(path);
    case PathKind::prefix:
      break;
  }
  if (path_ == "/") return true;
  return path.starts_with(path_) && (path.size() == path_.size() || path[path_.size()] == '/');
}

bool Matcher::matches_headers(const http::Request& request) const {
  return std::all_of(headers_.begin(), headers_.end(), [&](const Named& wanted) {
    if (wanted.name == ":method") return wanted.accepts(request.method);
    if (wanted.name == ":authority") return wanted.accepts(request.authority);
    // A repeated header has no one value; a rule about it must not be satisfied by one of several.
    if (request.headers.count(wanted.name) != 1) return false;
    return wanted.accepts(*request.headers.find(wanted.name));
  });
}

bool Matcher::matches_query(std::string_view query) const {
  if (query_.empty()) return true;
  const std::vector<std::string_view> parameters = base::split(query, '&');
  return std::all_of(query_.begin(), query_.end(), [&](const Named& wanted) {
    // agentgateway: of a repeated parameter the last one counts.
    for (auto parameter = parameters.rbegin(); parameter != parameters.rend(); ++parameter) {
      const std::optional<std::string> value = query_value(*parameter, wanted.name);
      if (value) return wanted.accepts(*value);
    }
    return false;
  });
}

bool Matcher::matches(const http::Request& request) const {
  if (method_ && request.method != *method_) return false;
  return matches_path(request.path()) && matches_headers(request) && matches_query(request.query());
}

bool Matcher::goes_before(const Matcher& other) const {
  if (path_kind_ != other.path_kind_) return path_kind_ < other.path_kind_;
  if (path_.size() != other.path_.size()) return path_.size() > other.path_.size();
  if (method_.has_value() != other.method_.has_value()) return method_.has_value();
  if (headers_.size() != other.headers_.size()) return headers_.size() > other.headers_.size();
  return query_.size() > other.query_.size();
}

Result<> Router::add(std::size_t route, const std::vector<std::string>& hostnames,
                     const std::vector<config::RouteMatch>& matches) {
  const std::vector<std::string> any_host = {""};
  const std::vector<config::RouteMatch> any_path = {config::RouteMatch()};
  for (const std::string& hostname : hostnames.empty() ? any_host : hostnames) {
    for (const config::RouteMatch& match : matches.empty() ? any_path : matches) {
      TRY(auto matcher, Matcher::make(match));
      entries_.push_back(Entry{HostPattern(hostname), std::move(matcher), route, entries_.size()});
    }
  }
  return {};
}

void Router::finish() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    if (a.host.specificity() != b.host.specificity()) {
      return a.host.specificity() > b.host.specificity();
    }
    if (a.matcher.goes_before(b.matcher)) return true;
    return !b.matcher.goes_before(a.matcher) && a.order < b.order;
  });
}

std::optional<std::size_t> Router::find(const http::Request& request) const {
  const std::string_view host = host_of(request.authority);
  for (const Entry& entry : entries_) {
    if (entry.host.matches(host) && entry.matcher.matches(request)) return entry.route;
  }
  return std::nullopt;
}

}  // namespace runtime
