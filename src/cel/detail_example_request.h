#pragma once
// For tests, benchmarks and fuzz targets: a table of attributes like the gateway's and a source
// that reads their values from one JSON document, as a caller's data would come.

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/attributes.h"
#include "cel/convert.h"
#include "json/value.h"

namespace cel {

inline constexpr std::string_view example_methods[] = {"DELETE", "GET", "HEAD", "POST", "PUT"};

inline AttributeTable example_attributes() {
  static const Attribute table[] = {
      {"source", "", Record::closed, Phase::connection, "the caller's connection", {}},
      {"source.address", "string", Record::none, Phase::connection, "the caller's address", {}},
      {"source.port", "int", Record::none, Phase::connection, "the caller's port", {}},
      {"jwt", "", Record::open, Phase::identity, "claims of the verified token", {}},
      {"jwt.sub", "string", Record::none, Phase::identity, "subject", {}},
      {"jwt.iss", "string", Record::none, Phase::identity, "issuer", {}},
      {"jwt.exp", "int", Record::none, Phase::identity, "end of validity", {}},
      {"jwt.aud", "dyn", Record::none, Phase::identity, "audience", {}},
      {"request", "", Record::closed, Phase::request_head, "the HTTP request", {}},
      {"request.method", "string", Record::none, Phase::request_head, "method", example_methods},
      {"request.path", "string", Record::none, Phase::request_head, "path", {}},
      {"request.headers", "map(string, dyn)", Record::none, Phase::request_head, "headers", {}},
      {"request.body", "bytes", Record::none, Phase::request_body, "the body", {}},
      {"mcp", "", Record::closed, Phase::list, "the MCP request", {}},
      {"mcp.methodName", "string", Record::none, Phase::call, "method", {}},
      {"mcp.tool", "", Record::closed, Phase::list, "the tool", {}},
      {"mcp.tool.name", "string", Record::none, Phase::list, "name at the target", {}},
      {"mcp.tool.target", "string", Record::none, Phase::list, "target", {}},
      {"mcp.tool.arguments", "", Record::open, Phase::call, "arguments of the call", {}},
      {"mcp.tool.result", "dyn", Record::none, Phase::response, "result", {}},
      {"mcp.prompt", "", Record::closed, Phase::list, "the prompt", {}},
      {"mcp.prompt.name", "string", Record::none, Phase::list, "name", {}},
      {"mcp.prompt.target", "string", Record::none, Phase::list, "target", {}},
      {"mcp.resource", "", Record::closed, Phase::list, "the resource", {}},
      {"mcp.resource.name", "string", Record::none, Phase::list, "name", {}},
      {"mcp.resource.target", "string", Record::none, Phase::list, "target", {}},
      {"mcp.task", "", Record::closed, Phase::list, "the task", {}},
      {"mcp.task.name", "string", Record::none, Phase::list, "name", {}},
      {"mcp.task.target", "string", Record::none, Phase::list, "target", {}},
      {"response", "", Record::closed, Phase::response, "the response", {}},
      {"response.code", "int", Record::none, Phase::response, "status", {}},
  };
  return table;
}

// Values by path from a document like {"jwt": {...}, "mcp": {"tool": {"name": "echo"}}}. What is
// not in it does not exist; `"jwt": null` is a request without a token.
class ExampleRequest final : public AttributeSource {
 public:
  explicit ExampleRequest(std::string json) : document_(read(std::move(json))) { fill(); }

  Value get(AttributeIndex index, Arena& arena) const override {
    ++reads;
    if (index == tool_index_ && !tool_name.empty()) return Value::of_string(tool_name);
    return found_[index] ? from_json(values_[index], arena)
                         : Value::error(ErrorCode::no_such_key, example_attributes()[index].path);
  }

  std::string_view tool_name;  // if not empty, instead of the document's mcp.tool.name
  mutable int reads = 0;

 private:
  static json::Document read(std::string text) {
    auto document = json::Document::parse(std::move(text));
    if (!document) throw std::invalid_argument(document.error().why());
    return std::move(*document);
  }

  void fill() {
    const AttributeTable table = example_attributes();
    values_.resize(table.size());
    found_.resize(table.size());
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (table[i].path == "mcp.tool.name") tool_index_ = static_cast<AttributeIndex>(i);
      json::Value value = document_.root();
      std::string_view rest = table[i].path;
      bool is_there = true;
      while (is_there && !rest.empty()) {
        const std::size_t dot = std::min(rest.find('.'), rest.size());
        const auto member = value.find(rest.substr(0, dot));
        is_there = member.has_value();
        if (is_there) value = *member;
        rest.remove_prefix(std::min(dot + 1, rest.size()));
      }
      // A record that is null (no token) does not exist.
      found_[i] = is_there && !(table[i].record != Record::none && value.is_null());
      values_[i] = value;
    }
  }

  json::Document document_;
  std::vector<json::Value> values_;
  std::vector<bool> found_;
  AttributeIndex tool_index_ = 0;
};

}  // namespace cel
