#include "http/fetch.h"

#include <algorithm>
#include <utility>

#include "http/dialler.h"
#include "http/media_type.h"
#include "net/address.h"

namespace http {
namespace {

constexpr std::uint16_t https_port = 443;

std::string plain_host(const Authority& authority) {
  const std::string& host = authority.host();
  return authority.is_ipv6() ? host.substr(1, host.size() - 2) : host;
}

// A last label that is a number makes the host an address for many readers
// ("127.1", "0x7f.1", "2852039166"), and each reads it differently.
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view label = host.substr(host.rfind('.') + 1);
  if (label.starts_with("0x")) return true;
  return !label.empty() &&
         std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Where a redirect leads, if that is the same origin.
Result<Uri> redirected(const Uri& from, const Headers& headers) {
  const auto location = headers.find("location");
  if (!location) return failed(Fault::upstream_failed, "a redirect to nowhere");
  std::string absolute(*location);
  absolute.resize(std::min(absolute.find('#'), absolute.size()));
  if (absolute.starts_with('/') && !absolute.starts_with("//")) absolute.insert(0, from.origin());
  const Result<Uri> to = Uri::parse(absolute);
  if (!to || to->origin() != from.origin()) {
    return failed(Fault::forbidden, "a redirect to another origin is not followed");
  }
  return *to;
}

Request message_of(const FetchRequest& request) {
  Request message(request.form.empty() ? "GET" : "POST", request.uri.target());
  message.headers.add("accept", "application/json");
  message.headers.add("accept-encoding", "identity");
  message.headers.add("user-agent", "agentgateway");
  if (!request.authorization.empty()) message.headers.add("authorization", request.authorization);
  if (!request.form.empty()) {
    message.headers.add("content-type", request.content_type);
    message.body = Body(request.form);
  }
  return message;
}

// Nothing said, or what static servers say of a .json without knowing, is left
// to the parser.
bool may_be_json(const Headers& headers) {
  const auto value = headers.find("content-type");
  if (!value) return true;
  const auto type = MediaType::parse(*value);
  if (!type) return false;
  const std::string& essence = type->essence();
  return essence == "application/json" || essence.ends_with("+json") || essence == "text/json" ||
         essence == "text/plain" || essence == "application/octet-stream";
}

// One question, wherever its answer leads.
Task<Result<Response>> ask(Pool& pool, const FetchRequest& request, Deadline deadline) {
  std::string profile;
  if (request.origin == AddressOrigin::document) {
    CO_TRY(check_foreign_address(request.uri));
    profile = public_only;
  }
  const Endpoint endpoint(plain_host(request.uri.authority()), request.uri.port(),
                          request.uri.uses_tls(), std::move(profile));
  Request message = message_of(request);
  co_return co_await pool.exchange(std::move(message), endpoint, deadline);
}

// The answer with its whole body.
Task<Result<Response>> whole(Response response, std::size_t bytes_max, Deadline deadline) {
  const auto encoding = response.headers.find("content-encoding");
  if (encoding && *encoding != "identity") {
    co_return failed(Fault::upstream_failed, "the answer is encoded, which nobody asked for");
  }
  CO_TRY(std::string text, co_await response.body.read_all(bytes_max, deadline));
  response.body = Body(std::move(text));
  co_return std::move(response);
}

}  // namespace

Result<> check_foreign_address(const Uri& uri) {
  if (!uri.uses_tls()) return failed(Fault::forbidden, "only https is fetched");
  if (uri.port() != https_port) return failed(Fault::forbidden, "only port 443 is fetched from");
  const std::string host = plain_host(uri.authority());
  const auto address = net::Address::parse(host, https_port);
  if (!address && (uri.authority().is_ipv6() || ends_in_number(host))) {
    return failed(Fault::forbidden, "the host is a misspelt address");
  }
  if (address && !address->is_public()) {
    return failed(Fault::forbidden, "the address is not public");
  }
  return {};
}

Task<Result<Response>> fetch(Pool& pool, FetchRequest request, Deadline deadline) {
  for (int redirects = 0;; ++redirects) {
    CO_TRY(Response response, co_await ask(pool, request, deadline));
    if (!is_redirect(response.status)) {
      co_return co_await whole(std::move(response), request.bytes_max, deadline);
    }
    if (redirects == fetch_redirects_max || !request.form.empty()) {
      co_return failed(Fault::forbidden, "a redirect is not followed");
    }
    CO_TRY(request.uri, redirected(request.uri, response.headers));
  }
}

Task<Result<Response>> fetch_json(Pool& pool, FetchRequest request, Deadline deadline) {
  CO_TRY(Response response, co_await fetch(pool, std::move(request), deadline));
  if (response.status != 200) {
    co_return failed(Fault::upstream_failed,
                     "the answer has status " + std::to_string(response.status));
  }
  if (!may_be_json(response.headers)) {
    co_return failed(Fault::upstream_failed, "the answer is no JSON");
  }
  co_return std::move(response);
}

}  // namespace http
