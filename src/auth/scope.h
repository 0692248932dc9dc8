#pragma once
// Scopes (RFC 6749, 3.3): what a token lets its bearer do, as its issuer names it. Compared byte by
// byte; which scope includes which is the issuer's business, so nothing is derived.

#include <span>
#include <string>
#include <string_view>

#include "auth/token.h"

namespace auth {

// Whether the text can be a scope: printable ASCII but space, '"' and '\'. At least one character.
bool is_scope(std::string_view text);

// Whether the token was granted that scope: in `scope`, words in a string (RFC 9068, 2.2.3), or in
// `scp`, a string or a list, as some issuers write it.
bool is_granted(const Claims& claims, std::string_view scope);
bool are_granted(const Claims& claims, std::span<const std::string> scopes);

}  // namespace auth
