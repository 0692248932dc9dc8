#include "cel/value.h"

#include <algorithm>
#include <cstring>

#include "cel/number.h"

namespace cel {

bool List::next(Cursor& cursor, Arena& arena, Value& element) const {
  if (cursor.index >= size()) return false;
  element = at(cursor.index++, arena);
  return true;
}

std::optional<Value> Map::find(const Value& key, Arena& arena) const {
  if (!key.is(Kind::string)) return std::nullopt;
  return find_field(key.as_string(), arena);
}

Value Value::of_ip(const Address& address, Arena& arena) {
  return of_address(Kind::ip, address, 0, arena);
}

Value Value::of_cidr(const Address& address, std::uint32_t prefix_length, Arena& arena) {
  return of_address(Kind::cidr, address, prefix_length, arena);
}

Value Value::of_address(Kind kind, const Address& address, std::uint32_t extra, Arena& arena) {
  if (address.is_v4) {
    Value value(kind, extra, {.uinteger = 0});
    value.is_v4_ = true;
    std::memcpy(&value.payload_.uinteger, address.bytes.data(), 4);
    return value;
  }
  void* memory = arena.allocate(address.bytes.size(), 1);
  if (memory == nullptr) return error(ErrorCode::out_of_memory, "memory limit exceeded");
  std::memcpy(memory, address.bytes.data(), address.bytes.size());
  return Value(kind, extra, {.octets = static_cast<const std::uint8_t*>(memory)});
}

Address Value::address() const {
  assert(kind_ == Kind::ip || kind_ == Kind::cidr);
  Address address;
  address.is_v4 = is_v4_;
  if (is_v4_) {
    std::memcpy(address.bytes.data(), &payload_.uinteger, 4);
  } else {
    std::memcpy(address.bytes.data(), payload_.octets, address.bytes.size());
  }
  return address;
}

void* Arena::allocate(std::size_t size, std::size_t alignment) {
  auto misaligned = reinterpret_cast<std::uintptr_t>(next_) & (alignment - 1);
  const std::size_t padding = misaligned == 0 ? 0 : alignment - misaligned;
  if (size + padding <= static_cast<std::size_t>(end_ - next_)) {
    void* memory = next_ + padding;
    next_ += padding + size;
    return memory;
  }
  const std::size_t block = std::max(size, inline_size);
  if (is_full_ || size > cap_ || allocated_ + block > cap_) {
    is_full_ = true;
    return nullptr;
  }
  // new[] of bytes is aligned for every fundamental type.
  blocks_.emplace_back(new std::byte[block]);
  allocated_ += block;
  next_ = blocks_.back().get() + size;
  end_ = blocks_.back().get() + block;
  return blocks_.back().get();
}

void Arena::release() {
  blocks_.clear();
  owned_.clear();
  allocated_ = 0;
  owned_size_ = 0;
}

bool Arena::own(std::shared_ptr<const void> thing, std::size_t size) {
  if (size > owned_cap - owned_size_) {
    is_full_ = true;
    return false;
  }
  owned_.push_back(std::move(thing));
  owned_size_ += std::max<std::size_t>(size, 1);
  return true;
}

std::optional<std::string_view> Arena::copy(std::string_view text) {
  if (text.empty()) return std::string_view();
  char* memory = make_text(text.size());
  if (memory == nullptr) return std::nullopt;
  std::memcpy(memory, text.data(), text.size());
  return std::string_view(memory, text.size());
}

std::optional<Value> ArrayMap::find_field(std::string_view name, Arena&) const {
  for (std::size_t i = 0; i < size_; ++i) {
    if (entries_[i].key.is(Kind::string) && entries_[i].key.as_string() == name) {
      return entries_[i].value;
    }
  }
  return std::nullopt;
}

std::optional<Value> ArrayMap::find(const Value& key, Arena& arena) const {
  if (key.is(Kind::string)) return find_field(key.as_string(), arena);
  for (std::size_t i = 0; i < size_; ++i) {
    if (same_key(entries_[i].key, key)) return entries_[i].value;
  }
  return std::nullopt;
}

}  // namespace cel
