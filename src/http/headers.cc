#include "http/headers.h"

#include <algorithm>

#include "http/detail_line.h"

namespace http {

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Span& span : spans_) {
    if (equals_lower(name, name_of(span))) return value_of(span);
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(spans_.begin(), spans_.end(),
                    [&](const Span& span) { return equals_lower(name, name_of(span)); }));
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> values;
  if (!has(name)) return values;
  for (const Field field : *this) {
    if (equals_lower(name, field.name)) values.push_back(field.value);
  }
  return values;
}

Headers::Span Headers::store(std::string_view name, std::string_view value) {
  const std::size_t name_at = text_.size();
  text_.append(name);
  for (std::size_t i = name_at; i < text_.size(); ++i) text_[i] = lower_token(text_[i]);
  const std::size_t value_at = text_.size();
  text_.append(trim(value));
  for (std::size_t i = value_at; i < text_.size(); ++i) {
    i += find_control(std::string_view(text_).substr(i));
    if (i < text_.size()) text_[i] = ' ';
  }
  return {static_cast<std::uint32_t>(name_at), static_cast<std::uint32_t>(name.size()),
          static_cast<std::uint32_t>(value_at),
          static_cast<std::uint32_t>(text_.size() - value_at)};
}

void Headers::add(std::string_view name, std::string_view value) {
  if (is_token(name)) spans_.push_back(store(name, value));
}

void Headers::add(const ConstantField& field) {
  const std::size_t name_at = text_.size();
  text_.append(field.name).append(field.value);
  spans_.push_back({static_cast<std::uint32_t>(name_at),
                    static_cast<std::uint32_t>(field.name.size()),
                    static_cast<std::uint32_t>(name_at + field.name.size()),
                    static_cast<std::uint32_t>(field.value.size())});
}

void Headers::set(const ConstantField& field) {
  if (has(field.name)) {
    set(field.name, field.value);
  } else {
    add(field);
  }
}

void Headers::set(std::string_view name, std::string_view value) {
  if (!is_token(name)) return;
  const auto is_same = [&](const Span& span) { return equals_lower(name, name_of(span)); };
  const auto first = std::find_if(spans_.begin(), spans_.end(), is_same);
  if (first == spans_.end()) {
    spans_.push_back(store(name, value));
    return;
  }
  spans_.erase(std::remove_if(first + 1, spans_.end(), is_same), spans_.end());
  *first = store(name, value);
}

std::size_t Headers::remove(std::string_view name) {
  return std::erase_if(spans_, [&](const Span& span) { return equals_lower(name, name_of(span)); });
}

void Headers::clear() {
  text_.clear();
  spans_.clear();
}

void Headers::reserve(std::size_t fields, std::size_t text_bytes) {
  spans_.reserve(fields);
  text_.reserve(text_bytes);
}

bool Headers::operator==(const Headers& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

}  // namespace http
