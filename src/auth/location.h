#pragma once
// Where in a request a credential is: a header field, a query parameter or a cookie. It is read
// there, and taken out of the request when it has been judged, so that no upstream sees it. A
// request that brings it twice is malformed: readers differ in which of two they believe, so none
// is.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace auth {

struct Location {
  enum class Kind { header, query_parameter, cookie };

  // `prefix` stands before the credential, is compared without case, and is for headers only.
  static Location header(std::string_view name, std::string_view prefix = {});
  static Location query_parameter(std::string_view name);
  static Location cookie(std::string_view name);
  // `Authorization: Bearer ...`
  static Location bearer() { return header("authorization", "Bearer "); }

  // Whether Authorization is the field.
  bool is_authorization() const { return kind == Kind::header && name == "authorization"; }

  Kind kind = Kind::header;
  std::string name;  // of a header in lower case
  std::string prefix;

  bool operator==(const Location&) const = default;
};

// What is wrong with the name or prefix of a location; empty if nothing is.
std::string fault_of(const Location& location);

// What a request has at a location.
class Credential {
 public:
  enum class Kind {
    none,          // nothing there
    found,         // one, well formed or not is for its judge to say
    malformed,     // several, or none where the prefix promises one
    other_scheme,  // a header without the prefix
  };
  Credential() = default;
  explicit Credential(Kind the_kind) : kind(the_kind) {}
  explicit Credential(std::string the_value) : kind(Kind::found), value(std::move(the_value)) {}

  Kind kind = Kind::none;
  std::string value;  // decoded, without its prefix; of Kind::found only
};

Credential read(const http::Request& request, const Location& location);

// Takes every occurrence out of the request: the fields of that name, the parameters out of the
// target, the cookies out of the Cookie fields. What else is there keeps its bytes.
void remove(http::Request& request, const Location& location);

// Takes out whatever fields, parameters and cookies hold that text, for a credential that was found
// by an expression. Nothing happens for an empty text.
void remove_text(http::Request& request, std::string_view text);

// Puts a credential there, in place of any that is there. Fault::bad_request if it has characters
// that cannot stand there.
Result<> write(http::Request& request, const Location& location, std::string_view credential);

}  // namespace auth
