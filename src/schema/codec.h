#pragma once
// Codec<T>: how a type of setting is read from YAML, written as JSON and described. Here are the
// leaf types and the containers; described structs and variants are in object.h. A type of one's
// own is read from text if it has
//   static Result<T> parse(std::string_view);  std::string text() const;

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "json/write.h"
#include "schema/located.h"
#include "schema/reader.h"
#include "schema/shape.h"

namespace schema {

// How secrets are written.
enum class Show : std::uint8_t { plain, redacted };
inline constexpr std::string_view redacted_text = "<redacted>";

// A size in bytes, written "64KiB" or as a plain number.
struct Bytes {
  std::uint64_t count = 0;
  bool operator==(const Bytes&) const = default;
};

// YAML kept as it is, for what is free-form by design.
struct Raw {
  yaml::Node node;
  bool operator==(const Raw& other) const { return yaml::is_same(node, other.node); }
};
void write_node(const yaml::Node& node, json::Writer& writer);
void write_real(double number, json::Writer& writer);

// A list, for which a single element may stand.
template <class T>
struct OneOrMore {
  std::vector<T> items;
  bool operator==(const OneOrMore&) const = default;
};

// An optional value on the heap, copied with its owner: for large structs and for types that
// contain themselves.
template <class T>
class Box {
 public:
  Box() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a value stands for itself, as with std::optional
  Box(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Box(const Box& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(const Box& other) {
    Box copy(other);
    value_.swap(copy.value_);
    return *this;
  }
  Box& operator=(Box&&) noexcept = default;
  ~Box() = default;

  T& emplace() { return *(value_ = std::make_unique<T>()); }
  void reset() { value_.reset(); }
  bool has_value() const { return value_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }
  bool operator==(const Box& other) const {
    if (!value_ || !other.value_) return value_ == other.value_;
    return *value_ == *other.value_;
  }

 private:
  std::unique_ptr<T> value_;
};

template <class T>
struct Codec;

// Whether the value is written at all: an empty optional is not.
template <class T>
bool is_set(const T& value) {
  if constexpr (requires { Codec<T>::is_set(value); }) return Codec<T>::is_set(value);
  return true;
}

template <class E>
concept SpelledEnum = std::is_enum_v<E> && requires(E e) {
  { spellings(e) } -> std::convertible_to<std::vector<std::string>>;
};

template <class T>
concept TextType = requires(std::string_view text, const T& value) {
  { T::parse(text) } -> std::same_as<Result<T>>;
  { value.text() } -> std::convertible_to<std::string>;
};

template <>
struct Codec<std::string> {
  static Schema schema();
  static void read(const yaml::Node& node, std::string& out, Reader& reader) {
    read_text(node, out, reader);
  }
  static void write(const std::string& value, json::Writer& writer, Show) { writer.string(value); }
};

template <>
struct Codec<bool> {
  static Schema schema();
  static void read(const yaml::Node& node, bool& out, Reader& reader) {
    read_boolean(node, out, reader);
  }
  static void write(bool value, json::Writer& writer, Show) { writer.boolean(value); }
};

template <>
struct Codec<double> {
  static Schema schema();
  static void read(const yaml::Node& node, double& out, Reader& reader) {
    read_number(node, out, reader);
  }
  static void write(double value, json::Writer& writer, Show) { write_real(value, writer); }
};

template <std::integral T>
struct Codec<T> {
  static constexpr IntegerRange range() {
    using Limits = std::numeric_limits<T>;
    return IntegerRange{static_cast<std::int64_t>(Limits::min()),
                        static_cast<std::uint64_t>(Limits::max())};
  }
  static Schema schema() {
    Schema schema;
    schema.shape = Shape::integer;
    schema.minimum = range().minimum;
    schema.maximum = range().maximum;
    return schema;
  }
  static void read(const yaml::Node& node, T& out, Reader& reader) {
    if constexpr (std::is_signed_v<T>) {
      std::int64_t number = out;
      read_signed(node, range(), number, reader);
      out = static_cast<T>(number);
    } else {
      std::uint64_t number = out;
      read_unsigned(node, range(), number, reader);
      out = static_cast<T>(number);
    }
  }
  static void write(T value, json::Writer& writer, Show) {
    if constexpr (std::is_signed_v<T>) {
      writer.integer(value);
    } else {
      writer.integer_unsigned(value);
    }
  }
};

template <class Rep, class Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;

  static Schema schema() {
    Schema schema;
    schema.shape = Shape::duration;
    return schema;
  }
  static void read(const yaml::Node& node, Duration& out, Reader& reader) {
    std::chrono::nanoseconds read = out;
    read_duration(node, Duration(1), read, reader);
    out = std::chrono::duration_cast<Duration>(read);
  }
  static void write(const Duration& value, json::Writer& writer, Show) {
    writer.string(duration_text(value));
  }
};

template <>
struct Codec<Bytes> {
  static Schema schema();
  static void read(const yaml::Node& node, Bytes& out, Reader& reader) {
    read_bytes(node, out.count, reader);
  }
  static void write(const Bytes& value, json::Writer& writer, Show) {
    writer.integer_unsigned(value.count);
  }
};

template <>
struct Codec<Raw> {
  static Schema schema();
  static void read(const yaml::Node& node, Raw& out, Reader&) { out.node = node; }
  static void write(const Raw& value, json::Writer& writer, Show) {
    write_node(value.node, writer);
  }
};

// The enumerators must be 0, 1, 2, ... in the order of the spellings.
template <SpelledEnum E>
struct Codec<E> {
  static Schema schema() {
    Schema schema;
    schema.shape = Shape::choice;
    schema.spellings = spellings(E());
    return schema;
  }
  static void read(const yaml::Node& node, E& out, Reader& reader) {
    auto index = static_cast<std::size_t>(out);
    read_choice(node, spellings(E()), index, reader);
    out = static_cast<E>(index);
  }
  static void write(E value, json::Writer& writer, Show) {
    writer.string(spellings(E()).at(static_cast<std::size_t>(value)));
  }
};

template <TextType T>
struct Codec<T> {
  static Schema schema() { return Codec<std::string>::schema(); }
  static void read(const yaml::Node& node, T& out, Reader& reader) {
    const std::size_t errors = reader.error_count();
    std::string text;
    read_text(node, text, reader);
    if (reader.error_count() != errors) return;
    Result<T> parsed = T::parse(text);
    if (parsed) {
      out = std::move(*parsed);
    } else {
      reader.error(node, parsed.error().why());
    }
  }
  static void write(const T& value, json::Writer& writer, Show) { writer.string(value.text()); }
};

template <class T>
Schema schema_of_elements(Shape shape) {
  Schema schema;
  schema.shape = shape;
  schema.element = std::make_shared<Schema>(Codec<T>::schema());
  return schema;
}

template <class T>
void read_items(const yaml::Node& node, std::vector<T>& out, Reader& reader) {
  out.clear();
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Reader::Step step(reader, i);
    T item{};
    Codec<T>::read(node.items[i], item, reader);
    out.push_back(std::move(item));
  }
}

template <class T>
void write_items(const std::vector<T>& items, json::Writer& writer, Show show) {
  writer.begin_array();
  for (const auto& item : items) Codec<T>::write(item, writer, show);
  writer.end_array();
}

template <class T>
struct Codec<std::vector<T>> {
  static Schema schema() { return schema_of_elements<T>(Shape::list); }
  static void read(const yaml::Node& node, std::vector<T>& out, Reader& reader) {
    if (expect_list(node, reader)) read_items(node, out, reader);
  }
  static void write(const std::vector<T>& value, json::Writer& writer, Show show) {
    write_items(value, writer, show);
  }
};

template <class T>
struct Codec<OneOrMore<T>> {
  static Schema schema() {
    Schema schema = schema_of_elements<T>(Shape::list);
    schema.is_one_or_more = true;
    return schema;
  }
  static void read(const yaml::Node& node, OneOrMore<T>& out, Reader& reader) {
    if (node.is_sequence()) {
      read_items(node, out.items, reader);
    } else {
      out.items.assign(1, T());
      Codec<T>::read(node, out.items.front(), reader);
    }
  }
  static void write(const OneOrMore<T>& value, json::Writer& writer, Show show) {
    write_items(value.items, writer, show);
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  using Map = std::map<std::string, T>;

  static Schema schema() { return schema_of_elements<T>(Shape::map); }
  static void read(const yaml::Node& node, Map& out, Reader& reader) {
    if (!expect_map(node, reader)) return;
    out.clear();
    for (const yaml::Pair& pair : node.members) {
      const Reader::Step step(reader, pair.key.text);
      Codec<T>::read(pair.value, out[pair.key.text], reader);
    }
  }
  static void write(const Map& value, json::Writer& writer, Show show) {
    writer.begin_object();
    for (const auto& [name, item] : value) {
      writer.name(name);
      Codec<T>::write(item, writer, show);
    }
    writer.end_object();
  }
};

// A map that keeps the order of the file.
template <class T>
struct Codec<std::vector<std::pair<std::string, T>>> {
  using Pairs = std::vector<std::pair<std::string, T>>;

