// Requests of an OpenAPI target, and what their answers are for a client.

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"
#include "base/uri.h"
#include "http/media_type.h"
#include "json/write.h"
#include "upstream/detail_dialog.h"
#include "upstream/detail_openapi.h"

namespace upstream {
namespace {

using In = OpenApiOperation::In;

constexpr std::size_t target_size_max = std::size_t{16} * 1024;
constexpr std::size_t error_words_max = std::size_t{16} * 1024;

Error unfit(const std::string& name, const char* why) {
  return {Fault::bad_request, "`" + name + "`: " + why};
}

// Strings, numbers and booleans as they are; nothing else has one plain spelling.
std::optional<std::string> plain(json::Value value) {
  if (const auto text = value.as_string()) return std::string(*text);
  if (value.is_number()) return std::string(value.number_text());
  if (const auto truth = value.as_bool()) return *truth ? "true" : "false";
  return std::nullopt;
}

// A value, or each of a list's.
Result<std::vector<std::string>> plain_values(const std::string& name, json::Value value) {
  std::vector<std::string> values;
  if (const auto one = plain(value)) {
    values.push_back(*one);
    return values;
  }
  if (!value.is_array()) return tl::unexpected(unfit(name, "an object cannot stand there"));
  for (const json::Value element : value.elements()) {
    auto one = plain(element);
    if (!one) return tl::unexpected(unfit(name, "only plain values can stand in that list"));
    values.push_back(std::move(*one));
  }
  return values;
}

class Building {
 public:
  Building(const OpenApiOperation& operation, json::Value arguments)
      : operation_(operation), arguments_(arguments) {}

  Result<http::Request> build(std::string_view base_path) {
    std::string path(base_path);
    TRY(add_path(path));
    TRY(const std::string query, query_text());
    if (!query.empty()) path += "?" + query;
    if (path.size() > target_size_max) return failed(Fault::bad_request, "the address is too long");
    // What a parameter holds must not become another path.
    if (!is_valid_target(path) || has_dot_segment(path.substr(0, path.find('?')))) {
      return failed(Fault::bad_request, "the parameters of the path make no path of the service");
    }
    http::Request request(operation_.method, path);
    request.headers.add("accept", "application/json, */*;q=0.5");
    request.headers.add("accept-encoding", "identity");
    TRY(add_headers(request));
    TRY(add_body(request));
    return request;
  }

 private:
  std::optional<json::Value> argument(std::string_view group, const std::string& name) const {
    const auto members = arguments_.find(group);
    const auto found = members ? members->find(name) : std::nullopt;
    return found && !found->is_null() ? found : std::nullopt;
  }

  Result<> add_path(std::string& path) const {
    std::string_view rest = operation_.path;
    for (std::size_t open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
      const std::size_t close = rest.find('}', open);
      if (close == std::string_view::npos) break;
      const std::string name(rest.substr(open + 1, close - open - 1));
      path += rest.substr(0, open);
      const auto value = argument("path", name);
      if (!value) return tl::unexpected(unfit(name, "is missing"));
      TRY(const auto values, plain_values(name, *value));
      if (values.empty()) return tl::unexpected(unfit(name, "is empty"));
      std::vector<std::string> escaped;
      for (const std::string& one : values) {
        if (one.empty()) return tl::unexpected(unfit(name, "is empty"));
        escaped.push_back(percent_encode(one));
      }
      path += base::join(escaped, ",");
      rest.remove_prefix(close + 1);
    }
    path += rest;
    return {};
  }

  Result<std::string> query_text() const {
    std::string query;
    for (const auto& parameter : operation_.parameters) {
      const auto value = argument("query", parameter.name);
      if (parameter.in != In::query || !value) continue;
      TRY(const auto values, plain_values(parameter.name, *value));
      const std::string start = percent_encode(parameter.name) + "=";
      std::vector<std::string> escaped;
      for (const std::string& one : values) escaped.push_back(percent_encode(one));
      const std::string text = base::join(escaped, parameter.explodes ? "&" + start : ",");
      const bool is_empty = parameter.explodes && escaped.empty();
      if (!is_empty) query += (query.empty() ? "" : "&") + start + text;
    }
    return query;
  }

