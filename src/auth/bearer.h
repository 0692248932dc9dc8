#pragma once
// Access tokens in HTTP (RFC 6750; RFC 9449 for the scheme DPoP): the Authorization header on the
// way in, the WWW-Authenticate header on the way out. Tokens in queries, forms and cookies are not
// read here.

#include <span>
#include <string>
#include <string_view>

namespace auth {

struct Bearer {
  enum class Kind {
    none,          // no Authorization header
    token,         // a token, well formed or not is for its parser to say
    malformed,     // meant as a bearer token and not one, or more than one header
    other_scheme,  // Basic, Negotiate, ...
  };
  Kind kind = Kind::none;
  std::string_view token;  // points into the header value; empty unless kind is token
  bool is_dpop = false;    // its scheme is DPoP: it must come with a proof
};

// The schemes that are ours. Without DPoP, that is another scheme.
enum class Schemes { bearer, bearer_and_dpop };

// `values` are the values of all Authorization headers of the request. The scheme is compared
// without case (RFC 9110, 11.1) and followed by spaces and one token68, nothing else.
Bearer read_bearer(std::span<const std::string_view> values, Schemes schemes = Schemes::bearer);

// What a 401 or 403 says about the authorization it wants (RFC 6750, 3; RFC 9728, 5.1). Empty
// members are left out; a request without credentials gets no error.
struct Challenge {
  std::string_view scheme = "Bearer";
  std::string_view realm;
  std::string_view error;  // "invalid_token", "insufficient_scope"
  std::string_view error_description;
  std::string_view scope;
  std::string_view resource_metadata;
  std::string_view algs;  // RFC 9449, 7.1
};

// The value of WWW-Authenticate. Characters that a quoted string cannot hold become '?'.
std::string write_challenge(const Challenge& challenge);

}  // namespace auth
