#include "http/h1_read.h"

#include <algorithm>
#include <array>

#include "base/uri.h"
#include "http/header_rules.h"

namespace http {

namespace {

constexpr WireFault no_fault() {
  return {};
}

// The methods that are served. CONNECT and TRACE are known and refused; any other token is unknown.
constexpr std::array<std::string_view, 7> served_methods = {"GET",    "POST",    "HEAD", "PUT",
                                                            "DELETE", "OPTIONS", "PATCH"};

WireFault method_fault(std::string_view method) {
  if (std::find(served_methods.begin(), served_methods.end(), method) != served_methods.end()) {
    return no_fault();
  }
  if (!is_token(method)) return {400, "invalid method"};
  if (method == "CONNECT" || method == "TRACE") return {405, "method not allowed"};
  return {501, "unknown method"};
}

// The minor version of "HTTP/1.0" or "HTTP/1.1".
WireFault take_version(std::string_view text, int& minor_version) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 8 || text.substr(0, 5) != "HTTP/" || text[6] != '.' || !is_digit(text[5]) ||
      !is_digit(text[7])) {
    return {400, "invalid HTTP version"};
  }
  if (text[5] != '1' || text[7] > '1') return {505, "HTTP version not supported"};
  minor_version = text[7] - '0';
  return no_fault();
}

WireFault line_fault(LineReader::Got got, WireFault too_long) {
  if (got == LineReader::Got::too_long) return too_long;
  return {400, "control character or bare line end"};
}

}  // namespace

Progress RequestReader::refuse(WireFault fault) {
  fault_ = fault;
  return Progress::refused;
}

Progress RequestReader::take(std::string_view& bytes) {
  while (true) {
    const std::size_t left = limits_.head_bytes - std::min(limits_.head_bytes, used_bytes_);
    const std::size_t size_max = has_line_ ? left : std::min(left, limits_.request_line_bytes);
    const LineReader::Got got = lines_.next(bytes, size_max);
    if (got == LineReader::Got::more) return Progress::more;
    if (got != LineReader::Got::line) {
      return refuse(line_fault(got, has_line_ ? WireFault(431, "header block too large")
                                              : WireFault(414, "request line too long")));
    }
    const bool is_end = has_line_ && lines_.line().empty();
    const WireFault fault = take_line(lines_.line());
    if (fault.status != 0) return refuse(fault);
    if (is_end) return Progress::done;
  }
}

WireFault RequestReader::take_line(std::string_view line) {
  used_bytes_ += line.size() + 2;
  if (has_line_) return line.empty() ? finish() : fields_.take(line);
  if (!line.empty()) {
    has_line_ = true;
    return take_request_line(line);
  }
  // RFC 9112, 2.2: empty lines before a request are to be ignored.
  return ++blank_lines_ > blank_lines_max ? WireFault(400, "too many empty lines") : no_fault();
}

WireFault RequestReader::take_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return {400, "invalid request line"};
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(method)) return {400, "invalid method"};
  const WireFault version = take_version(line.substr(last + 1), request_.minor_version);
  if (version.status != 0) return version;
  const WireFault unserved = method_fault(method);
  if (unserved.status != 0) return unserved;
  request_.method = method;
  fields_.headers.reserve(16, 2048);
  return take_target(target);
}

// RFC 9112, 3.2: origin form, absolute form, or "*" for OPTIONS. Authority form is CONNECT's only.
WireFault RequestReader::take_target(std::string_view target) {
  if (target == "*") {
    if (request_.method != "OPTIONS") return {400, "invalid target"};
    request_.target = target;
    return no_fault();
  }
  if (!target.empty() && target.front() != '/') {
    const Result<Uri> uri = Uri::parse(target);
    if (!uri) return {400, "invalid target"};
    authority_of_target_ = uri->authority().text();
    request_.target = uri->target();
  } else {
    if (!is_valid_target(target)) return {400, "invalid target"};
    request_.target = target;
  }
  if (has_dot_segment(request_.path())) return {400, "dot segment or NUL in the path"};
  return no_fault();
}

