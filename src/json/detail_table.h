#pragma once
// Every value of a document in the order of its text, one Entry each; an object's names are entries
// of their own, before their values. Entries say where things are as offsets, so that the table may
// grow while it is filled.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace json {

struct Entry {
  std::uint32_t begin = 0;  // the value's bytes in the text
  std::uint32_t end = 0;
  // Containers: number of members or elements. Strings with escapes: offset in Table::unescaped.
  std::uint32_t extra = 0;
  // Containers: the entry after the last one inside. Strings with escapes: size in
  // Table::unescaped.
  std::uint32_t next = 0;
  Type type = Type::null;
  bool escaped = false;
};

struct Table {
  std::string text;
  std::string unescaped;  // the contents of the strings that had escapes, one after the other
  std::vector<Entry> entries;

  std::string_view raw(const Entry& entry) const {
    return std::string_view(text).substr(entry.begin, entry.end - entry.begin);
  }
  std::string_view content(const Entry& entry) const {
    if (entry.escaped) return std::string_view(unescaped).substr(entry.extra, entry.next);
    return std::string_view(text).substr(entry.begin + 1, entry.end - entry.begin - 2);
  }
};

}  // namespace json
