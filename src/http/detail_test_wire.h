#pragma once
// For tests and fuzzing: whole conversations through the readers, and llhttp as a second opinion.
// Whatever we accept, llhttp's strict mode must understand in the same way.

#include <string>
#include <string_view>
#include <vector>

#include <llhttp.h>

#include "base/text.h"
#include "http/h1_read.h"
#include "http/h1_write.h"

namespace http::testing_ {

struct Parsed {
  struct One {
    std::string method;
    std::string target;
    std::string authority;
    int status = 0;
    Headers headers;
    std::string body;
    bool operator==(const One&) const = default;
  };
  std::vector<One> messages;
  int fault = 0;         // the status of what was refused
  std::size_t used = 0;  // bytes of the complete messages

  bool operator==(const Parsed&) const = default;
};

// A body's reader for both directions, as a plain function over bytes.
class BodyTaker {
 public:
  BodyTaker(Framing framing, std::uint64_t length) : framing_(framing), left_(length) {}
  Progress take(std::string_view& bytes, std::string& out) {
    if (framing_ == Framing::chunked) return chunks_.take(bytes, out);
    if (framing_ == Framing::none) return Progress::done;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    out.append(bytes.substr(0, framing_ == Framing::until_close ? bytes.size() : size));
    if (framing_ == Framing::until_close) {
      bytes = {};
      return Progress::more;
    }
    bytes.remove_prefix(size);
    left_ -= size;
    return left_ == 0 ? Progress::done : Progress::more;
  }
  int fault() const { return chunks_.fault().status; }

 private:
  Framing framing_;
  std::uint64_t left_;
  ChunkReader chunks_;
};

// Every complete request of the bytes, up to the first fault or one that closes the connection.
inline Parsed parse_requests(const std::vector<std::string>& pieces,
                             const ServerLimits& limits = ServerLimits()) {
  Parsed result;
  Request request;
  auto reader = std::make_unique<RequestReader>(limits, request);
  std::unique_ptr<BodyTaker> taker;
  Parsed::One one;
  std::size_t seen = 0;
  for (const std::string& piece : pieces) {
    std::string_view bytes = piece;
    while (true) {
      if (!taker) {
        const Progress progress = reader->take(bytes);
        if (progress == Progress::more) break;
        if (progress == Progress::refused) {
          result.fault = reader->fault().status;
          return result;
        }
        one = {request.method, request.target, request.authority, 0, request.headers, {}};
        taker = std::make_unique<BodyTaker>(reader->framing(), reader->length());
      }
      const Progress progress = taker->take(bytes, one.body);
      if (progress == Progress::more) break;
      if (progress == Progress::refused) {
        result.fault = taker->fault();
        return result;
      }
      result.messages.push_back(one);
      result.used = seen + piece.size() - bytes.size();
      if (!reader->keeps_alive()) return result;
      request = Request();
      reader = std::make_unique<RequestReader>(limits, request);
      taker.reset();
    }
    seen += piece.size();
  }
  return result;
}

// The one answer of the bytes to a request by `method`; `ended`: the peer ended the connection.
inline Parsed parse_response(const std::vector<std::string>& pieces, std::string_view method,
                             bool ended, const ClientLimits& limits = ClientLimits()) {
  Parsed result;
  ResponseReader reader(method, limits);
  std::unique_ptr<BodyTaker> taker;
  Parsed::One one;
  std::size_t seen = 0;
  for (const std::string& piece : pieces) {
    std::string_view bytes = piece;
    if (!taker) {
      const Progress progress = reader.take(bytes);
      if (progress == Progress::refused) {
        result.fault = reader.fault().status;
        return result;
      }
      if (progress == Progress::done) {
        one.status = reader.response().status;
        one.headers = reader.response().headers;
        taker = std::make_unique<BodyTaker>(reader.framing(), reader.length());
      }
    }
    if (taker) {
      const Progress progress = taker->take(bytes, one.body);
      if (progress == Progress::refused) {
        result.fault = taker->fault();
        return result;
      }
      if (progress == Progress::done) {
        result.messages.push_back(one);
        result.used = seen + piece.size() - bytes.size();
        return result;
      }
    }
    seen += piece.size();
  }
  if (taker && ended && reader.framing() == Framing::until_close) {
    result.messages.push_back(one);
    result.used = seen;
  }
  return result;
}

// llhttp's reading of the same bytes.
class Llhttp {
 public:
  explicit Llhttp(llhttp_type_t type) {
    llhttp_settings_init(&settings_);
    settings_.on_message_begin = [](llhttp_t* p) { return self(p).begin(); };
    settings_.on_method = [](llhttp_t* p, const char* at, std::size_t size) {
      self(p).one_.method.append(at, size);
      return 0;
    };
    settings_.on_url = [](llhttp_t* p, const char* at, std::size_t size) {
      self(p).one_.target.append(at, size);
      return 0;
    };
    settings_.on_header_field = [](llhttp_t* p, const char* at, std::size_t size) {
      self(p).name_.append(at, size);
      return 0;
    };
    settings_.on_header_value = [](llhttp_t* p, const char* at, std::size_t size) {
      self(p).value_.append(at, size);
      return 0;
    };
    settings_.on_header_value_complete = [](llhttp_t* p) { return self(p).field(); };
    settings_.on_headers_complete = [](llhttp_t* p) { return self(p).head(); };
    settings_.on_body = [](llhttp_t* p, const char* at, std::size_t size) {
      self(p).one_.body.append(at, size);
      return 0;
    };
    settings_.on_message_complete = [](llhttp_t* p) { return self(p).complete(); };
    llhttp_init(&parser_, type, &settings_);
    parser_.data = this;
  }