WireFault RequestReader::finish() {
  const WireFault framing_fault = fields_.check_framing(request_.minor_version);
  if (framing_fault.status != 0) return framing_fault;
  if (fields_.has_expect && !fields_.expects_continue) return {417, "unknown expectation"};
  if (request_.minor_version == 0) fields_.expects_continue = false;
  if (fields_.host_index) {
    request_.authority = fields_.headers.at(*fields_.host_index).value;
    if (!make_canonical_authority(request_.authority)) return {400, "invalid Host"};
  } else if (request_.minor_version != 0) {
    return {400, "no Host"};
  }
  request_.headers = std::move(fields_.headers);
  if (!authority_of_target_.empty()) {
    // RFC 9112, 3.2.2: the target's authority is the one that counts, for everybody.
    request_.authority = std::move(authority_of_target_);
    request_.headers.set("host", request_.authority);
  }
  if (length() > limits_.body_bytes) return {413, "body too large"};
  return no_fault();
}

Framing RequestReader::framing() const {
  if (fields_.is_chunked) return Framing::chunked;
  return length() > 0 ? Framing::length : Framing::none;
}

bool RequestReader::keeps_alive() const {
  return request_.minor_version == 0 ? fields_.says_keep_alive && !fields_.says_close
                                     : !fields_.says_close;
}

Progress ResponseReader::refuse(WireFault fault) {
  fault_ = fault;
  return Progress::refused;
}

Progress ResponseReader::take(std::string_view& bytes) {
  while (true) {
    const std::size_t left = limits_.head_bytes - std::min(limits_.head_bytes, used_bytes_);
    const LineReader::Got got = lines_.next(bytes, left);
    if (got == LineReader::Got::more) return Progress::more;
    if (got != LineReader::Got::line) {
      return refuse(line_fault(got, {502, "header block too large"}));
    }
    const bool is_end = has_line_ && lines_.line().empty();
    const WireFault fault = take_line(lines_.line());
    if (fault.status != 0) return refuse(fault);
    if (is_end && response_.status >= 200) return Progress::done;
  }
}

WireFault ResponseReader::take_line(std::string_view line) {
  used_bytes_ += line.size() + 2;
  if (has_line_) return line.empty() ? end_head() : fields_.take(line);
  has_line_ = true;
  return take_status_line(line);
}

// RFC 9112, 4. The space before an empty reason may be missing; the reason itself is dropped.
WireFault ResponseReader::take_status_line(std::string_view line) {
  const WireFault version = take_version(line.substr(0, 8), minor_version_);
  if (version.status != 0) return version;
  const std::string_view code = line.substr(8, 4);
  if (code.size() != 4 || code[0] != ' ') return {502, "invalid status line"};
  int status = 0;
  for (const char digit : code.substr(1)) {
    if (digit < '0' || digit > '9') return {502, "invalid status"};
    status = status * 10 + (digit - '0');
  }
  if (line.size() > 12 && line[12] != ' ') return {502, "invalid status"};
  if (status < 100 || status > 599) return {502, "invalid status"};
  // An upgrade was never asked for, so nobody may open a tunnel.
  if (status == 101) return {502, "switched protocols without being asked"};
  response_.status = status;
  fields_.headers.reserve(16, 512);
  return no_fault();
}

// What an interim answer says concerns nobody behind a gateway: its fields are forgotten. All heads
// of an exchange together must fit into the limit of one, since used_bytes_ goes on counting.
WireFault ResponseReader::end_head() {
  const WireFault framing_fault = fields_.check_framing(minor_version_);
  if (framing_fault.status != 0) return framing_fault;
  if (response_.status >= 200) {
    response_.headers = std::move(fields_.headers);
    return no_fault();
  }
  if (++interim_ > interim_responses_max) return {502, "too many interim answers"};
  fields_ = FieldReader(FieldReader::Of::response, limits_.fields);
  has_line_ = false;
  return no_fault();
}

// RFC 9112, 6.3.
Framing ResponseReader::framing() const {
  const int status = response_.status;
  if (is_head_ || status < 200 || status == 204 || status == 304) return Framing::none;
  if (fields_.is_chunked) return Framing::chunked;
  if (!fields_.content_length) return Framing::until_close;
  return *fields_.content_length > 0 ? Framing::length : Framing::none;
}

bool ResponseReader::keeps_alive() const {
  if (framing() == Framing::until_close || fields_.says_close || is_request_cut_) return false;
  // RFC 9110, 8.6 and RFC 9112, 6.1: a 204 has neither. If it does, a body may follow after all.
  const bool names_body = fields_.has_transfer_encoding || length() > 0;
  if (response_.status == 204 && names_body) return false;
  // Nor has the 304 of a request that asks for no cached answer to be confirmed.
  if (response_.status == 304 && names_body && !is_get_ && !is_head_) return false;
  return minor_version_ == 1 || fields_.says_keep_alive;
}

}  // namespace http
