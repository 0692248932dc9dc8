// An OpenAPI document (3.0, 3.1) as operations, each with the schema of its arguments.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "base/uri.h"
#include "json/write.h"
#include "upstream/detail_openapi.h"
#include "upstream/detail_openapi_schema.h"

namespace upstream {
namespace {

using In = OpenApiOperation::In;

constexpr std::size_t name_max = 128;
constexpr std::size_t title_max = 64;
constexpr std::size_t description_max = std::size_t{64} * 1024;
constexpr std::size_t parameters_max = 256;
// Operations that are read, offered or not; and what their schemas may be together, so that a
// document of references cannot be as long as it likes.
constexpr std::size_t read_max = 5 * OpenApiDocument::operations_max;
constexpr std::size_t schemas_bytes_max = 8 * OpenApiDocument::tools_bytes_max;
constexpr json::Limits document_limits{.depth_max = 128, .members_max = 1'000'000};
// Less, for what is around them in a message.
constexpr json::Limits schema_limits{.depth_max = 116, .members_max = 1'000'000};
constexpr json::Limits tools_limits{.depth_max = 120, .members_max = 999'000};
constexpr std::array<std::string_view, 5> methods = {"get", "put", "post", "delete", "patch"};
// What says how a message is framed, to whom and for what it goes and who sends it is not a
// caller's.
constexpr std::array<std::string_view, 23> reserved_headers = {"accept",
                                                               "accept-encoding",
                                                               "authorization",
                                                               "connection",
                                                               "content-type",
                                                               "content-length",
                                                               "cookie",
                                                               "dpop",
                                                               "expect",
                                                               "forwarded",
                                                               "host",
                                                               "keep-alive",
                                                               "te",
                                                               "trailer",
                                                               "transfer-encoding",
                                                               "true-client-ip",
                                                               "upgrade",
                                                               "via",
                                                               "x-http-method-override",
                                                               "x-method-override",
                                                               "x-original-url",
                                                               "x-real-ip",
                                                               "x-rewrite-url"};
constexpr std::array<std::string_view, 3> reserved_prefixes = {"mcp-", "proxy-", "x-forwarded-"};

template <class List>
bool has(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_field_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return base::is_alnum(c) || c == '-' || c == '_'; });
}

// To many services, and to what is in front of them, `_` is another `-`.
bool is_reserved(std::string_view header) {
  std::string name = base::to_lower(header);
  std::replace(name.begin(), name.end(), '_', '-');
  return has(reserved_headers, name) ||
         std::any_of(reserved_prefixes.begin(), reserved_prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

struct ReadParameter {
  OpenApiOperation::Parameter parameter;
  bool is_required;
  json::Value said;
};

// One operation being read.
class OperationReader {
 public:
  OperationReader(const References& references, std::string_view path, std::string_view method)
      : references_(references) {
    made_.path = std::string(path);
    made_.method = base::to_upper(method);
  }

  Result<OpenApiOperation> read(json::Value item, json::Value operation) {
    made_.name = name_of(operation);
    if (item.find("servers") || operation.find("servers")) {
      return tl::unexpected(cannot("it has servers of its own"));
    }
    TRY(read_parameters(item));
    TRY(read_parameters(operation));
    TRY(read_body(operation));
    TRY(check_path());
    TRY(const std::string schema, schema_text());
    auto document = json::Document::parse(schema, schema_limits);
    if (!document) return tl::unexpected(cannot("its schema is nested too deeply"));
    made_.schema = std::make_shared<const json::Document>(std::move(*document));
    TRY(made_.tool, tool_text(operation, schema));
    return std::move(made_);
  }
  // Of its schema, as far as that was written.
  std::size_t bytes() const { return bytes_; }

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
      if (parameters_.size() > parameters_max) {
        return tl::unexpected(cannot("it has too many parameters"));
      }
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
    if (in == "header" && is_reserved(name)) return {};
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
    std::string_view rest = made_.path;
    std::string example;
    for (std::size_t open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
      const std::size_t close = rest.find('}', open);
      if (close == std::string_view::npos) break;
      named.emplace(rest.substr(open + 1, close - open - 1));
      example += std::string(rest.substr(0, open)) + "x";
      rest.remove_prefix(close + 1);
    }
    example += rest;
    const bool is_path = is_valid_target(example) && !has_dot_segment(example) &&
                         example.find('?') == std::string::npos;
    if (!is_path) return tl::unexpected(cannot("the path is malformed"));
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

  Result<std::string> schema_text() {
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
    bytes_ = schemas.bytes();
    if (schemas.is_too_long()) return tl::unexpected(cannot("its schema is too long"));
    return out.name("additionalProperties").boolean(false).end_object().take();
  }

  Result<std::string> tool_text(json::Value operation, const std::string& schema) const {
    const std::string_view summary = text_at(operation, "summary");
    std::string_view description = text_at(operation, "description");
    if (description.empty()) description = summary.empty() ? std::string_view(made_.name) : summary;
    if (description.size() > description_max) {
      return tl::unexpected(cannot("its description is too long"));
    }
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
  std::size_t bytes_ = 0;
};

// The address with its variables as they are if nobody says anything else.
Result<std::string> with_defaults(json::Value server) {
  const std::string_view url = text_at(server, "url");
  const auto variables = server.find("variables");
  std::string text;
  std::string_view rest = url;
  for (std::size_t open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
    const std::size_t close = rest.find('}', open);
    if (close == std::string_view::npos) break;
    const std::string_view name = rest.substr(open + 1, close - open - 1);
    const auto variable = variables ? variables->find(name) : std::nullopt;
    const auto usual = variable ? variable->find_string("default") : std::nullopt;
    if (!usual) {
      return failed(Fault::bad_request, "the variable `" + std::string(name) + "` of the server `" +
                                            std::string(url) + "` has no default");
    }
    text.append(rest.substr(0, open)).append(*usual);
    rest.remove_prefix(close + 1);
  }
  return text.append(rest);
}

// The path before those of the operations.
Result<std::string> base_path_of(json::Value root) {
  const auto servers = root.find("servers");
  if (!servers || servers->size() == 0) return "";
  if (servers->size() > 1) return failed(Fault::bad_request, "the document names several servers");
  json::Value server;
  for (const json::Value one : servers->elements()) server = one;
  TRY(std::string path, with_defaults(server));
  const std::string url = path;
  if (const auto uri = Uri::parse(url)) path = uri->target();
  while (path.ends_with('/')) path.pop_back();
  if (path.empty()) return path;
  if (!is_valid_target(path) || path.find('?') != std::string::npos || has_dot_segment(path)) {
    return failed(Fault::bad_request,
                  "the server `" + url + "` is neither an address nor a path that begins with `/`");
  }
  return path;
}

Result<json::Document> document_of(std::string text) {
  if (text.size() > OpenApiDocument::bytes_max) {
    return failed(Fault::bad_request, "the document is too long");
  }
  auto document = json::Document::parse(std::move(text), document_limits);
  if (document) return document;
  const bool is_too_large = document.error().fault() == Fault::too_large;
  return failed(Fault::bad_request, (is_too_large ? "the document is too large: " : "no JSON: ") +
                                        document.error().why());
}

// As the result of tools/list, which its readers take with the same limits.
Result<std::string> tools_of(const std::vector<OpenApiOperation>& operations) {
  json::Writer out;
  out.begin_object().name("tools").begin_array();
  for (const OpenApiOperation& operation : operations) out.raw(operation.tool);
  std::string text = out.end_array().end_object().take();
  if (!json::Document::parse(text, tools_limits)) {
    return failed(Fault::bad_request, "the schemas of its operations are too large together");
  }
  return text;
}

}  // namespace

Result<OpenApiDocument> OpenApiDocument::parse(std::string text) {
  TRY(const json::Document document, document_of(std::move(text)));
  const json::Value root = document.root();
  const auto paths = root.find("paths");
  if (!text_at(root, "openapi").starts_with("3.") || !paths || !paths->is_object()) {
    return failed(Fault::bad_request, "no OpenAPI 3 document with `paths`");
  }
  OpenApiDocument made;
  const auto info = root.find("info");
  made.version_ = info ? text_at(*info, "version") : "";
  made.base_path_ = base_path_of(root);
  TRY(made.read(root, *paths));
  if (made.operations_.empty()) {
    const std::string why = made.left_out_.empty() ? "" : ": " + made.left_out_.front();
    return failed(Fault::bad_request, "no operation that can be offered" + why);
  }
  TRY(made.tools_, tools_of(made.operations_));
  return made;
}

Result<> OpenApiDocument::read(json::Value root, json::Value paths) {
  const References references(root);
  std::size_t schemas_bytes = 0;
  for (const auto [path, said] : paths.members()) {
    const auto item = references.resolved(said);
    if (!item || !path.starts_with('/')) continue;
    for (const std::string_view method : methods) {
      const auto operation = item->find(method);
      if (!operation || !operation->is_object()) continue;
      if (operations_.size() >= operations_max ||
          operations_.size() + left_out_.size() >= read_max) {
        left_out_.emplace_back("all from " + std::string(method) + " " + std::string(path) +
                               " on: too many operations");
        return {};
      }
      OperationReader reader(references, path, method);
      add(std::string(method) + " " + std::string(path), reader.read(*item, *operation));
      schemas_bytes += reader.bytes();
      if (tools_bytes_ > tools_bytes_max || schemas_bytes > schemas_bytes_max) {
        return failed(Fault::bad_request, "the schemas of its operations are too long together");
      }
    }
  }
  return {};
}

void OpenApiDocument::add(const std::string& what, Result<OpenApiOperation> read) {
  std::string why;
  if (!read) {
    why = read.error().why();
  } else if (read->name.empty() || find(read->name) != nullptr) {
    why = "another operation has the same name";
  }
  if (why.empty()) {
    tools_bytes_ += read->tool.size();
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

}  // namespace upstream
