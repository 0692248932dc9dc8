#pragma once
// What a route says about the requests it wants, as written in the file (agentgateway's `matches`).

#include <optional>
#include <string>
#include <vector>

#include "schema/schema.h"

namespace config {

// Exactly one of the three.
struct PathMatch {
  std::optional<std::string> exact;
  std::optional<std::string> path_prefix;  // whole segments: /a matches /a and /a/b, not /ab
  std::optional<std::string> regex;        // matches the whole path
  bool operator==(const PathMatch&) const = default;
};

// Exactly one of the two.
struct TextMatch {
  std::optional<std::string> exact;
  std::optional<std::string> regex;  // matches the whole text
  bool operator==(const TextMatch&) const = default;
};

struct NamedMatch {
  std::string name;
  TextMatch value;
  bool operator==(const NamedMatch&) const = default;
};

struct RouteMatch {
  PathMatch path{.exact = std::nullopt, .path_prefix = "/", .regex = std::nullopt};
  std::optional<std::string> method;
  std::vector<NamedMatch> headers;
  std::vector<NamedMatch> query;
  bool operator==(const RouteMatch&) const = default;
};

void describe(schema::Object<PathMatch>& o);
void describe(schema::Object<TextMatch>& o);
void describe(schema::Object<NamedMatch>& o);
void describe(schema::Object<RouteMatch>& o);

}  // namespace config
