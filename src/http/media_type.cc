#include "http/media_type.h"

#include <algorithm>

#include "base/text.h"
#include "http/detail_line.h"

namespace http {

namespace {

// Takes a token from the front; it may be empty.
std::string_view take_token(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && lower_token(text[size]) != 0) ++size;
  const std::string_view token = text.substr(0, size);
  text.remove_prefix(size);
  return token;
}

// Takes a quoted string from the front and gives its content; nothing if it has no end.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string content;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return content;
    }
    if (text[at] == '\\') ++at;
    if (at < text.size()) content.push_back(text[at]);
  }
  return std::nullopt;
}

// Takes a token or a quoted string; nothing if there is neither.
std::optional<std::string> take_word(std::string_view& text) {
  if (text.starts_with('"')) return take_quoted(text);
  const std::string_view token = take_token(text);
  if (token.empty()) return std::nullopt;
  return std::string(token);
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

// Takes name=value from the front; nothing if that is not what stands there.
std::optional<std::pair<std::string, std::string>> take_parameter(std::string_view& text) {
  std::string name = base::to_lower(take_token(text));
  if (name.empty() || text.empty() || text.front() != '=') return std::nullopt;
  text.remove_prefix(1);
  std::optional<std::string> value = take_word(text);
  if (!value) return std::nullopt;
  skip_spaces(text);
  return std::pair(std::move(name), std::move(*value));
}

// The end of a list element: the first comma outside quotes.
std::size_t element_end(std::string_view list) {
  bool is_quoted = false;
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (list[at] == '"') is_quoted = !is_quoted;
    if (is_quoted && list[at] == '\\') ++at;
    if (!is_quoted && at < list.size() && list[at] == ',') return at;
  }
  return list.size();
}

// RFC 9110, 12.4.2: 0 to 1 with up to three decimals. Only whether it is 0 matters here.
bool is_zero_weight(std::string_view weight) {
  return !weight.empty() && weight.front() == '0' &&
         weight.find_first_not_of("0.") == std::string_view::npos;
}

// How exactly `range` names `essence`: 3 exactly, 2 by type/*, 1 by */*, 0 not at all. Letters of
// the range may be of either case.
int exactness(std::string_view range, std::string_view essence) {
  if (equals_lower(range, essence)) return 3;
  if (range == "*/*") return 1;
  const std::size_t slash = essence.find('/');
  const bool is_type_range = range.ends_with("/*") && range.size() == slash + 2;
  return is_type_range && equals_lower(range.substr(0, slash), essence.substr(0, slash)) ? 2 : 0;
}

// Whether the element of an Accept field with these parameters allows what it names; nothing if it
// is malformed.
std::optional<bool> allows(std::string_view element) {
  if (element.find(';') == std::string_view::npos) return true;
  const Result<MediaType> range = MediaType::parse(element);
  if (!range) return std::nullopt;
  return !is_zero_weight(range->parameter("q").value_or("1"));
}

}  // namespace

Result<MediaType> MediaType::parse(std::string_view text) {
  MediaType type;
  text = base::trim(text);
  const std::size_t semicolon = std::min(text.find(';'), text.size());
  type.essence_ = base::to_lower(base::trim(text.substr(0, semicolon)));
  const std::size_t slash = type.essence_.find('/');
  if (slash == std::string::npos || !is_token(std::string_view(type.essence_).substr(0, slash)) ||
      !is_token(std::string_view(type.essence_).substr(slash + 1))) {
    return failed(Fault::bad_request, "not a media type");
  }
  text.remove_prefix(semicolon);
  while (!text.empty()) {
    if (text.front() != ';')
      return failed(Fault::bad_request, "invalid parameters of a media type");
    text.remove_prefix(1);
    skip_spaces(text);
    if (text.empty() || text.front() == ';') continue;  // RFC 9110, 5.6.6 allows empty ones
    auto parameter = take_parameter(text);
    if (!parameter) return failed(Fault::bad_request, "invalid parameters of a media type");
    type.parameters_.push_back(std::move(*parameter));
  }
  return type;
}

std::optional<std::string_view> MediaType::parameter(std::string_view name) const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  if (found == parameters_.end()) return std::nullopt;
  return found->second;
}

bool accepts(std::string_view accept, std::string_view essence) {
  int best = 0;
  bool is_allowed = false;
  while (!accept.empty()) {
    const std::size_t end = element_end(accept);
    const std::string_view element = accept.substr(0, end);
    accept.remove_prefix(std::min(end + 1, accept.size()));
    // What names something else is of no interest, well-formed or not.
    const int exact = exactness(base::trim(element.substr(0, element.find(';'))), essence);
    if (exact == 0 || exact < best) continue;
    const std::optional<bool> verdict = allows(element);
    if (!verdict) continue;
    is_allowed = exact == best ? is_allowed || *verdict : *verdict;
    best = exact;
  }
  return is_allowed;
}

bool is_utf8_media_type(std::string_view content_type, std::string_view essence) {
  if (content_type == essence) return true;  // as nearly everybody writes it
  const Result<MediaType> type = MediaType::parse(content_type);
  if (!type || !type->is(essence)) return false;
  const auto charset = type->parameter("charset");
  return !charset || base::equal_ignoring_case(*charset, "utf-8");
}

}  // namespace http
