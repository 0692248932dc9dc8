// An OpenAPI document (3.0, 3.1) as operations, each with the schema of its arguments.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "base/uri.h"
#include "json/write.h"
#include "upstream/detail_openapi.h"

namespace upstream {
namespace {

using In = OpenApiOperation::In;

constexpr std::size_t name_max = 128;
constexpr std::size_t title_max = 64;
constexpr std::size_t depth_max = 32;
constexpr std::size_t values_max = 5000;  // of one operation's schema
constexpr std::array<std::string_view, 5> methods = {"get", "put", "post", "delete", "patch"};
// What says how a message is framed, to whom it goes and who sends it is not a caller's.
constexpr std::array<std::string_view, 12> reserved_headers = {
    "accept", "authorization", "connection", "content-length",    "content-type", "cookie",
    "expect", "host",          "te",         "transfer-encoding", "trailer",      "upgrade"};

template <class List>
bool has(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_field_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return base::is_alnum(c) || c == '-' || c == '_'; });
}

std::string_view text_at(json::Value value, std::string_view name) {
  return value.find_string(name).value_or("");
}

bool is_true(json::Value value, std::string_view name) {
  const auto found = value.find(name);
  return found && found->as_bool().value_or(false);
}

// A step of a JSON pointer (RFC 6901).
std::string unescaped(std::string_view step) {
  std::string text = percent_decode(step).value_or(std::string(step));
  for (const auto& [from, to] : {std::pair<const char*, const char*>{"~1", "/"}, {"~0", "~"}}) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
      text.replace(at, 2, to);
    }
  }
  return text;
}

// Follows references within the document; nothing if one leads nowhere, or in a circle.
class References {
 public:
  explicit References(json::Value root) : root_(root) {}

  std::optional<json::Value> at(std::string_view reference) const {
    if (!reference.starts_with("#/")) return std::nullopt;
    std::optional<json::Value> value = root_;
    for (const std::string_view step : base::split(reference.substr(2), '/')) {
      value = value->find(unescaped(step));
      if (!value) return std::nullopt;
    }
    return value;
  }
  std::optional<json::Value> resolved(json::Value value) const {
    for (std::size_t steps = 0; steps < depth_max; ++steps) {
      const auto reference = value.find_string("$ref");
      if (!reference) return value;
      const auto next = at(*reference);
      if (!next) return std::nullopt;
      value = *next;
    }
    return std::nullopt;
  }

 private:
  json::Value root_;
};

// Writes a schema so that it stands for itself: references are what they name, circles end in a
// schema that fits anything.
class SchemaText {
 public:
  SchemaText(const References& references, json::Writer& out)
      : references_(references), out_(out) {}

  // `description` is its description if it has none of its own.
  void write(json::Value schema, std::string_view description = {}) {
    const std::string reference(text_at(schema, "$ref"));
    const bool ends = path_.size() >= depth_max || ++values_ > values_max ||
                      has(path_, reference) || !schema.is_object();
    if (ends && !(schema.as_bool() && reference.empty())) {
      out_.begin_object().end_object();
      return;
    }
    if (schema.as_bool()) {
      out_.value(schema);
      return;
    }
    path_.push_back(reference.empty() ? "(inline)" + std::to_string(path_.size()) : reference);
    const auto named = reference.empty() ? std::optional(schema) : references_.at(reference);
    if (!reference.empty() && named) {
      write(*named, description);
    } else if (named) {
      write_members(*named, description);
    } else {
      out_.begin_object().end_object();
    }
    path_.pop_back();
  }

 private:
  void write_members(json::Value schema, std::string_view description) {
    out_.begin_object();
    if (!description.empty() && !schema.find("description")) {
      out_.name("description").string(description);
    }
    for (const auto [name, value] : schema.members()) write_member(schema, name, value);
    out_.end_object();
  }

  // What is of no use to a caller, or said otherwise since 3.1.
  static bool is_dropped(std::string_view name, json::Value value) {
    constexpr std::array<std::string_view, 9> dropped = {
        "xml",      "example",  "examples",  "externalDocs", "discriminator",
        "nullable", "readOnly", "writeOnly", "$id"};
    const bool is_flag = name.starts_with("exclusiveM") && value.as_bool();
    return has(dropped, name) || is_flag || name.starts_with("x-");
  }

