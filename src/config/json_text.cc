#include "config/json_text.h"

#include <algorithm>

#include "json/placed.h"
#include "json/value.h"
#include "json/write.h"
#include "schema/codec.h"
#include "yaml/read.h"

namespace config {
namespace {

// A mistake at the end is beyond the last line, where nobody can look.
yaml::Position within(std::string_view text, yaml::Position at) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const auto last = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n') + 1);
  if (at.line <= last) return at;
  const std::string_view line = text.substr(text.rfind('\n') + 1);  // npos + 1 is 0
  const auto is_begin = [](char c) { return (c & '\xC0') != '\x80'; };
  return {last, static_cast<std::uint32_t>(std::count_if(line.begin(), line.end(), is_begin) + 1)};
}

}  // namespace

Result<std::string> json_text_of(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && text[start] == '{') {
    const auto document = json::Document::parse(std::string(text));
    // How much it may be is for its reader to say.
    const bool is_wrong = !document && document.error().fault() != Fault::too_large;
    if (is_wrong) return failed(Fault::bad_request, json::placed(document.error(), text));
    return std::string(text);
  }
  const auto node = yaml::read(text);
  if (!node) {
    const yaml::Position at = within(text, node.error().at);
    return failed(Fault::bad_request, "line " + std::to_string(at.line) + ", column " +
                                          std::to_string(at.column) + ": " + node.error().message);
  }
  json::Writer out;
  schema::write_node(*node, out);
  return out.take();
}

}  // namespace config
