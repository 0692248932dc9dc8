#pragma once
// Every value of a document in the order of its text, one Entry each; an object's names are entries
// of their own, before their values. Entries say where things are as offsets, so that the table may
// grow while it is filled.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/frame_pool.h"

namespace json {

enum class Type : std::uint8_t { null, boolean, number, string, array, object };

// The reader fills in every part of an entry that it adds.
struct Entry {
  std::uint32_t begin;  // the value's bytes in the text
  std::uint32_t end;
  // Containers: number of members or elements. Strings with escapes: offset in Table::unescaped.
  std::uint32_t extra;
  // Containers: the entry after the last one inside. Strings with escapes: size in
  // Table::unescaped.
  std::uint32_t next;
  Type type;
  bool escaped;
};

// Leaves entries that are made as room alone: memory that is not touched costs nothing, and a
// message may be refused long before its end.
class EntryAllocator : public PooledAllocator<Entry> {
 public:
  template <class U>
  struct rebind {  // NOLINT(readability-identifier-naming): as the library calls it
    using other = EntryAllocator;
  };
  void construct(Entry* /*room*/) noexcept {}
  void construct(Entry* place, Entry&& entry) noexcept { *place = entry; }
  void construct(Entry* place, const Entry& entry) noexcept { *place = entry; }
};

struct Table {
  std::string text;
  std::string unescaped;  // the contents of the strings that had escapes, one after the other
  std::vector<Entry, EntryAllocator> entries;

  static void* operator new(std::size_t size) { return FramePool::allocate(size); }
  static void operator delete(void* table, std::size_t size) { FramePool::release(table, size); }

  std::string_view raw(const Entry& entry) const {
    return {text.data() + entry.begin, entry.end - entry.begin};
  }
  // The entry after this one and all it contains.
  std::uint32_t after(std::uint32_t index) const {
    const Entry& entry = entries[index];
    const bool is_container = entry.type == Type::array || entry.type == Type::object;
    return is_container ? entry.next : index + 1;
  }
  std::string_view content(const Entry& entry) const {
    if (entry.escaped) return {unescaped.data() + entry.extra, entry.next};
    return {text.data() + entry.begin + 1, entry.end - entry.begin - 2};
  }
};

}  // namespace json
