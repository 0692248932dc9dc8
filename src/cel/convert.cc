#include "cel/convert.h"

#include <cmath>
#include <cstring>

#include "base/base64.h"
#include "base/text.h"
#include "cel/detail_library.h"
#include "cel/time.h"

namespace cel {
namespace {

constexpr int depth_max = 128;
// What may be written: one list can stand in many places, so few values can make much text.
constexpr std::size_t written_max = std::size_t{16} << 20U;

// Where an iteration over a document stands, kept in the Cursor's memory.
template <class Iterator>
Iterator load(const Cursor& cursor, Iterator begin) {
  static_assert(std::is_trivially_copyable_v<Iterator> && sizeof(Iterator) <= sizeof cursor.memory);
  if (cursor.index == 0) return begin;
  Iterator iterator;
  std::memcpy(&iterator, cursor.memory.data(), sizeof iterator);
  return iterator;
}

template <class Iterator>
void store(Cursor& cursor, Iterator next) {
  ++cursor.index;
  std::memcpy(cursor.memory.data(), &next, sizeof next);
}

class JsonList final : public List {
 public:
  explicit JsonList(json::Value array) : array_(array) {}
  std::size_t size() const override { return array_.size(); }
  Value at(std::size_t index, Arena& arena) const override {
    auto element = array_.elements().begin();
    for (std::size_t i = 0; i < index; ++i) ++element;
    return from_json(*element, arena);
  }
  bool next(Cursor& cursor, Arena& arena, Value& element) const override {
    if (cursor.index >= size()) return false;
    auto place = load(cursor, array_.elements().begin());
    element = from_json(*place, arena);
    store(cursor, ++place);
    return true;
  }

 private:
  json::Value array_;
};

class JsonMap final : public Map {
 public:
  explicit JsonMap(json::Value object) : object_(object) {}
  std::size_t size() const override { return object_.size(); }
  std::optional<Value> find_field(std::string_view name, Arena& arena) const override {
    const auto found = object_.find(name);
    if (!found) return std::nullopt;
    return from_json(*found, arena);
  }
  bool next(Cursor& cursor, Arena& arena, Entry& entry) const override {
    if (cursor.index >= size()) return false;
    auto place = load(cursor, object_.members().begin());
    const json::Member member = *place;
    entry = {Value::of_string(member.name), from_json(member.value, arena)};
    store(cursor, ++place);
    return true;
  }

 private:
  json::Value object_;
};

Value out_of_memory() {
  return Value::error(ErrorCode::out_of_memory, "memory limit exceeded");
}

Value number_of(json::Value value) {
  if (const auto integer = value.as_int()) return Value::of_int(*integer);
  if (const auto integer = value.as_uint()) return Value::of_uint(*integer);
  return Value::of_double(value.as_double().value_or(0));
}

Result<> no_form() {
  return failed(Fault::bad_request, "the value has no JSON form");
}

// A map's key as a member's name.
std::optional<std::string> key_text(const Value& key) {
  switch (key.kind()) {
    case Kind::string:
      return std::string(key.as_string());
    case Kind::boolean:
      return key.as_bool() ? "true" : "false";
    case Kind::integer:
      return std::to_string(key.as_int());
    case Kind::uinteger:
      return std::to_string(key.as_uint());
    default:
      return std::nullopt;
  }
}

class JsonWriter {
 public:
  JsonWriter(Arena& arena, json::Writer& writer) : arena_(arena), writer_(writer) {}

  // Recursion is limited by depth_max.
  Result<> write(const Value& value, int depth) {
    if (depth > depth_max) return failed(Fault::bad_request, "the value is nested too deeply");
    if (!has_room(value)) return failed(Fault::too_large, "the value is too large");
    switch (value.kind()) {
      case Kind::list:
        return write_list(value.as_list(), depth);
      case Kind::map:
        return write_map(value.as_map(), depth);
      case Kind::optional:
        return write(value.as_optional() != nullptr ? *value.as_optional() : Value(), depth + 1);
      case Kind::error:
      case Kind::type:
        return no_form();
      default:
        write_scalar(value);
        return {};
    }
  }

 private:
  bool has_room(const Value& value) {
    const bool is_text = value.is(Kind::string) || value.is(Kind::bytes);
    written_ += is_text ? 16 + value.text().size() : 16;
    return written_ <= written_max;
  }

  Result<> write_list(const List& list, int depth) {
    writer_.begin_array();
    Cursor cursor;
    Value element;
    while (list.next(cursor, arena_, element)) TRY(write(element, depth + 1));
    writer_.end_array();
    return {};
  }

  Result<> write_map(const Map& map, int depth) {
    writer_.begin_object();
    Cursor cursor;
    Entry entry;
    while (map.next(cursor, arena_, entry)) {
      const auto name = key_text(entry.key);
      if (!name) return no_form();
      writer_.name(*name);
      TRY(write(entry.value, depth + 1));
    }
    writer_.end_object();
    return {};
  }

  void write_scalar(const Value& value) {
    switch (value.kind()) {
      case Kind::boolean:
        writer_.boolean(value.as_bool());
        break;
      case Kind::integer:
        writer_.integer(value.as_int());
        break;
      case Kind::uinteger:
        writer_.integer_unsigned(value.as_uint());
        break;
      case Kind::real:
        writer_.real(value.as_double());
        break;
      case Kind::string:
        writer_.string(value.as_string());
        break;
      case Kind::bytes:
        writer_.string(base::base64_encode(value.as_bytes()));
        break;
      case Kind::timestamp:
        writer_.string(timestamp_text(value));
        break;
      case Kind::duration:
        writer_.string(duration_text(value));
        break;
      case Kind::ip:
        writer_.string(address_text(value.address()));
        break;
      case Kind::cidr:
        writer_.string(cidr_text(value));
        break;
      default:
        writer_.null();
    }
  }

