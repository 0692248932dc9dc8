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
  explicit Place(const yaml::Node& node)
      : at_(node.at), content_(node.content), style_(node.style), is_verbatim_(node.is_verbatim) {}

  // The first character of the value, quotes and indicators included.
  yaml::Position at() const { return at_; }
  // The character at `offset` (in bytes) of `text`, which is the scalar's text. Exact for plain and
  // quoted scalars on one line and for literal blocks (`|`); otherwise the start of the text.
  yaml::Position at(std::string_view text, std::size_t offset) const;

 private:
  yaml::Position at_;
  yaml::Position content_;
  yaml::Style style_ = yaml::Style::plain;
  bool is_verbatim_ = false;
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
