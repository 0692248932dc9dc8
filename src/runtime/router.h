#pragma once
// Finds the route of a request, with agentgateway's precedence: the most specific host name first
// (exact, then the longest wildcard, then any), within it the kind of the path match (exact,
// prefix, regex), the length of the path, a method, the number of headers, the number of query
// parameters, and at last the order in the file. Pure and immutable; the order is worked out when
// it is built.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cel/pattern.h"
#include "config/route.h"
#include "http/message.h"

namespace runtime {

// A host name as routes and listeners write it: "a.example", "*.example" or "*" / empty for any.
class HostPattern {
 public:
  explicit HostPattern(std::string_view text);

  // `host` without its port; ASCII letters compare without case.
  bool matches(std::string_view host) const;
  // Exact names come before wildcards, longer wildcards before shorter ones; any name is 0.
  std::size_t specificity() const;

 private:
  std::string suffix_;  // lower-case; of a wildcard with its leading dot
  bool is_wildcard_ = false;
};

// The host of an authority: without port, brackets of an IPv6 address kept off.
std::string_view host_of(std::string_view authority);

class Matcher {
 public:
  // Fails if a pattern does not compile.
  static Result<Matcher> make(const config::RouteMatch& match);

  bool matches(const http::Request& request) const;
  // Whether this match is asked before the other one, host names apart.
  bool goes_before(const Matcher& other) const;

 private:
  enum class PathKind { exact, prefix, regex };  // in the order of precedence
  struct Named {
    std::string name;
    std::string exact;
    std::optional<cel::Pattern> pattern;
    bool accepts(std::string_view value) const;
  };
  Matcher() = default;
  static Result<Named> make_named(const config::NamedMatch& match);
  bool matches_path(std::string_view path) const;
  bool matches_headers(const http::Request& request) const;
  bool matches_query(std::string_view query) const;

  PathKind path_kind_ = PathKind::prefix;
  std::string path_;
  std::optional<cel::Pattern> path_pattern_;
  std::optional<std::string> method_;
  std::vector<Named> headers_;
  std::vector<Named> query_;
};

class Router {
 public:
  // `route` is the caller's number for the route; no host names mean any, no matches mean every
  // path. Fails if a pattern does not compile.
  Result<> add(std::size_t route, const std::vector<std::string>& hostnames,
               const std::vector<config::RouteMatch>& matches);
  // To be called once, after the last add().
  void finish();

  // The number of the route that takes the request, if one does.
  std::optional<std::size_t> find(const http::Request& request) const;

 private:
  struct Entry {
    HostPattern host;
    Matcher matcher;
    std::size_t route;
    std::size_t order;  // in the file
  };
  std::vector<Entry> entries_;
};

}  // namespace runtime