  Arena& arena_;
  json::Writer& writer_;
  std::size_t written_ = 0;  // about
};

// Writes a value as an expression, up to a size.
class TextWriter {
 public:
  TextWriter(Arena& arena, std::size_t size_max) : arena_(arena), size_max_(size_max) {}

  std::string take() {
    if (text_.size() > size_max_) {
      std::size_t end = size_max_;
      while (end > 0 && (static_cast<unsigned char>(text_[end]) & 0xc0) == 0x80) --end;
      text_.resize(end);
      text_ += "...";
    }
    return std::move(text_);
  }

  // Recursion is limited by the depth of values; it ends when the text is long enough.
  void write(const Value& value) {
    switch (value.kind()) {
      case Kind::list:
        return write_list(value.as_list());
      case Kind::map:
        return write_map(value.as_map());
      case Kind::optional:
        if (value.as_optional() == nullptr) return add("optional.none()");
        add("optional.of(");
        write(*value.as_optional());
        return add(")");
      default:
        write_scalar(value);
    }
  }

 private:
  bool is_full() const { return text_.size() > size_max_; }
  void add(std::string_view more) {
    if (!is_full()) text_ += more;
  }

  void write_list(const List& list) {
    add("[");
    Cursor cursor;
    Value element;
    while (!is_full() && list.next(cursor, arena_, element)) {
      if (!text_.ends_with('[') || cursor.index > 1) add(", ");
      write(element);
    }
    add("]");
  }

  void write_map(const Map& map) {
    add("{");
    Cursor cursor;
    Entry entry;
    bool is_first = true;
    while (!is_full() && map.next(cursor, arena_, entry)) {
      if (!is_first) add(", ");
      is_first = false;
      write(entry.key);
      add(": ");
      write(entry.value);
    }
    add("}");
  }

  void write_bytes(std::string_view bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    add("b\"");
    for (const char c : bytes.substr(0, size_max_ + 1)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
        add({&c, 1});
      } else {
        const std::array<char, 4> escape{'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
        add({escape.data(), escape.size()});
      }
    }
    add("\"");
  }

  void write_real(double value) {
    if (!std::isfinite(value)) return add("double(\"" + double_text(value) + "\")");
    const std::string text = double_text(value);
    add(text);
    if (text.find_first_of(".e") == std::string::npos) add(".0");
  }

  void write_scalar(const Value& value) {
    switch (value.kind()) {
      case Kind::null:
        return add("null");
      case Kind::boolean:
        return add(value.as_bool() ? "true" : "false");
      case Kind::integer:
        return add(std::to_string(value.as_int()));
      case Kind::uinteger:
        return add(std::to_string(value.as_uint()) + 'u');
      case Kind::real:
        return write_real(value.as_double());
      case Kind::string:
        return add(json::quoted(value.as_string().substr(0, cut(value.as_string()))));
      case Kind::bytes:
        return write_bytes(value.as_bytes());
      case Kind::timestamp:
        return add("timestamp(\"" + timestamp_text(value) + "\")");
      case Kind::duration:
        return add("duration(\"" + duration_text(value) + "\")");
      case Kind::ip:
        return add("ip(\"" + address_text(value.address()) + "\")");
      case Kind::cidr:
        return add("cidr(\"" + cidr_text(value) + "\")");
      case Kind::type:
        return add(value.as_type());
      default:
        return add("error: " + error_text(value));
    }
  }

  // Long texts are not escaped in whole.
  std::size_t cut(std::string_view text) const { return std::min(text.size(), size_max_ + 4); }

  Arena& arena_;
  std::size_t size_max_;
  std::string text_;
};

}  // namespace

Value from_json(json::Value value, Arena& arena) {
  switch (value.type()) {
    case json::Type::null:
      return Value::null();
    case json::Type::boolean:
      return Value::of_bool(value.as_bool().value_or(false));
    case json::Type::number:
      return number_of(value);
    case json::Type::string:
      return Value::of_string(value.as_string().value_or(std::string_view()));
    case json::Type::array: {
      const JsonList* list = arena.make<JsonList>(value);
      return list != nullptr ? Value::of_list(list) : out_of_memory();
    }
    case json::Type::object: {
      const JsonMap* map = arena.make<JsonMap>(value);
      return map != nullptr ? Value::of_map(map) : out_of_memory();
    }
  }
  return Value::null();
}

Result<> to_json(const Value& value, Arena& arena, json::Writer& writer) {
  return JsonWriter(arena, writer).write(value, 0);
}

Result<std::string> to_json(const Value& value, Arena& arena) {
  json::Writer writer;
  TRY(to_json(value, arena, writer));
  return writer.take();
}

std::string to_text(const Value& value, Arena& arena, std::size_t size_max) {
  TextWriter writer(arena, size_max);
  writer.write(value);
  return writer.take();
}

std::string error_text(const Value& error) {
  static constexpr std::array<std::string_view, 14> meanings{"no such key",
                                                             "undeclared reference",
                                                             "no such overload",
                                                             "no such function",
                                                             "division by zero",
                                                             "overflow",
                                                             "out of range",
                                                             "unsupported key type",
                                                             "duplicate key",
                                                             "bad argument",
                                                             "not available in this phase",
                                                             "fail() called",
                                                             "budget exceeded",
                                                             "memory limit exceeded"};
  std::string text(meanings[static_cast<std::size_t>(error.code())]);
  const bool says_it_all = error.is_abort() || error.detail().empty();
  if (!says_it_all) text += ": " + base::printable(error.detail());
  return text;
}

}  // namespace cel
