#pragma once
// Reading HTTP/1.1 (RFC 9112) strictly: what the grammar does not allow is refused, nothing is
// repaired, and where two readers could disagree about where a message ends there is no message.
// The readers take bytes as they come; their verdict does not depend on how the bytes were split.
// They do no I/O.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/detail_line.h"
#include "http/limits.h"
#include "http/message.h"

namespace http {

// Why a message was refused, and the status that says so to a client. For an upstream's answer the
// status means nothing: that is always a 502.
class WireFault {
 public:
  WireFault() = default;
  WireFault(int the_status, const char* the_why) : status(the_status), why(the_why) {}

  int status = 0;  // 0: no fault
  const char* why = "";
};

enum class Progress { more, done, refused };

// How the end of a body is found.
enum class Framing { none, length, chunked, until_close };

// What the fields of a head mean for the connection.
class FieldReader {
 public:
  enum class Of { request, response };

  FieldReader(Of of, std::size_t fields_allowed) : of_(of), fields_allowed_(fields_allowed) {}

  // One line of the head. Status 0 if it is valid.
  WireFault take(std::string_view line);
  // To be asked when the head is complete.
  WireFault check_framing(int minor_version) const;

  Headers headers;
  std::optional<std::uint64_t> content_length;
  std::optional<std::size_t> host_index;  // of Host in `headers`
  bool is_chunked = false;
  bool has_transfer_encoding = false;
  bool says_close = false;
  bool says_keep_alive = false;
  bool has_expect = false;
  bool expects_continue = false;

 private:
  // `name` is in lower case already.
  WireFault take_value(KnownField known, std::string_view name, std::string_view value);
  bool has_had(KnownField known) const;
  WireFault take_length(std::string_view value);
  WireFault take_coding(std::string_view value);
  void take_connection(std::string_view value);

  Of of_;
  std::size_t fields_allowed_;
};

class RequestReader {
 public:
  // `request` is what it reads into: an empty one, which must outlive this.
  RequestReader(const ServerLimits& limits, Request& request)
      : limits_(limits), fields_(FieldReader::Of::request, limits.fields), request_(request) {}

  // Takes the head's bytes from the front of `bytes`, and none that follow it.
  Progress take(std::string_view& bytes);

  const WireFault& fault() const { return fault_; }
  // Without its body; valid when done. `method` and `target` also when refused later.
  const Request& request() const { return request_; }
  Framing framing() const;
  std::uint64_t length() const { return fields_.content_length.value_or(0); }
  // Whether the client wants the connection kept.
  bool keeps_alive() const;
  bool expects_continue() const { return fields_.expects_continue && framing() != Framing::none; }
  // Whether any byte of a request has been taken, empty lines before it aside.
  bool has_begun() const { return has_line_ || lines_.is_within_line(); }

 private:
  Progress refuse(WireFault fault);
  WireFault take_line(std::string_view line);
  WireFault take_request_line(std::string_view line);
  WireFault take_target(std::string_view target);
  WireFault finish();

  const ServerLimits& limits_;
  LineReader lines_;
  FieldReader fields_;
  Request& request_;
  WireFault fault_;
  std::string authority_of_target_;
  std::size_t used_bytes_ = 0;
  int blank_lines_ = 0;
  bool has_line_ = false;
};

// Reads the final answer to one request; interim answers are read over.
class ResponseReader {
 public:
  ResponseReader(std::string_view request_method, const ClientLimits& limits)
      : is_get_(request_method == "GET"),
        is_head_(request_method == "HEAD"),
        limits_(limits),
        fields_(FieldReader::Of::response, limits.fields) {}

  Progress take(std::string_view& bytes);

  const WireFault& fault() const { return fault_; }
  Response& response() { return response_; }
  Framing framing() const;
  std::uint64_t length() const { return fields_.content_length.value_or(0); }
  // Whether the connection can be used again once this answer has ended.
  bool keeps_alive() const;
  // Whether the answer says that nothing more of the request is wanted (RFC 9112, 9.5).
  bool refuses_request() const { return response_.status >= 300 || fields_.says_close; }
  // The request was not sent to its end, so nothing can follow it.
  void cut_request() { is_request_cut_ = true; }

 private:
  Progress refuse(WireFault fault);
  WireFault take_line(std::string_view line);
  WireFault take_status_line(std::string_view line);
  WireFault end_head();

  bool is_get_;
  bool is_head_;
  const ClientLimits& limits_;
  LineReader lines_;
  FieldReader fields_;
  Response response_;
  WireFault fault_;
  std::size_t used_bytes_ = 0;
  int minor_version_ = 1;
  int interim_ = 0;
  bool has_line_ = false;
  bool is_request_cut_ = false;
};

// Reads a chunked body (RFC 9112, 7.1). Extensions and trailers are checked and dropped.
class ChunkReader {
 public:
  // Takes bytes from the front and appends what they carry to `out`; nothing beyond the body's end
  // is taken.
  Progress take(std::string_view& bytes, std::string& out);
  const WireFault& fault() const { return fault_; }
  bool is_done() const { return at_ == At::end; }

 private:
  enum class At { size, data, data_cr, data_lf, trailer, end };

  Progress refuse(const char* why);
  bool is_in_data() const { return at_ == At::data || at_ == At::data_cr || at_ == At::data_lf; }
  Progress take_data(std::string_view& bytes, std::string& out);
  Progress take_line(std::string_view& bytes);
  WireFault take_size(std::string_view line);
  WireFault take_trailer(std::string_view line);

  LineReader lines_;
  At at_ = At::size;
  std::uint64_t left_ = 0;  // of the current chunk
  std::size_t trailer_bytes_ = 0;
  WireFault fault_;
};

}  // namespace http
