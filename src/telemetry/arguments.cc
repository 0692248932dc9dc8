#include "telemetry/arguments.h"

#include <algorithm>

#include "base/secret_look.h"
#include "base/text.h"
#include "json/write.h"

namespace telemetry {
namespace {

constexpr std::string_view redacted = "<redacted>";
constexpr std::string_view redacted_begin = redacted.substr(0, redacted.size() - 1);
// As much of a text is looked at for secrets, however little of it is shown.
constexpr std::size_t looked_at = 256;
constexpr int depth_max = 16;
// Of punctuation, for each value.
constexpr std::size_t overhead = 4;

// Whether a text is such a name; a longer one is none.
bool is_secret_name(std::string_view text) {
  constexpr std::size_t longest = 128;
  return text.size() <= longest && base::may_name_secret(text);
}

// Of a program: "--password".
bool is_secret_option(std::string_view word) {
  return word.starts_with('-') && is_secret_name(word);
}

// Whether a word of the text looks like a secret, or is called one: "password=hunter2",
// "--password hunter2".
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
    if (is_name && is_secret_name(word)) return true;
    if (next < text.size() && is_secret_option(word)) return true;
    begin = end + 1;
  }
  return false;
}

// `{"name":"PASSWORD","value":"hunter2"}`: whether the one says that the other is a secret.
bool has_secret_beside(json::Value object) {
  for (const auto& [name, value] : object.members()) {
    const auto text = value.as_string();
    const bool is_name =
        base::equal_ignoring_case(name, "name") || base::equal_ignoring_case(name, "key");
    if (is_name && text && is_secret_name(*text)) return true;
  }
  return false;
}

bool is_value_beside(std::string_view name) {
  return base::equal_ignoring_case(name, "value") || base::equal_ignoring_case(name, "values");
}

// What a character takes in JSON, at most.
std::size_t size_of(char c) {
  if (c == '"' || c == '\\') return 2;
  return static_cast<unsigned char>(c) < 0x20 ? 6 : 1;
}

std::size_t size_of(std::string_view text) {
  std::size_t size = 0;
  for (const char c : text) size += size_of(c);
  return size;
}

// As much of its beginning as has room, in whole characters.
std::string_view beginning_of(std::string_view text, std::size_t room) {
  std::size_t end = 0;
  for (std::size_t size = 0; end < text.size(); ++end) {
    size += size_of(text[end]);
    if (size > room) break;
  }
  const auto goes_on = [&] { return (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U; };
  while (end < text.size() && end > 0 && goes_on()) --end;
  return text.substr(0, end);
}

class Excerpt {
 public:
  explicit Excerpt(Arguments& out) : out_(out) {}

  void write(json::Value value, int depth) {
    if (value.is_object() || value.is_array()) {
      if (room_ == 0 || depth >= depth_max) return leave_out();
      take(0);
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
    if (has_secret(text.substr(0, room_ + looked_at))) return redact();
    std::string shown(beginning_of(text, room_));
    take(size_of(shown));
    if (shown.size() < text.size()) {
      out_.is_cut = true;
      shown += "...";
    }
    writer_.string(shown);
  }

  void redact() {
    out_.is_redacted = true;
    take(redacted.size());
    writer_.string(redacted);
  }

  void write_members(json::Value object, int depth) {
    const bool is_told = has_secret_beside(object);
    writer_.begin_object();
    for (const auto& [name, value] : object.members()) {
      const std::size_t size = size_of(name);
      if (size >= room_) {
        out_.is_cut = true;
        break;
      }
      take(size);
      write_name(name);
      if (base::may_name_secret(name) || (is_told && is_value_beside(name))) {
        redact();
      } else {
        write(value, depth + 1);
      }
    }
    writer_.end_object();
  }

  void write_name(std::string_view name) {
    const bool is_secret = has_secret(name) || name.starts_with(redacted_begin);
    out_.is_redacted = out_.is_redacted || is_secret;
    if (!is_secret) {
      writer_.name(name);
      return;
    }
    // No name twice.
    const int number = ++redacted_names_;
    writer_.name(number == 1 ? std::string(redacted)
                             : std::string(redacted_begin) + " " + std::to_string(number) + ">");
  }

  void write_elements(json::Value array, int depth) {
    writer_.begin_array();
    bool is_secret_next = false;
    for (const json::Value element : array.elements()) {
      if (room_ == 0) {
        out_.is_cut = true;
        break;
      }
      if (is_secret_next) {
        redact();
      } else {
        write(element, depth + 1);
      }
      const auto text = element.as_string();
      is_secret_next = !is_secret_next && text && is_secret_option(*text);
    }
    writer_.end_array();
  }

  Arguments& out_;
  json::Writer writer_;
  std::size_t room_ = Arguments::bytes_max;
  int redacted_names_ = 0;
};

}  // namespace

Arguments::Arguments(json::Value sent) {
  Excerpt excerpt(*this);
  excerpt.write(sent, 0);
  json = excerpt.take_text();
}

}  // namespace telemetry