  static Schema schema() { return schema_of_elements<T>(Shape::map); }
  static void read(const yaml::Node& node, Pairs& out, Reader& reader) {
    if (!expect_map(node, reader)) return;
    out.clear();
    for (const yaml::Pair& pair : node.members) {
      const Reader::Step step(reader, pair.key.text);
      out.emplace_back(pair.key.text, T());
      Codec<T>::read(pair.value, out.back().second, reader);
    }
  }
  static void write(const Pairs& value, json::Writer& writer, Show show) {
    writer.begin_object();
    for (const auto& [name, item] : value) {
      writer.name(name);
      Codec<T>::write(item, writer, show);
    }
    writer.end_object();
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static Schema schema() { return Codec<T>::schema(); }
  static bool is_set(const std::optional<T>& value) { return value.has_value(); }
  static void read(const yaml::Node& node, std::optional<T>& out, Reader& reader) {
    Codec<T>::read(node, out.emplace(), reader);
  }
  static void write(const std::optional<T>& value, json::Writer& writer, Show show) {
    Codec<T>::write(*value, writer, show);
  }
};

template <class T>
struct Codec<Box<T>> {
  static Schema schema() { return Codec<T>::schema(); }
  static bool is_set(const Box<T>& value) { return value.has_value(); }
  static void read(const yaml::Node& node, Box<T>& out, Reader& reader) {
    Codec<T>::read(node, out.emplace(), reader);
  }
  static void write(const Box<T>& value, json::Writer& writer, Show show) {
    Codec<T>::write(*value, writer, show);
  }
};

template <class T>
struct Codec<Located<T>> {
  static Schema schema() { return Codec<T>::schema(); }
  static bool is_set(const Located<T>& value) { return schema::is_set(value.value); }
  static void read(const yaml::Node& node, Located<T>& out, Reader& reader) {
    Codec<T>::read(node, out.value, reader);
    out.place = Place(node);
  }
  static void write(const Located<T>& value, json::Writer& writer, Show show) {
    Codec<T>::write(value.value, writer, show);
  }
};

}  // namespace schema
