#pragma once
// A request and a response as values. What stands here has passed the strict checks of the reader;
// the framing fields (content-length, transfer-encoding, connection) are for reading only, since
// whoever writes a message makes its own.

#include <string>
#include <string_view>
#include <utility>

#include "http/body.h"
#include "http/headers.h"

namespace http {

// Move-only, since its body is.
class Request {
 public:
  Request() = default;
  Request(std::string the_method, std::string the_target, std::string the_authority = {})
      : method(std::move(the_method)),
        target(std::move(the_target)),
        authority(std::move(the_authority)) {}

  // The target without its query; "*" for OPTIONS *. As received: nothing is decoded or normalised,
  // so what is matched and authorized is what is forwarded.
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  // What follows the first '?', without it.
  std::string_view query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string::npos ? std::string_view()
                                     : std::string_view(target).substr(mark + 1);
  }
  // The authority without its port; an IPv6 address keeps its brackets.
  std::string_view host() const;

  std::string method;
  std::string target;           // origin form, or "*"
  std::string scheme = "http";  // set by whoever accepted the connection
  std::string authority;  // lower case, host[:port]; the one of an absolute target before Host
  int minor_version = 1;  // of HTTP/1
  // For a Pool: nothing is done twice if it is sent twice, though its method does not say so.
  bool is_repeatable = false;
  Headers headers;
  Body body;
};

// Move-only, since its body is.
class Response {
 public:
  Response() = default;
  explicit Response(int the_status) : status(the_status) {}
  Response(int the_status, std::string_view content_type, std::string text)
      : status(the_status), body(std::move(text)) {
    headers.add("content-type", content_type);
  }

  int status = 200;
  Headers headers;
  Body body;
};

// The usual phrase for a status, "Not Found"; empty for one that has none.
std::string_view reason_of(int status);

}  // namespace http
