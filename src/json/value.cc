#include "json/value.h"

#include <charconv>
#include <cstdlib>

namespace json {
namespace {

bool is_container(Type type) {
  return type == Type::array || type == Type::object;
}

template <class Integer>
std::optional<Integer> integer(std::string_view text) {
  Integer number = 0;
  const auto [rest, error] = std::from_chars(text.begin(), text.end(), number);
  if (text.empty() || error != std::errc() || rest != text.end()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<bool> Value::as_bool() const {
  if (type() != Type::boolean) return std::nullopt;
  return raw() == "true";
}

std::optional<std::int64_t> Value::as_int() const {
  return integer<std::int64_t>(number_text());
}

std::optional<std::uint64_t> Value::as_uint() const {
  // "-0" is zero for both integer types.
  if (number_text() == "-0") return 0;
  return integer<std::uint64_t>(number_text());
}

std::optional<double> Value::as_double() const {
  const std::string_view text = number_text();
  if (text.empty()) return std::nullopt;
  double number = 0;
  const auto [rest, error] = std::from_chars(text.begin(), text.end(), number);
  if (error == std::errc()) return number;
  // Out of range: strtod knows whether the nearest double is zero or infinity.
  return std::strtod(std::string(text).c_str(), nullptr);
}

std::string_view Value::number_text() const {
  return is_number() ? raw() : std::string_view();
}

std::size_t Value::size() const {
  return is_container(type()) ? table_->entries[index_].extra : 0;
}

std::optional<Value> Value::find(std::string_view name) const {
  if (!is_object()) return std::nullopt;
  const std::uint32_t end = table_->after(index_);
  for (std::uint32_t at = index_ + 1; at < end; at = table_->after(at + 1)) {
    if (table_->content(table_->entries[at]) == name) return Value(table_, at + 1);
  }
  return std::nullopt;
}

std::optional<std::string_view> Value::find_string(std::string_view name) const {
  const std::optional<Value> value = find(name);
  return value ? value->as_string() : std::nullopt;
}

Members Value::members() const {
  return is_object() ? Members(table_, index_ + 1, table_->after(index_)) : Members();
}

Elements Value::elements() const {
  return is_array() ? Elements(table_, index_ + 1, table_->after(index_)) : Elements();
}

Members::iterator Members::iterator::operator++(int) {
  iterator before = *this;
  ++*this;
  return before;
}

Elements::iterator Elements::iterator::operator++(int) {
  iterator before = *this;
  ++*this;
  return before;
}

Document::Document(std::unique_ptr<Table> table) : table_(std::move(table)) {}

Value Document::root() const {
  return Value(table_.get(), 0);
}
std::string Document::take_text() && {
  return std::move(table_->text);
}

std::string_view Document::text() const {
  return table_->text;
}

}  // namespace json
