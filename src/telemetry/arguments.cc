#include "telemetry/arguments.h"

#include <algorithm>

#include "base/secret_look.h"
#include "json/write.h"

namespace telemetry {
namespace {

constexpr std::string_view redacted = "<redacted>";
// As much of a text is looked at for secrets, however little of it is shown.
constexpr std::size_t looked_at = 256;
constexpr int depth_max = 16;
// Of punctuation, for each value.
constexpr std::size_t overhead = 4;

// Whether a word of the text looks like a secret, or is called one: "password=hunter2".
bool has_secret(std::string_view text) {
  if (base::is_secret_value(text)) return true;
  constexpr std::string_view between = " \t\r\n=:,;\"'(){}[]<>";
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find_first_of(between, begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (base::is_secret_value(word)) return true;
    const std::size_t next = text.find_first_not_of("\"' ", end);
    const bool is_name = next < text.size() && (text[next] == '=' || text[next] == ':');
    if (is_name && base::is_secret_name(word)) return true;
    begin = end + 1;
  }
  return false;
}

class Excerpt {
 public:
  explicit Excerpt(Arguments& out) : out_(out) {}

  void write(json::Value value, int depth) {
    if (value.is_object() || value.is_array()) {
      if (depth >= depth_max) return leave_out();
      return value.is_object() ? write_members(value, depth) : write_elements(value, depth);
    }
    if (const auto text = value.as_string()) return write_text(*text);
    if (value.raw().size() > room_) return leave_out();
    take(value.raw().size());
    writer_.value(value);
  }

  std::string take_text() { return writer_.take(); }

 private:
  void take(std::size_t bytes) { room_ -= std::min(room_, bytes + overhead); }

  void leave_out() {
    out_.is_cut = true;
    writer_.string("...");
    take(0);
  }

  void write_text(std::string_view text) {
    if (has_secret(text.substr(0, std::max(room_, looked_at)))) return redact();
    const bool is_long = text.size() > room_;
    out_.is_cut = out_.is_cut || is_long;
    std::string shown(text.substr(0, room_));
    if (is_long) shown += "...";
    take(shown.size());
    writer_.string(shown);
  }

  void redact() {
    out_.is_redacted = true;
    take(redacted.size());
    writer_.string(redacted);
  }

  void write_members(json::Value object, int depth) {
    writer_.begin_object();
    for (const auto& [name, value] : object.members()) {
      if (name.size() >= room_) {
        out_.is_cut = true;
        break;
      }
      take(name.size());
      writer_.name(name);
      if (base::is_secret_name(name)) {
        redact();
      } else {
        write(value, depth + 1);
      }
    }
    writer_.end_object();
  }

  void write_elements(json::Value array, int depth) {
    writer_.begin_array();
    for (const json::Value element : array.elements()) {
      if (room_ == 0) {
        out_.is_cut = true;
        break;
      }
      write(element, depth + 1);
    }
    writer_.end_array();
  }

  Arguments& out_;
  json::Writer writer_;
  std::size_t room_ = Arguments::bytes_max;
};

}  // namespace

Arguments::Arguments(json::Value sent) {
  Excerpt excerpt(*this);
  excerpt.write(sent, 0);
  json = excerpt.take_text();
}

}  // namespace telemetry
