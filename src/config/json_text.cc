#include "config/json_text.h"

#include "json/write.h"
#include "yaml/read.h"

namespace config {
namespace {

void write(const yaml::Node& node, json::Writer& out);

void write_scalar(const yaml::Node& node, json::Writer& out) {
  switch (node.core()) {
    case yaml::Core::null:
      out.null();
      return;
    case yaml::Core::boolean:
      out.boolean(node.as_bool().value_or(false));
      return;
    case yaml::Core::integer:
      if (const auto number = node.as_int()) {
        out.integer(*number);
        return;
      }
      break;
    case yaml::Core::real:
      break;
    case yaml::Core::string:
      out.string(node.text);
      return;
  }
  const auto number = node.as_double();
  if (number) {
    out.real(*number);
  } else {
    out.string(node.text);
  }
}

void write(const yaml::Node& node, json::Writer& out) {
  if (node.is_mapping()) {
    out.begin_object();
    for (const yaml::Pair& pair : node.members) {
      out.name(pair.key.text);
      write(pair.value, out);
    }
    out.end_object();
  } else if (node.is_sequence()) {
    out.begin_array();
    for (const yaml::Node& item : node.items) write(item, out);
    out.end_array();
  } else {
    write_scalar(node, out);
  }
}

}  // namespace

Result<std::string> json_text_of(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && text[start] == '{') return std::string(text);
  const auto node = yaml::read(text);
  if (!node) {
    return failed(Fault::bad_request,
                  "line " + std::to_string(node.error().at.line) + ": " + node.error().message);
  }
  json::Writer out;
  write(*node, out);
  return out.take();
}

}  // namespace config
