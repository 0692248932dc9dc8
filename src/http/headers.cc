#include "http/headers.h"

#include <algorithm>
#include <cstring>

#include "http/detail_line.h"

namespace http {

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Span& span : spans_) {
    // Nearly all differ in size already.
    if (span.name_size != name.size()) continue;
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
  for (const Span& span : spans_) {
    if (span.name_size == name.size() && equals_lower(name, name_of(span)))
      values.push_back(value_of(span));
  }
  return values;
}

FieldText::FieldText(const FieldText& other) {
  if (other.size_ == 0) return;
  std::memcpy(room_for(other.size_), other.data_, other.size_);
  extend(other.size_);
}

void FieldText::grow(std::size_t bytes) {
  // Together with the slack what the recycling of memory makes no waste of.
  constexpr std::size_t least = 256 - slack;
  const std::size_t room = std::max({least, size_ + bytes, 2 * room_});
  char* const data = static_cast<char*>(FramePool::allocate(room + slack));
  if (data_ != nullptr) {
    std::memcpy(data, data_, size_);
    FramePool::release(data_, room_ + slack);
  }
  data_ = data;
  room_ = room;
}

Headers::Span Headers::store(std::string_view name, std::string_view value) {
  const std::size_t at = text_.size();
  const std::size_t size = name.size() + 2 + value.size() + 2;
  char* out = text_.room_for(size);
  out = std::copy(name.begin(), name.end(), out);
  *out++ = ':';
  *out++ = ' ';
  out = std::copy(value.begin(), value.end(), out);
  *out++ = '\r';
  *out++ = '\n';
  text_.extend(size);
  const KnownField known = known_field(name);
  seen_ |= set_of(known);
  return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(name.size()),
          static_cast<std::uint32_t>(value.size()), known};
}

Headers::Span Headers::store_made_safe(std::string_view name, std::string_view value) {
  std::string lower(name);
  for (char& c : lower) c = lower_token(c);
  const std::string_view trimmed = trim(value);
  std::size_t end = find_control(trimmed);
  if (end == trimmed.size()) return store(lower, trimmed);
  std::string safe(trimmed);
  while (end < safe.size()) {
    safe[end] = ' ';
    end += find_control(std::string_view(safe).substr(end));
  }
  return store(lower, safe);
}

void Headers::add(std::string_view name, std::string_view value) {
  if (is_token(name)) spans_.push_back(store_made_safe(name, value));
}

void Headers::add(const ConstantField& field) {
  spans_.push_back(store(field.name, field.value));
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
    spans_.push_back(store_made_safe(name, value));
    return;
  }
  spans_.erase(std::remove_if(first + 1, spans_.end(), is_same), spans_.end());
  *first = store_made_safe(name, value);
}

// Neighbours are copied together.
void Headers::append_to(std::string& out, KnownFields left_out) const {
  std::size_t begin = 0;
  std::size_t end = 0;
  for (const Span& span : spans_) {
    if (is_in(left_out, span.known)) continue;
    if (span.at != end) {
      out.append(text_.data() + begin, end - begin);
      begin = span.at;
    }
    end = span.at + span.line_size();
  }
  out.append(text_.data() + begin, end - begin);
}

std::size_t Headers::remove(std::string_view name) {
  return std::erase_if(spans_, [&](const Span& span) { return equals_lower(name, name_of(span)); });
}

void Headers::clear() {
  text_.clear();
  spans_.clear();
  seen_ = 0;
}

void Headers::reserve(std::size_t fields, std::size_t text_bytes) {
  spans_.reserve(fields);
  text_.reserve(text_bytes);
}

bool Headers::operator==(const Headers& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

}  // namespace http