  void write_map(json::Value schemas) {
    out_.begin_object();
    for (const auto [key, one] : schemas.members()) {
      out_.name(key);
      write(one);
    }
    out_.end_object();
  }

  void write_list(json::Value schemas) {
    out_.begin_array();
    for (const json::Value one : schemas.elements()) write(one);
    out_.end_array();
  }

  void write_member(json::Value schema, std::string_view name, json::Value value) {
    constexpr std::array<std::string_view, 3> maps = {"properties", "patternProperties", "$defs"};
    constexpr std::array<std::string_view, 7> schemas = {
        "items", "additionalProperties", "not", "if", "then", "else", "contains"};
    constexpr std::array<std::string_view, 4> lists = {"allOf", "anyOf", "oneOf", "prefixItems"};
    if (is_dropped(name, value)) return;
    out_.name(name);
    if (has(maps, name) && value.is_object()) {
      write_map(value);
    } else if (has(schemas, name) && !value.is_array()) {
      write(value);
    } else if (has(lists, name) && value.is_array()) {
      write_list(value);
    } else if (name == "type" && value.is_string() && is_true(schema, "nullable")) {
      out_.begin_array().value(value).string("null").end_array();
    } else {
      out_.value(value);
    }
  }

  const References& references_;
  json::Writer& out_;
  std::vector<std::string> path_;  // of references and schemas that are being written
  std::size_t values_ = 0;
};

struct ReadParameter {
  OpenApiOperation::Parameter parameter;
  bool is_required;
  json::Value said;
};

// One operation being read. `error` says why it cannot be offered.
class OperationReader {
 public:
  OperationReader(const References& references, std::string_view path, std::string_view method)
      : references_(references) {
    made_.path = std::string(path);
    made_.method = base::to_upper(method);
  }

  Result<OpenApiOperation> read(json::Value item, json::Value operation) {
    made_.name = name_of(operation);
    TRY(read_parameters(item));
    TRY(read_parameters(operation));
    TRY(read_body(operation));
    TRY(check_path());
    const std::string schema = schema_text();
    TRY(auto document, json::Document::parse(schema));
    made_.schema = std::make_shared<const json::Document>(std::move(document));
    made_.tool = tool_text(operation, schema);
    return std::move(made_);
  }

 private:
  static Error cannot(std::string why) { return {Fault::bad_request, std::move(why)}; }

  // Its id, or else what it does where, in characters that every client takes for a tool's name.
  std::string name_of(json::Value operation) const {
    std::string name(text_at(operation, "operationId"));
    if (name.empty()) name = base::to_lower(made_.method) + made_.path;
    std::string plain;
    for (const char c : name) {
      const bool is_plain = base::is_alnum(c) || c == '_' || c == '-' || c == '.';
      if (is_plain) plain += c;
      if (!is_plain && !plain.empty() && plain.back() != '_') plain += '_';
    }
    while (plain.ends_with('_')) plain.pop_back();
    return plain.substr(0, name_max);
  }

  Result<> read_parameters(json::Value from) {
    const auto list = from.find("parameters");
    if (!list) return {};
    for (const json::Value one : list->elements()) {
      const auto said = references_.resolved(one);
      if (!said) return tl::unexpected(cannot("a parameter refers to nothing"));
      TRY(read_parameter(*said));
    }
    return {};
  }

  // Why a parameter cannot be sent; empty if it can.
  static std::string fault_of(json::Value said) {
    const std::string name(text_at(said, "name"));
    const std::string_view in = text_at(said, "in");
    const std::string_view usual = in == "query" ? "form" : "simple";
    if (name.empty()) return "a parameter has no name";
    if (in == "cookie") return "cookie parameters are not supported";
    if (in != "path" && in != "query" && in != "header") return "a parameter is nowhere";
    if (in == "header" && !is_field_name(name))
      return "`" + name + "` is no name of a header field";
    if (said.find("content")) return "a parameter has `content`";
    const bool is_usual = said.find_string("style").value_or(usual) == usual;
    return is_usual ? "" : "the `style` of `" + name + "` is not supported";
  }

