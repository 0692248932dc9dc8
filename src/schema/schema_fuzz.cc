#include <cstdint>
#include <cstdlib>
#include <string>

#include "schema/schema.h"

namespace {

struct Inner {
  std::chrono::milliseconds wait{0};
  schema::Bytes size;
  std::optional<schema::Located<std::string>> rule;
  bool operator==(const Inner&) const = default;
};
void describe(schema::Object<Inner>& o) {
  o.field("w", &Inner::wait, "");
  o.field("s", &Inner::size, "");
  o.field("r", &Inner::rule, "").secret();
  o.scalar_form(&Inner::rule, "");
}

struct File {
  std::vector<Inner> list;
  std::map<std::string, int> map;
  std::optional<schema::Raw> raw;
  schema::Box<File> file;
  double real = 0;
  bool operator==(const File&) const = default;
};
void describe(schema::Object<File>& o) {
  o.field("l", &File::list, "");
  o.field("m", &File::map, "");
  o.field("x", &File::raw, "");
  o.field("f", &File::file, "");
  o.field("d", &File::real, "");
}

}  // namespace

// What is read without an error is dumped as what reads back as the same; every problem can be
// shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const yaml::Source source{"f", std::string(reinterpret_cast<const char*>(data), size)};
  const auto environment = [](std::string_view) { return std::optional<std::string>(); };
  const schema::Reading<File> reading = schema::read_text<File>(source, environment);
  if (schema::has_errors(reading.problems)) {
    if (schema::render(reading.problems, source).empty()) std::abort();
    return 0;
  }
  const std::string text = schema::dump(reading.value, schema::Show::plain);
  const yaml::Source dumped{"dumped", text};
  const schema::Reading<File> again = schema::read<File>(*yaml::read(dumped.text));
  if (schema::has_errors(again.problems)) std::abort();
  if (schema::dump(again.value, schema::Show::plain) != text) std::abort();
  return 0;
}
