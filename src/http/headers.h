#pragma once
// The fields of a message, in their order. Names are kept in lower case; look-up ignores case. All
// text lies in one buffer, so a message costs two allocations however many fields it has; the price
// is that every view handed out is valid only until the Headers are next changed or moved.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/frame_pool.h"

namespace http {

struct Field {
  std::string_view name;  // lower case
  std::string_view value;
  bool operator==(const Field&) const = default;
};

// A field that is known when the program is made, and valid as it stands.
class ConstantField {
 public:
  consteval ConstantField(std::string_view the_name, std::string_view the_value)
      : name(the_name), value(the_value) {
    for (const char c : name) {
      const bool is_token = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      if (!is_token) throw "a name of lower-case letters, digits and dashes is wanted";
    }
    for (const char c : value) {
      if (c < ' ' || c > '~') throw "a value of printable ASCII is wanted";
    }
  }

  std::string_view name;
  std::string_view value;
};

class Headers {
 public:
  class Iterator;

  // The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  // How many fields have that name.
  std::size_t count(std::string_view name) const;
  bool has(std::string_view name) const { return find(name).has_value(); }
  // The values of that name, in their order; one for each field, lists are not split.
  std::vector<std::string_view> all(std::string_view name) const;

  // Adds a field after the others. Control characters of the value become spaces (RFC 9110, 5.5),
  // so that no value, wherever it comes from, can start a line of its own; a name that is no token
  // is not added at all. Neither argument may be a view into these Headers.
  void add(std::string_view name, std::string_view value);
  void add(const ConstantField& field);
  // The only field of that name from now on; takes the place of the first one if there is one.
  void set(std::string_view name, std::string_view value);
  void set(const ConstantField& field);
  // Removes all fields of that name and says how many there were.
  std::size_t remove(std::string_view name);
  // Removes the fields of which `is_unwanted(Field)` is true, in one pass. All views of the fields,
  // removed ones too, stay valid until it returns.
  template <class Predicate>
  std::size_t remove_if(Predicate is_unwanted) {
    return std::erase_if(spans_, [&](const Span& span) {
      return is_unwanted(Field{name_of(span), value_of(span)});
    });
  }
  void clear();
  // Makes room in advance.
  void reserve(std::size_t fields, std::size_t text_bytes);

  std::size_t size() const { return spans_.size(); }
  bool is_empty() const { return spans_.empty(); }
  // At least the size of all names and values: how much to make room for when writing them.
  std::size_t text_bytes() const { return text_.size(); }
  Field at(std::size_t index) const { return {name_of(spans_[index]), value_of(spans_[index])}; }
  Iterator begin() const;
  Iterator end() const;

  // Same fields in the same order.
  bool operator==(const Headers& other) const;

 private:
  friend class FieldReader;
  // Where a field lies in text_.
  struct Span {
    std::uint32_t name_at;
    std::uint32_t name_size;
    std::uint32_t value_at;
    std::uint32_t value_size;
  };

  std::string_view name_of(const Span& span) const {
    return {text_.data() + span.name_at, span.name_size};
  }
  std::string_view value_of(const Span& span) const {
    return {text_.data() + span.value_at, span.value_size};
  }
  Span store(std::string_view name, std::string_view value);

  std::basic_string<char, std::char_traits<char>, PooledAllocator<char>> text_;
  std::vector<Span> spans_;
};

class Headers::Iterator {
 public:
  using value_type = Field;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  Iterator(const Headers& headers, std::size_t index) : headers_(&headers), index_(index) {}
  Field operator*() const { return headers_->at(index_); }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  Iterator operator++(int) {
    Iterator before = *this;
    ++index_;
    return before;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  const Headers* headers_ = nullptr;
  std::size_t index_ = 0;
};

inline Headers::Iterator Headers::begin() const {
  return Iterator(*this, 0);
}
inline Headers::Iterator Headers::end() const {
  return Iterator(*this, size());
}

}  // namespace http