  // The complete messages of `bytes`; interim answers are left out.
  std::vector<Parsed::One> read(std::string_view bytes, bool is_answer_to_head = false) {
    is_answer_to_head_ = is_answer_to_head;
    llhttp_errno_t error = llhttp_execute(&parser_, bytes.data(), bytes.size());
    while (error == HPE_PAUSED_UPGRADE) {
      const char* at = llhttp_get_error_pos(&parser_);
      llhttp_resume_after_upgrade(&parser_);
      const auto done = static_cast<std::size_t>(at - bytes.data());
      bytes.remove_prefix(done);
      error = llhttp_execute(&parser_, bytes.data(), bytes.size());
    }
    fault = error == HPE_OK ? "" : llhttp_errno_name(error);
    return messages_;
  }
  void end() { llhttp_finish(&parser_); }
  const std::vector<Parsed::One>& messages() const { return messages_; }

  std::string fault;

 private:
  static Llhttp& self(llhttp_t* parser) { return *static_cast<Llhttp*>(parser->data); }
  int begin() {
    one_ = {};
    in_head_ = true;
    return 0;
  }
  int field() {
    if (in_head_) one_.headers.add(name_, value_);
    name_.clear();
    value_.clear();
    return 0;
  }
  int head() {
    in_head_ = false;
    one_.status = parser_.type == HTTP_RESPONSE ? parser_.status_code : 0;
    return is_answer_to_head_ ? 1 : 0;
  }
  int complete() {
    if (one_.status == 0 || one_.status >= 200) messages_.push_back(one_);
    return 0;
  }