  Result<> read_parameter(json::Value said) {
    const std::string fault = fault_of(said);
    if (!fault.empty()) return tl::unexpected(cannot(fault));
    const std::string name(text_at(said, "name"));
    const std::string_view in = text_at(said, "in");
    if (in == "header" && has(reserved_headers, base::to_lower(name))) return {};
    const auto explode = said.find("explode");
    const In place = in == "path" ? In::path : in == "query" ? In::query : In::header;
    const bool explodes = explode ? explode->as_bool().value_or(false) : place == In::query;
    const bool is_required = place == In::path || is_true(said, "required");
    // An operation's own takes the place of its path's.
    std::erase_if(parameters_, [&](const ReadParameter& other) {
      return other.parameter.name == name && other.parameter.in == place;
    });
    parameters_.push_back({{name, place, explodes}, is_required, said});
    return {};
  }

  Result<> read_body(json::Value operation) {
    const auto said = operation.find("requestBody");
    if (!said) return {};
    const auto body = references_.resolved(*said);
    const auto content = body ? body->find("content") : std::nullopt;
    if (!content) return tl::unexpected(cannot("the request body is not described"));
    is_body_required_ = is_true(*body, "required");
    for (const auto [type, how] : content->members()) {
      const std::string essence = base::to_lower(base::trim(type.substr(0, type.find(';'))));
      if (essence != "application/json") continue;
      made_.body = OpenApiOperation::BodyKind::json;
      body_schema_ = how.find("schema");
      return {};
    }
    if (content->find("application/octet-stream")) {
      made_.body = OpenApiOperation::BodyKind::bytes;
      return {};
    }
    return tl::unexpected(cannot("the request body is neither JSON nor application/octet-stream"));
  }

  // Every name in the path is a parameter, and the other way round.
  Result<> check_path() const {
    std::set<std::string> named;
    const std::string& path = made_.path;
    for (std::size_t open = path.find('{'); open != std::string::npos;
         open = path.find('{', open + 1)) {
      const std::size_t close = path.find('}', open);
      if (close == std::string::npos) return tl::unexpected(cannot("the path is malformed"));
      named.insert(path.substr(open + 1, close - open - 1));
    }
    for (const ReadParameter& one : parameters_) {
      if (one.parameter.in == In::path && named.erase(one.parameter.name) == 0) {
        return tl::unexpected(cannot("`" + one.parameter.name + "` is not in the path"));
      }
    }
    if (!named.empty()) return tl::unexpected(cannot("`" + *named.begin() + "` is not described"));
    return {};
  }

  void write_group(In in, std::string_view group, SchemaText& schemas, json::Writer& out,
                   std::vector<std::string>& required) {
    std::vector<std::string> needed;
    bool is_any = false;
    for (const ReadParameter& one : parameters_) is_any = is_any || one.parameter.in == in;
    if (!is_any) return;
    out.name(group).begin_object().name("type").string("object").name("properties").begin_object();
    for (const ReadParameter& one : parameters_) {
      if (one.parameter.in != in) continue;
      out.name(one.parameter.name);
      schemas.write(one.said.find("schema").value_or(json::Value()),
                    text_at(one.said, "description"));
      if (one.is_required) needed.push_back(one.parameter.name);
      made_.parameters.push_back(one.parameter);
    }
    out.end_object();
    if (!needed.empty()) required.emplace_back(group);
    write_required(needed, out);
    out.name("additionalProperties").boolean(false).end_object();
  }

  static void write_required(const std::vector<std::string>& names, json::Writer& out) {
    if (names.empty()) return;
    out.name("required").begin_array();
    for (const std::string& name : names) out.string(name);
    out.end_array();
  }

  std::string schema_text() {
    json::Writer out;
    SchemaText schemas(references_, out);
    std::vector<std::string> required;
    out.begin_object().name("type").string("object").name("properties").begin_object();
    write_group(In::path, "path", schemas, out, required);
    write_group(In::query, "query", schemas, out, required);
    write_group(In::header, "header", schemas, out, required);
    if (made_.body == OpenApiOperation::BodyKind::json) {
      out.name("body");
      schemas.write(body_schema_.value_or(json::Value()));
    } else if (made_.body == OpenApiOperation::BodyKind::bytes) {
      out.name("body").begin_object().name("type").string("string");
      out.name("description").string("The bytes, in base64.").end_object();
    }
    if (is_body_required_) required.emplace_back("body");
    out.end_object();
    write_required(required, out);
    return out.name("additionalProperties").boolean(false).end_object().take();
  }

