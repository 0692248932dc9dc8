#pragma once
// What looks like a secret, for whoever writes down texts of others: guesses, for nobody has said.

#include <string>
#include <string_view>
#include <vector>

namespace base {

// Whether something of that name usually is a secret ("API_KEY", "--token"), and whether that text
// looks like one ("sk-...").
bool is_secret_name(std::string_view name);
bool is_secret_value(std::string_view text);
// The same of a name for who only looks: rather too many, since nothing breaks ("authHeader").
bool may_name_secret(std::string_view name);
// Whether the address has a secret in it: a password, a parameter, or a part of its path.
bool is_secret_url(std::string_view url);
// An address or a part of one for a message: `in backquotes`, or "this" if it has a secret.
std::string quoted_address(const std::string& address);
// The address, or what has a query like one, without those: "https://host/mcp?<redacted>". Other
// texts stay as they are.
std::string without_secrets(std::string_view address);
// Too short for a secret, or a word like "true".
bool is_trivial(std::string_view text);

// The words of a name in upper case: "--apiKey" -> API, KEY.
std::vector<std::string> words_of(std::string_view name);

}  // namespace base
