#include "schema/codec.h"

namespace schema {
namespace {

void write_scalar(const yaml::Node& node, json::Writer& writer) {
  switch (node.core()) {
    case yaml::Core::null:
      writer.null();
      return;
    case yaml::Core::boolean:
      writer.boolean(*node.as_bool());
      return;
    case yaml::Core::integer:
      if (const auto number = node.as_int()) {
        writer.integer(*number);
        return;
      }
      if (const auto number = node.as_uint()) {
        writer.integer_unsigned(*number);
        return;
      }
      break;
    case yaml::Core::real:
      break;
    case yaml::Core::string:
      writer.string(node.text);
      return;
  }
  write_real(node.as_double().value_or(0), writer);
}

}  // namespace

// "-0" would be read back as the integer 0: a settings' zero has no sign.
void write_real(double number, json::Writer& writer) {
  writer.real(number == 0 ? 0 : number);
}

void write_node(const yaml::Node& node, json::Writer& writer) {
  if (node.is_scalar()) {
    write_scalar(node, writer);
    return;
  }
  if (node.is_sequence()) {
    writer.begin_array();
    for (const yaml::Node& item : node.items) write_node(item, writer);
    writer.end_array();
    return;
  }
  writer.begin_object();
  for (const yaml::Pair& pair : node.members) {
    writer.name(pair.key.text);
    write_node(pair.value, writer);
  }
  writer.end_object();
}

}  // namespace schema