  std::string tool_text(json::Value operation, const std::string& schema) const {
    const std::string_view summary = text_at(operation, "summary");
    std::string_view description = text_at(operation, "description");
    if (description.empty()) description = summary.empty() ? std::string_view(made_.name) : summary;
    json::Writer out;
    out.begin_object().name("name").string(made_.name);
    // A cut within a character would become another one.
    const bool is_short = !summary.empty() && summary.size() <= title_max;
    if (is_short) out.name("title").string(summary);
    out.name("description").string(description);
    out.name("inputSchema").raw(schema);
    if (made_.method == "GET") {
      out.name("annotations").begin_object().name("readOnlyHint").boolean(true).end_object();
    }
    return out.end_object().take();
  }

  const References& references_;
  OpenApiOperation made_;
  std::vector<ReadParameter> parameters_;
  std::optional<json::Value> body_schema_;
  bool is_body_required_ = false;
};

std::optional<std::string> base_path_of(json::Value root) {
  const auto servers = root.find("servers");
  if (!servers || servers->size() == 0) return "";
  if (servers->size() > 1) return std::nullopt;
  std::string_view url;
  for (const json::Value server : servers->elements()) url = text_at(server, "url");
  std::string path(url);
  if (const auto uri = Uri::parse(url)) path = uri->target();
  while (path.ends_with('/')) path.pop_back();
  if (!path.empty() && (!is_valid_target(path) || path.find('?') != std::string::npos)) return {};
  return path;
}

}  // namespace

Result<OpenApiDocument> OpenApiDocument::parse(std::string text) {
  if (text.size() > bytes_max) return failed(Fault::bad_request, "the document is too long");
  auto document = json::Document::parse(std::move(text));
  if (!document) return failed(Fault::bad_request, "no JSON: " + document.error().why());
  const json::Value root = document->root();
  const auto paths = root.find("paths");
  if (!text_at(root, "openapi").starts_with("3.") || !paths || !paths->is_object()) {
    return failed(Fault::bad_request, "no OpenAPI 3 document with `paths`");
  }
  OpenApiDocument made;
  const auto info = root.find("info");
  made.version_ = info ? text_at(*info, "version") : "";
  made.base_path_ = base_path_of(root);
  const References references(root);
  for (const auto [path, said] : paths->members()) {
    const auto item = references.resolved(said);
    if (!item || !path.starts_with('/')) continue;
    for (const std::string_view method : methods) {
      const auto operation = item->find(method);
      if (!operation || !operation->is_object()) continue;
      const std::string what = std::string(method) + " " + std::string(path);
      made.add(what, OperationReader(references, path, method).read(*item, *operation));
    }
  }
  if (!made.operations_.empty()) return made;
  const std::string why = made.left_out_.empty() ? "" : ": " + made.left_out_.front();
  return failed(Fault::bad_request, "no operation that can be offered" + why);
}

void OpenApiDocument::add(const std::string& what, Result<OpenApiOperation> read) {
  std::string why;
  if (!read) {
    why = read.error().why();
  } else if (operations_.size() >= operations_max) {
    why = "too many operations";
  } else if (read->name.empty() || find(read->name) != nullptr) {
    why = "another operation has the same name";
  }
  if (why.empty()) {
    operations_.push_back(std::move(*read));
  } else {
    left_out_.push_back(what + ": " + why);
  }
}

const OpenApiOperation* OpenApiDocument::find(std::string_view name) const {
  const auto found =
      std::find_if(operations_.begin(), operations_.end(),
                   [&](const OpenApiOperation& operation) { return operation.name == name; });
  return found == operations_.end() ? nullptr : &*found;
}

std::string OpenApiDocument::tools() const {
  json::Writer out;
  out.begin_object().name("tools").begin_array();
  for (const OpenApiOperation& operation : operations_) out.raw(operation.tool);
  return out.end_array().end_object().take();
}

}  // namespace upstream
