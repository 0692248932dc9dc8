#pragma once
// The fields of a message, in their order. Names are kept in lower case; look-up ignores case. All
// text lies in one buffer, as the lines that will be written, so a message costs two allocations
// however many fields it has and is written as it lies there; the price is that every view handed
// out is valid only until the Headers are next changed or moved.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/frame_pool.h"
#include "http/known_field.h"

namespace http {

struct Field {
  std::string_view name;  // lower case
  std::string_view value;
  KnownField known = KnownField::none;
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

// Text that grows at its end, in recycled memory. Behind the end some bytes may be read and written
// that mean nothing, so that text can be handled 16 bytes at a time.
class FieldText {
 public:
  static constexpr std::size_t slack = 16;

  FieldText() = default;
  FieldText(const FieldText& other);
  FieldText(FieldText&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        room_(std::exchange(other.room_, 0)) {}
  FieldText& operator=(FieldText other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    return *this;
  }
  ~FieldText() {
    if (data_ != nullptr) FramePool::release(data_, room_ + slack);
  }

  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  // So many bytes behind the end for somebody to fill, who then says extend().
  char* room_for(std::size_t bytes) {
    if (room_ - size_ < bytes) grow(bytes);
    return data_ + size_;
  }
  void extend(std::size_t bytes) { size_ += bytes; }
  void reserve(std::size_t bytes) {
    if (bytes > room_) grow(bytes - size_);
  }
  void clear() { size_ = 0; }

 private:
  void grow(std::size_t bytes);

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
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
      return is_unwanted(Field{name_of(span), value_of(span), span.known});
    });
  }
  void clear();
  // Makes room in advance.
  void reserve(std::size_t fields, std::size_t text_bytes);

  std::size_t size() const { return spans_.size(); }
  bool is_empty() const { return spans_.empty(); }
  // False if none of these fields is there; true says that one may be or was there.
  bool may_have_any(KnownFields fields) const { return (seen_ & fields) != 0; }
  // Writes all fields but those, each as a line with its end.
  void append_to(std::string& out, KnownFields left_out) const;
  Field at(std::size_t index) const {
    const Span& span = spans_[index];
    return {name_of(span), value_of(span), span.known};
  }
  Iterator begin() const;
  Iterator end() const;

  // Same fields in the same order.
  bool operator==(const Headers& other) const;

 private:
  friend class FieldReader;
  // Where a field lies in text_: its name, a colon, a space, its value and the end of the line.
  struct Span {
    std::uint32_t at;
    std::uint32_t name_size;
    std::uint32_t value_size;
    KnownField known;

    std::size_t line_size() const { return std::size_t{name_size} + 2 + value_size + 2; }
  };

  std::string_view name_of(const Span& span) const {
    return {text_.data() + span.at, span.name_size};
  }
  std::string_view value_of(const Span& span) const {
    return {text_.data() + span.at + span.name_size + 2, span.value_size};
  }
  // Neither is checked.
  Span store(std::string_view name, std::string_view value);
  Span store_made_safe(std::string_view name, std::string_view value);

  FieldText text_;
  std::vector<Span, PooledAllocator<Span>> spans_;
  KnownFields seen_ = 0;  // all that were ever added
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
