#include <algorithm>

#include "http/h1_read.h"
#include "http/header_rules.h"

namespace http {

namespace {

// 15 digits: no sum of sizes that could ever be received overflows 64 bits.
constexpr std::size_t size_digits_max = 15;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The size of the token at the start of `text`.
std::size_t token_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && lower_token(text[size]) != 0) ++size;
  return size;
}

// Of a quoted string here. Backslashes and bytes beyond ASCII would be allowed (RFC 9110, 5.6.4),
// but readers do not agree on them, and nobody needs them.
bool is_quotable(char c) {
  return (c >= ' ' && c <= '~' && c != '\\') || c == '\t';
}

// The size of the quoted string at the start of `text`, 0 if it has no end.
std::size_t quoted_size(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (!is_quotable(text[at])) return 0;
  }
  return 0;
}

// chunk-ext without the white space that RFC 9112, 7.1.1 calls bad: *( ";" token [ "=" value ] ).
bool is_extension_list(std::string_view text) {
  while (!text.empty()) {
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    std::size_t size = token_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
    if (text.empty() || text.front() != '=') continue;
    text.remove_prefix(1);
    size = !text.empty() && text.front() == '"' ? quoted_size(text) : token_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace

Progress ChunkReader::refuse(const char* why) {
  fault_ = WireFault(400, why);
  return Progress::refused;
}

Progress ChunkReader::take(std::string_view& bytes, std::string& out) {
  while (at_ != At::end) {
    if (bytes.empty()) return Progress::more;
    const Progress progress = is_in_data() ? take_data(bytes, out) : take_line(bytes);
    if (progress == Progress::refused) return progress;
  }
  return Progress::done;
}

// A chunk's data and the line end behind it.
Progress ChunkReader::take_data(std::string_view& bytes, std::string& out) {
  if (at_ == At::data) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    out.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    left_ -= size;
    if (left_ == 0) at_ = At::data_cr;
    return Progress::more;
  }
  const bool is_cr = at_ == At::data_cr;
  if (bytes.front() != (is_cr ? '\r' : '\n')) return refuse("no line end after a chunk");
  bytes.remove_prefix(1);
  at_ = is_cr ? At::data_lf : At::size;
  return Progress::more;
}

// A size line or a line of the trailer.
Progress ChunkReader::take_line(std::string_view& bytes) {
  const bool is_size = at_ == At::size;
  const std::size_t size_max =
      is_size ? chunk_line_bytes_max
              : trailer_bytes_max - std::min(trailer_bytes_max, trailer_bytes_);
  const LineReader::Got got = lines_.next(bytes, size_max);
  if (got == LineReader::Got::more) return Progress::more;
  if (got == LineReader::Got::too_long) return refuse("chunk line or trailer too long");
  if (got == LineReader::Got::illegal) return refuse("control character or bare line end");
  fault_ = is_size ? take_size(lines_.line()) : take_trailer(lines_.line());
  return fault_.status == 0 ? Progress::more : Progress::refused;
}

WireFault ChunkReader::take_size(std::string_view line) {
  std::size_t digits = 0;
  left_ = 0;
  while (digits < line.size() && hex_value(line[digits]) >= 0) {
    if (digits == size_digits_max) return {400, "chunk size too large"};
    left_ = left_ * 16 + static_cast<std::uint64_t>(hex_value(line[digits]));
    ++digits;
  }
  if (digits == 0 || !is_extension_list(line.substr(digits)))
    return {400, "invalid chunk size line"};
  at_ = left_ == 0 ? At::trailer : At::data;
  return {};
}

WireFault ChunkReader::take_trailer(std::string_view line) {
  if (line.empty()) {
    at_ = At::end;
    return {};
  }
  trailer_bytes_ += line.size() + 2;
  const std::size_t size = token_size(line);
  if (size == 0 || size == line.size() || line[size] != ':') return {400, "invalid trailer"};
  // RFC 9110, 6.5.1: a trailer must not speak about framing, routing or authentication. We drop
  // trailers, but others merge them, so such a message has two meanings.
  const std::string_view name = line.substr(0, size);
  if (must_be_single(name) || is_hop_by_hop(name) || is_disguised(name)) {
    return {400, "a trailer that only a head may have"};
  }
  return {};
}

}  // namespace http