  Result<> add_headers(http::Request& request) const {
    for (const auto& parameter : operation_.parameters) {
      if (parameter.in != In::header) continue;
      const auto value = argument("header", parameter.name);
      if (!value) continue;
      TRY(const auto values, plain_values(parameter.name, *value));
      const std::string text = base::join(values, ",");
      const bool is_visible =
          std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
      if (!is_visible) {
        return tl::unexpected(unfit(parameter.name, "cannot stand in a header field"));
      }
      request.headers.set(base::to_lower(parameter.name), base::trim(text));
    }
    return {};
  }

  Result<> add_body(http::Request& request) const {
    const auto body = arguments_.find("body");
    if (!body || operation_.body == OpenApiOperation::BodyKind::none) return {};
    if (operation_.body == OpenApiOperation::BodyKind::json) {
      request.headers.add("content-type", "application/json");
      request.body = http::Body(std::string(body->raw()));
      return {};
    }
    auto bytes = base::base64_decode(body->as_string().value_or("="), base::Padding::optional);
    if (!bytes) return tl::unexpected(unfit("body", "is no base64"));
    request.headers.add("content-type", "application/octet-stream");
    request.body = http::Body(std::move(*bytes));
    return {};
  }

  const OpenApiOperation& operation_;
  json::Value arguments_;
};

bool is_json(const http::Response& answer) {
  const auto value = answer.headers.find("content-type");
  const auto type = http::MediaType::parse(value.value_or(""));
  return type && (type->essence() == "application/json" || type->essence().ends_with("+json"));
}

void write_text(json::Writer& out, std::string_view text) {
  out.name("content").begin_array().begin_object();
  out.name("type").string("text").name("text").string(text);
  out.end_object().end_array();
}

}  // namespace

Result<http::Request> request_of(const OpenApiOperation& operation, json::Value arguments,
                                 std::string_view base_path) {
  return Building(operation, arguments).build(base_path);
}

std::string tool_error(std::string_view why) {
  json::Writer out;
  out.begin_object();
  write_text(out, why);
  return out.name("isError").boolean(true).end_object().take();
}

Result<std::string> tool_result(const http::Response& answer, std::string body) {
  const std::string status = "HTTP " + std::to_string(answer.status);
  if (answer.status >= 400 && answer.status < 500) {
    const std::string words = base::printable(body, error_words_max);
    return tool_error(words.empty() ? status : status + ": " + words);
  }
  if (answer.status < 200 || answer.status >= 300) {
    const bool is_busy = answer.status >= 502 && answer.status <= 504;
    return failed(is_busy ? Fault::unavailable : Fault::upstream_failed,
                  "the service answered " + status);
  }
  json::Writer out;
  out.begin_object();
  if (body.empty()) {
    write_text(out, status);
    return out.end_object().take();
  }
  if (!is_json(answer)) {
    const bool is_text = std::find(body.begin(), body.end(), '\0') == body.end();
    const std::string words = "an answer of " + std::to_string(body.size()) + " bytes";
    write_text(out, is_text ? std::string_view(body) : std::string_view(words));
    return out.end_object().take();
  }
  auto document = json::Document::parse(std::move(body), answer_limits);
  if (!document) {
    const bool is_too_large = document.error().fault() == Fault::too_large;
    return failed(Fault::upstream_failed,
                  is_too_large ? "the service's answer has too many values, or too deep"
                               : "the service's answer is no JSON");
  }
  const json::Value root = document->root();
  write_text(out, root.raw());
  out.name("structuredContent");
  if (root.is_object()) {
    out.value(root);
  } else {
    out.begin_object().name("data").value(root).end_object();
  }
  return out.end_object().take();
}

}  // namespace upstream
