#include "admin/guard.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"
#include "base/uri.h"
#include "crypto/digest.h"

namespace admin {
namespace {

constexpr std::size_t token_bytes = 24;

// Whatever tells or changes something; the rest are the page's own files.
bool is_api(std::string_view path) {
  return path.starts_with("/api/") || path == "/config_dump";
}

// What may not even be read without the page's word: the relay, and what is known of callers.
bool is_guarded(std::string_view path) {
  return path.starts_with("/api/v1/playground/") || path.starts_with("/api/v1/traffic/");
}

bool is_read(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

bool is_login_path(std::string_view path) {
  return path == "/api/v1/login";
}

// The value of that cookie in one Cookie field.
std::string_view cookie_in(std::string_view field, std::string_view name) {
  for (const std::string_view part : base::split(field, ';')) {
    const std::string_view pair = base::trim(part);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

Guard::Guard(GuardSettings settings, Random& random)
    : settings_(std::move(settings)),
      page_token_(base::base64url_encode(random.bytes(token_bytes))),
      cookie_(base::base64url_encode(random.bytes(token_bytes))) {
  for (std::string& host : settings_.hosts) host = base::to_lower(host);
}

std::optional<Refusal> Guard::refuses(const http::Request& request) const {
  if (auto refusal = refuses_host(request)) return refusal;
  if (!is_api(request.path())) return std::nullopt;
  if (auto refusal = refuses_page(request)) return refusal;
  const bool changes = !is_read(request) || is_guarded(request.path());
  const auto token = request.headers.find(page_token_header);
  if (changes && (!token || !crypto::equal_in_constant_time(*token, page_token_))) {
    // Tools without a page show what they log in with instead.
    const auto login = request.headers.find(login_header);
    if (!login || !is_login(*login)) {
      return Refusal(403, "page_token",
                     "this call needs the header X-Agentgateway-Token of the page");
    }
  }
  if (needs_login() && !is_login_path(request.path()) && !is_logged_in(request)) {
    return Refusal(401, "login_required", "log in with the admin token first");
  }
  return std::nullopt;
}

// A name that an attacker's DNS leads here is not on the list.
std::optional<Refusal> Guard::refuses_host(const http::Request& request) const {
  const auto authority = Authority::parse(request.authority);
  const std::string host = authority ? authority->host() : std::string();
  const bool is_known =
      host == "localhost" || host == "127.0.0.1" || host == "[::1]" ||
      std::find(settings_.hosts.begin(), settings_.hosts.end(), host) != settings_.hosts.end();
  if (is_known) return std::nullopt;
  return Refusal(403, "host_not_allowed",
                 "the admin interface does not answer under this host name: add it to "
                 "`config.admin.hosts`");
}

std::optional<Refusal> Guard::refuses_page(const http::Request& request) const {
  const auto site = request.headers.find("sec-fetch-site");
  const auto origin = request.headers.find("origin");
  const bool is_other_site = site && *site != "same-origin" && *site != "none";
  bool is_other_origin = false;
  if (origin) {
    const auto from = Uri::parse(*origin);
    is_other_origin = !from || from->authority().text() != request.authority;
  }
  if (!is_other_site && !is_other_origin) return std::nullopt;
  return Refusal(403, "origin", "pages of other origins may not ask the admin interface");
}

bool Guard::is_login(std::string_view token) const {
  return settings_.login && crypto::equal_in_constant_time(token, *settings_.login);
}

bool Guard::is_logged_in(const http::Request& request) const {
  if (const auto login = request.headers.find(login_header); login && is_login(*login)) return true;
  const std::vector<std::string_view> fields = request.headers.all("cookie");
  return std::any_of(fields.begin(), fields.end(), [&](std::string_view field) {
    return crypto::equal_in_constant_time(cookie_in(field, login_cookie), cookie_);
  });
}

}  // namespace admin
