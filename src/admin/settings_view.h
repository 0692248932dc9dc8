#pragma once
// Settings as people look at them: the values in force, defaults included and secrets redacted, and
// where in the file each of them is written. What has no place there is a default.

#include <string>
#include <string_view>

#include "json/write.h"
#include "schema/schema.h"
#include "yaml/node.h"

namespace admin {

// A node of the file and how the configuration calls it; no node if it is not written.
struct Place {
  const yaml::Node* node = nullptr;
  std::string path;

  // The member or element of it. `name` may be an alias in the file.
  Place member(const schema::ObjectInfo& info, std::string_view name) const;
  Place member(std::string_view name) const;
  Place element(std::size_t index) const;
};

// "path", "line" and "column" as members of the object that is being written.
void write_place(json::Writer& writer, const Place& place);

// `"origins":{"a.b[0]":{"line":1,"column":2},...}` for what is written at the node.
void write_origins(json::Writer& writer, const yaml::Node* node, const schema::Schema& schema);

// The JSON of settings without what is secret in addresses, wherever they stand: the type of a
// setting does not say that.
std::string without_secret_addresses(std::string json);

// "value" and "origins" as members of the object that is being written.
template <class T>
void write_settings(json::Writer& writer, const T& settings, const Place& place) {
  writer.name("value").raw(
      without_secret_addresses(schema::dump(settings, schema::Show::redacted)));
  write_origins(writer, place.node, schema::Codec<T>::schema());
}

}  // namespace admin
