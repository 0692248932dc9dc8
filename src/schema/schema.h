#pragma once
// What a setting may say, declared once beside the struct it fills (object.h shows how). From that
// one declaration come the reader with positions, the JSON Schema, the documentation and the
// redacted dump.
//
//   schema::Reading<File> file = schema::read_text<File>(source, environment);
//   if (schema::has_errors(file.problems)) std::cerr << schema::render(file.problems, source);

#include <optional>
#include <string>
#include <string_view>

#include "schema/codec.h"
#include "schema/located.h"
#include "schema/object.h"
#include "schema/problem.h"
#include "schema/shape.h"
#include "yaml/expand.h"
#include "yaml/read.h"

namespace schema {

// What was read and everything that is wrong with it, sorted by position. With an error among the
// problems, the value is not to be used.
template <class T>
struct Reading {
  T value{};
  Problems problems;
  std::vector<Lines> secret_lines;  // for what is found wrong later
};

template <class T>
void read_into(Reading<T>& reading, const yaml::Node& node) {
  Reader reader(reading.problems);
  Codec<T>::read(node, reading.value, reader);
  reading.secret_lines = reader.secret_lines();
  hide_lines(reading.problems, reading.secret_lines);
}

template <class T>
Reading<T> read(const yaml::Node& node) {
  Reading<T> reading;
  read_into(reading, node);
  sort(reading.problems);
  return reading;
}

// A text as a tree with its variables expanded. What is wrong with either is added to `problems`;
// the tree is there unless the text is no YAML.
std::optional<yaml::Node> read_node(const yaml::Source& source,
                                    const yaml::Environment& environment, Problems& problems);

template <class T>
Reading<T> read_text(const yaml::Source& source, const yaml::Environment& environment) {
  Reading<T> reading;
  const std::optional<yaml::Node> node = read_node(source, environment, reading.problems);
  if (node) read_into(reading, *node);
  sort(reading.problems);
  return reading;
}

// The value as JSON text, defaults included; it reads back as the same value unless secrets were
// redacted.
template <class T>
std::string dump(const T& value, Show show) {
  json::Writer writer;
  Codec<T>::write(value, writer, show);
  return writer.take();
}

// JSON Schema, draft 2020-12, of a file that holds this object. Fields that are not supported are
// left out, so that an editor refuses what the program refuses.
std::string json_schema(const ObjectInfo& root, std::string_view title);
template <class T>
std::string json_schema(std::string_view title) {
  return json_schema(object_info<T>(), title);
}

// One Markdown section for each described type that is reachable, the root first: name, type,
// default and meaning of every field.
std::string markdown(const ObjectInfo& root);
template <class T>
std::string markdown() {
  return markdown(object_info<T>());
}

}  // namespace schema
