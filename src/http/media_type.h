#pragma once
// Content-Type and Accept, read by their grammar (RFC 9110, 8.3.1 and 12.5.1): application/jsonp is
// not application/json, whatever its first bytes are.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace http {

class MediaType {
 public:
  // Fault::bad_request for what is not type/subtype *( ; name=value ).
  static Result<MediaType> parse(std::string_view text);

  const std::string& essence() const { return essence_; }  // "application/json", lower case
  bool is(std::string_view essence) const { return essence_ == essence; }
  // A parameter's value, unquoted; the name in lower case.
  std::optional<std::string_view> parameter(std::string_view name) const;

 private:
  std::string essence_;
  std::vector<std::pair<std::string, std::string>> parameters_;
};

// Whether an Accept field allows `essence` ("text/event-stream"): an exact range before type/*
// before
// */*, and a weight of 0 forbids. An empty field allows nothing; where there is no field at all, do
// not ask. Several Accept fields are to be joined with ", ".
bool accepts(std::string_view accept, std::string_view essence);

// True only if `content_type` is `essence`, with no charset or with utf-8.
bool is_utf8_media_type(std::string_view content_type, std::string_view essence);

}  // namespace http