  llhttp_t parser_{};
  llhttp_settings_t settings_{};
  Parsed::One one_;
  std::string name_;
  std::string value_;
  bool in_head_ = true;
  bool is_answer_to_head_ = false;
  std::vector<Parsed::One> messages_;
};

// llhttp 8 takes no ';' after the plain value of a chunk extension, as in ";a=b;c", which the
// grammar (RFC 9112, 7.1.1) allows. Nor does it see "chunked" where a tab stands behind it, which
// is white space there (RFC 9110, 5.5).
inline bool is_known_defect(const Llhttp& llhttp, std::string_view bytes) {
  const std::string lower = base::to_lower(bytes);
  const std::size_t coding = lower.find("\ntransfer-encoding:");
  if (coding != std::string::npos && lower.find('\t', coding) < lower.find('\r', coding))
    return true;
  return llhttp.fault == "HPE_INVALID_CHUNK_SIZE" && bytes.find('=') < bytes.rfind(';') &&
         bytes.rfind(';') != std::string_view::npos;
}

// Empty, or how two readings of one message differ. An absolute target is compared by its end,
// since ours is split into authority and origin form.
inline std::string difference(const Parsed::One& ours, const Parsed::One& theirs) {
  if (ours.method != theirs.method) return "method";
  if (ours.status != theirs.status) return "status";
  const bool is_absolute = theirs.target.find("://") < theirs.target.find('/');
  if (!is_absolute && ours.target != theirs.target) return "target";
  if (ours.body != theirs.body) return "body";
  Headers our_fields = ours.headers;
  Headers their_fields = theirs.headers;
  if (is_absolute) {  // the target's authority takes the place of Host, or of a missing one
    our_fields.remove("host");
    their_fields.remove("host");
  }
  return our_fields == their_fields ? "" : "set of fields";
}

// Checks what must hold for all bytes; says what does not. `pieces` is the same bytes, cut.
inline std::string check_requests(const std::string& bytes,
                                  const std::vector<std::string>& pieces) {
  const Parsed whole = parse_requests({bytes});
  if (!pieces.empty() && !(parse_requests(pieces) == whole)) return "depends on the split";
  Llhttp other(HTTP_REQUEST);
  const auto theirs = other.read(std::string_view(bytes).substr(0, whole.used));
  if (is_known_defect(other, bytes)) return {};
  if (!other.fault.empty()) return "llhttp refuses what we accept: " + other.fault;
  if (theirs.size() != whole.messages.size()) return "llhttp counts other messages";
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const Parsed::One& one = whole.messages[i];
    const std::string differs = difference(one, theirs[i]);
    if (!differs.empty()) return "llhttp reads another " + differs;
    Request request(one.method, one.target, one.authority);
    request.headers = one.headers;
    std::string again;
    append_request_head(again, request, WriteFraming(Framing::length, one.body.size()));
    ServerLimits wider;  // Content-Length and Host may have been added
    wider.fields += 2;
    wider.head_bytes += 1024;
    const Parsed reparsed = parse_requests({again + one.body}, wider);
    // Without an authority (HTTP/1.0) there is nothing that HTTP/1.1 could say.
    if (one.authority.empty()) continue;
    if (reparsed.messages.size() != 1) return "what is written again is not one message";
    const Parsed::One& second = reparsed.messages[0];
    if (second.method != one.method || second.target != one.target ||
        second.authority != one.authority || second.body != one.body) {
      return "what is written again reads otherwise";
    }
  }
  return {};
}

inline std::string check_response(const std::string& bytes, const std::vector<std::string>& pieces,
                                  std::string_view method, bool ended) {
  const Parsed whole = parse_response({bytes}, method, ended);
  if (!pieces.empty() && !(parse_response(pieces, method, ended) == whole)) {
    return "depends on the split";
  }
  if (whole.messages.empty()) return {};
  const Parsed::One& one = whole.messages[0];
  // RFC 9112, 6.3: these have no body whatever their fields say; llhttp 8 reads one.
  const bool has_interim = bytes.starts_with("HTTP/1.1 1") || bytes.starts_with("HTTP/1.0 1");
  const bool is_bodiless = one.status == 204 || one.status == 304;
  if (has_interim ||
      (is_bodiless && (one.headers.has("content-length") || one.headers.has("transfer-encoding"))))
    return {};
  Llhttp other(HTTP_RESPONSE);
  other.read(std::string_view(bytes).substr(0, whole.used), method == "HEAD");
  if (is_known_defect(other, bytes)) return {};
  if (!other.fault.empty()) return "llhttp refuses what we accept: " + other.fault;
  other.end();
  if (other.messages().size() != 1) return "llhttp counts other messages";
  const std::string differs = difference(one, other.messages()[0]);
  if (!differs.empty()) return "llhttp reads another " + differs;
  Response response(one.status);
  response.headers = one.headers;
  std::string again;
  const bool has_body = one.status >= 200 && one.status != 204 && one.status != 304;
  const WriteFraming framing(has_body ? Framing::length : Framing::none, one.body.size());
  append_response_head(again, response, framing, ConnectionSays::nothing);
  ClientLimits wider;  // Content-Length may have been added, and a reason
  wider.fields += 1;
  wider.head_bytes += 1024;
  const Parsed reparsed =
      parse_response({again + one.body}, has_body ? "GET" : method, false, wider);
  if (reparsed.messages.size() != 1 || reparsed.messages[0].body != one.body ||
      reparsed.messages[0].status != one.status) {
    return "what is written again reads otherwise";
  }
  return {};
}

}  // namespace http::testing_
