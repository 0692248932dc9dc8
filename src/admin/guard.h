#pragma once
// Who may ask what of the operator's door. A page of another site must not be able to: its browser
// names it (Origin, Sec-Fetch-Site), a name that was rebound to this machine is not on the list of
// hosts, and what changes anything needs a word that only our own page was given.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "http/message.h"

namespace admin {

struct GuardSettings {
  std::vector<std::string> hosts;    // beside the loopback ones; lower case, no ports
  std::optional<std::string> login;  // what people log in with; nothing: nobody has to
};

// A refusal as the API says it.
class Refusal {
 public:
  Refusal(int the_status, std::string_view the_code, std::string the_message)
      : status(the_status), code(the_code), message(std::move(the_message)) {}

  int status;
  std::string_view code;
  std::string message;
};

// The header of whatever changes something, and of the relay.
inline constexpr std::string_view page_token_header = "x-agentgateway-token";
// For command line tools, in place of the cookie.
inline constexpr std::string_view login_header = "x-agentgateway-login";
inline constexpr std::string_view login_cookie = "agentgateway_admin";

class Guard {
 public:
  Guard(GuardSettings settings, Random& random);

  // Nothing if the request may be answered.
  std::optional<Refusal> refuses(const http::Request& request) const;

  // New with each process; goes into the page.
  const std::string& page_token() const { return page_token_; }
  bool needs_login() const { return settings_.login.has_value(); }
  bool is_login(std::string_view token) const;
  // What the cookie holds once somebody has logged in.
  const std::string& cookie() const { return cookie_; }

 private:
  std::optional<Refusal> refuses_host(const http::Request& request) const;
  std::optional<Refusal> refuses_page(const http::Request& request) const;
  bool is_logged_in(const http::Request& request) const;

  GuardSettings settings_;
  std::string page_token_;
  std::string cookie_;
};

}  // namespace admin
