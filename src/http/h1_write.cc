#include "http/h1_write.h"

#include <array>
#include <charconv>

namespace http {

namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append("\r\n");
}

void append_number(std::string& out, std::uint64_t number, int base = 10) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

void append_framing(std::string& out, const WriteFraming& framing) {
  if (framing.kind == Framing::chunked) {
    out.append("transfer-encoding: chunked\r\n");
  } else if (framing.kind == Framing::length) {
    out.append("content-length: ");
    append_number(out, framing.length);
    out.append("\r\n");
  }
}

// The fields that are made anew.
constexpr KnownFields framing_fields =
    set_of(KnownField::connection, KnownField::keep_alive, KnownField::trailer, KnownField::upgrade,
           KnownField::content_length, KnownField::transfer_encoding);
constexpr KnownFields request_fields =
    framing_fields | set_of(KnownField::host, KnownField::expect);

}  // namespace

WriteFraming WriteFraming::of(const Body& body) {
  const std::optional<std::uint64_t> length = body.length();
  return length ? WriteFraming(Framing::length, *length) : WriteFraming(Framing::chunked, 0);
}

void append_request_head(std::string& out, const Request& request, const WriteFraming& framing) {
  out.append(request.method);
  out.push_back(' ');
  out.append(request.target);
  out.append(" HTTP/1.1\r\n");
  append_field(out, "host", request.authority);
  request.headers.append_to(out, request_fields);
  append_framing(out, framing);
  out.append("\r\n");
}

void append_response_head(std::string& out, const Response& response, const WriteFraming& framing,
                          ConnectionSays says) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(response.status));
  out.push_back(' ');
  out.append(reason_of(response.status));
  out.append("\r\n");
  response.headers.append_to(out, framing_fields);
  append_framing(out, framing);
  if (says == ConnectionSays::close) out.append("connection: close\r\n");
  if (says == ConnectionSays::keep_alive) out.append("connection: keep-alive\r\n");
  out.append("\r\n");
}

std::string& head_of_thread() {
  thread_local std::string head;
  head.clear();
  return head;
}

Result<Unsent> write_now(net::Stream& stream, std::string& head, std::string_view body) {
  // A small body is copied behind its head instead of being sent from two places.
  constexpr std::size_t joined_bytes_max = std::size_t{4} * 1024;
  const bool is_joined = body.size() <= joined_bytes_max;
  if (is_joined) head.append(body);
  const std::string_view rest = is_joined ? std::string_view() : body;
  TRY(const std::size_t put, stream.write_now(net::Buffers(head, rest)));
  Unsent unsent;
  if (put < head.size()) unsent.head = head.substr(put);
  unsent.body = rest.substr(put < head.size() ? 0 : put - head.size());
  return unsent;
}

Result<net::Buffers> PieceFramer::frame(std::string_view piece) {
  if (piece.empty()) return net::Buffers();
  if (framing_.kind == Framing::chunked) {
    size_line_.clear();
    append_number(size_line_, piece.size(), 16);
    size_line_.append("\r\n");
    return net::Buffers(size_line_, piece, "\r\n");
  }
  if (framing_.kind == Framing::length) {
    if (piece.size() > left_)
      return failed(Fault::upstream_failed, "a body is longer than it said");
    left_ -= piece.size();
  }
  return net::Buffers(piece);
}

Result<net::Buffers> PieceFramer::end() const {
  if (framing_.kind == Framing::chunked) return net::Buffers("0\r\n\r\n");
  if (framing_.kind == Framing::length && left_ != 0) {
    return failed(Fault::upstream_failed, "a body is shorter than it said");
  }
  return net::Buffers();
}

}  // namespace http
