#pragma once
// What is wrong with a configuration, all of it at once, in the one form that log, admin API, UI
// and command line show.

#include <string>
#include <vector>

#include "yaml/node.h"
#include "yaml/read.h"

namespace schema {

enum class Severity { error, warning };

struct Problem {
  Severity severity = Severity::error;
  yaml::Position at;
  std::string path;        // routes[0].policies.jwtAuth; empty for the whole file
  std::string message;     // unknown field `issuers`
  std::string suggestion;  // issuer; printed as ", did you mean `issuer`?"
  bool is_secret = false;  // the source line holds a secret: it is not shown

  bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

// Lines of the source, both included.
struct Lines {
  std::size_t first = 0;
  std::size_t last = 0;
};

// Problems on these lines will be shown without them.
void hide_lines(Problems& problems, const std::vector<Lines>& lines);

bool has_errors(const Problems& problems);
// By position; problems of one place keep their order.
void sort(Problems& problems);
Problem problem_of(const yaml::Mistake& mistake);

// The message with its suggestion, without place.
std::string text_of(const Problem& problem);
// gateway.yaml:14:9: routes[0].policies.jwtAuth: unknown field `issuers`, did you mean `issuer`?
//         issuers: [...]
//         ^
std::string render(const Problem& problem, const yaml::Source& source);
// All of them, one after the other, each ending with a line feed.
std::string render(const Problems& problems, const yaml::Source& source);

}  // namespace schema
