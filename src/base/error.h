#pragma once
// What can go wrong, as a caller may act on it. One closed list: gateway/refuse.cc maps each Fault
// to an HTTP status, a JSON-RPC code, the client's text, the metric label and the log level, and no
// other file knows a status code for an error. `why` is for operators and is never sent to a
// client.

#include <string>
#include <string_view>

enum class Fault {
  bad_request,
  unauthenticated,
  forbidden,
  not_found,
  conflict,
  too_large,
  too_many,
  unavailable,
  upstream_failed,
  timed_out,
  cancelled,
  internal,
};

// The enumerator's spelling, for logs and metric labels.
std::string_view name_of(Fault fault);

// A class with a constructor, not an aggregate: g++ 12 miscompiles aggregates in co_await
// expressions.
class Error {
 public:
  Error(Fault fault, std::string why) : fault_(fault), why_(std::move(why)) {}

  Fault fault() const { return fault_; }
  const std::string& why() const { return why_; }

  // The same error with its context in front: within("reading jwks") says "reading jwks: <why>".
  Error within(std::string_view doing) && {
    why_.insert(0, std::string(doing) + ": ");
    return std::move(*this);
  }

  bool operator==(const Error&) const = default;

 private:
  Fault fault_;
  std::string why_;
};
