// What is accepted has no name twice in any object, is passed on as it was read, and what is
// written from its values reads back as the same values.

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "json/value.h"
#include "json/write.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// The same value, every string and container written anew.
void write_anew(json::Value value, json::Writer& writer) {
  if (const auto text = value.as_string()) {
    writer.string(*text);
  } else if (value.is_object()) {
    std::set<std::string_view> names;
    writer.begin_object();
    for (const auto [name, member] : value.members()) {
      require(names.insert(name).second);
      require(value.find(name).has_value());
      writer.name(name);
      write_anew(member, writer);
    }
    require(names.size() == value.size());
    writer.end_object();
  } else if (value.is_array()) {
    writer.begin_array();
    for (const json::Value item : value.elements()) write_anew(item, writer);
    writer.end_array();
  } else {
    writer.raw(value.raw());
  }
}

std::string dump(const json::Document& document) {
  json::Writer writer;
  write_anew(document.root(), writer);
  return writer.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Result<json::Document> document = json::Document::parse(text);
  if (!document) return 0;
  json::Writer writer;
  const Result<json::Document> copy = json::Document::parse(writer.value(document->root()).take());
  require(copy && copy->root().raw() == document->root().raw());

  const std::string written = dump(*document);
  const Result<json::Document> again = json::Document::parse(written);
  require(again && dump(*again) == written);
  return 0;
}
