#pragma once
// A value that remembers where it was written, for what is understood only later: the text of a
// rule, a name that refers to something. Two of them are equal if their values are: moving a line
// changes nothing.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "yaml/node.h"

namespace schema {

// Where a scalar stood, and how its characters lie in the file.
class Place {
 public:
  Place() = default;
  explicit Place(const yaml::Layout& layout) : layout_(layout) {}

  // The first character of the value, quotes and indicators included; line 0 if it was not read
  // from a file.
  yaml::Position at() const { return layout_.at; }
  // The character at `offset` (in bytes) of `text`, which is the scalar's text. Exact for plain and
  // quoted scalars on one line and for literal blocks (`|`); otherwise the start of the scalar.
  yaml::Position at(std::string_view text, std::size_t offset) const {
    return yaml::position_of(layout_, text, offset);
  }

 private:
  yaml::Layout layout_;
};

template <class T>
struct Located {
  T value{};
  Place place;

  Located() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a value stands for itself, placed nowhere
  Located(T v, Place p = Place()) : value(std::move(v)), place(p) {}

  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
  bool operator==(const Located& other) const { return value == other.value; }
};

}  // namespace schema
