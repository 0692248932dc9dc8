#pragma once
// The parts of an OpenAPI target: the document, arguments, requests and answers. No I/O.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "json/value.h"

namespace upstream {

// One operation as a tool. Its arguments are grouped: {path: {}, query: {}, header: {}, body}.
class OpenApiOperation {
 public:
  enum class In { path, query, header };
  struct Parameter {
    std::string name;
    In in;
    bool explodes;  // a list in the query is several parameters
  };
  enum class BodyKind { none, json, bytes };

  std::string name;
  std::string method;  // upper case
  std::string path;    // with {names} in it
  std::vector<Parameter> parameters;
  BodyKind body = BodyKind::none;
  std::string tool;                              // as tools/list has it
  std::shared_ptr<const json::Document> schema;  // of the arguments
};

class OpenApiDocument {
 public:
  static constexpr std::size_t operations_max = 1000;
  static constexpr std::size_t bytes_max = std::size_t{8} << 20;
  // Of tools(): references make it longer than the document.
  static constexpr std::size_t tools_bytes_max = std::size_t{4} << 20;

  // Fault::bad_request if the text is no OpenAPI 3 document, or no operation of it can be offered.
  static Result<OpenApiDocument> parse(std::string text);

  const OpenApiOperation* find(std::string_view name) const;
  // The result of tools/list.
  const std::string& tools() const { return tools_; }
  const std::string& version() const { return version_; }
  // The path of the only server it names, or that of none. Fault::bad_request with the reason if
  // there are several, or what it names is no path.
  const Result<std::string>& base_path() const { return base_path_; }
  const std::vector<OpenApiOperation>& operations() const { return operations_; }
  // Operations that are not offered, and why.
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  Result<> read(json::Value root, json::Value paths);
  void add(const std::string& what, Result<OpenApiOperation> read);

  std::string version_;
  Result<std::string> base_path_;
  std::vector<OpenApiOperation> operations_;
  std::string tools_;
  std::size_t tools_bytes_ = 0;
  std::vector<std::string> left_out_;
};

// Whether the value fits the schema, by what most schemas are made of: types, members, lists,
// enumerations, sizes and ranges, combinations. What else a schema says is left to the service.
// Fault::bad_request with the place and what is wrong there, or if there is too much to check.
Result<> check_value(json::Value schema, json::Value value);

// The request of a call, whose arguments were checked; its target begins with `base_path`.
// Fault::bad_request if an argument cannot stand where it belongs.
Result<http::Request> request_of(const OpenApiOperation& operation, json::Value arguments,
                                 std::string_view base_path);

// The result of a call: what a service answered with 2xx, or with 4xx as an error of the tool.
// Fault::upstream_failed, or unavailable, for everything else.
Result<std::string> tool_result(const http::Response& answer, std::string body);
// The result of a call that was not sent.
std::string tool_error(std::string_view why);

}  // namespace upstream
