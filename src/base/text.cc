#include "base/text.h"

#include <algorithm>
#include <cstdint>

namespace base {
namespace {

// For comparing names: without case, '_' and '-'.
std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '_' && c != '-') out.push_back(lower(c));
  }
  return out;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
}

// Whether a sequence of three or four bytes that starts so is neither overlong nor a surrogate nor
// above U+10FFFF.
bool is_scalar_start(unsigned first, unsigned second) {
  switch (first) {
    case 0xE0:
      return second >= 0xA0;
    case 0xED:
      return second <= 0x9F;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second <= 0x8F;
    default:
      return true;
  }
}

void append_hex(std::string& out, std::uint32_t number, int digits_min) {
  constexpr std::string_view digits = "0123456789abcdef";
  int shift = 28;
  while (shift > 4 * (digits_min - 1) && (number >> static_cast<unsigned>(shift)) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4)
    out.push_back(digits[(number >> static_cast<unsigned>(shift)) & 15U]);
}

void append_escaped(std::string& out, char32_t scalar) {
  if (scalar < 0x80) {
    out += "\\x";
    append_hex(out, scalar, 2);
    return;
  }
  out += "\\u{";
  append_hex(out, scalar, 4);
  out += '}';
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = upper(c);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return text.substr(0, 0);
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) out += separator;
    out += part;
  }
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::string from = folded(a);
  const std::string to = folded(b);
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last;
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before_last = std::move(last);
    last = std::move(row);
    row.assign(to.size() + 1, i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replace = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
      const bool is_swap = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (is_swap) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row.back();
}

std::string_view closest(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t size_max = 128;  // longer names are no slips; keeps the cost bounded
  if (name.empty() || name.size() > size_max) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    if (candidate.size() > size_max) continue;
    const std::size_t distance = edit_distance(name, candidate);
    // A suggestion that shares nothing with the name helps nobody.
    if (distance >= best_distance || distance >= candidate.size()) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

std::string printable(std::string_view bytes, std::size_t size_max) {
  std::string out;
  std::size_t at = 0;
  while (at < bytes.size() && at < size_max) {
    const std::string_view rest = bytes.substr(at);
    const std::size_t size = utf8_length(rest);
    if (size == 0) {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(rest[0]), 2);
      ++at;
      continue;
    }
    const char32_t scalar = scalar_of(rest, size);
    if (is_deceptive(scalar)) {
      append_escaped(out, scalar);
    } else {
      out.append(rest.substr(0, size));
    }
    at += size;
  }
  if (at < bytes.size()) out += "...";
  return out;
}

char32_t scalar_of(std::string_view text, std::size_t size) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (size == 1) return first;
  char32_t scalar = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    scalar = (scalar << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return scalar;
}

bool is_deceptive(char32_t scalar) {
  return scalar < 0x20 || (scalar >= 0x7F && scalar <= 0x9F) || scalar == 0xAD ||
         scalar == 0x061C || scalar == 0x180E || (scalar >= 0x200B && scalar <= 0x200F) ||
         (scalar >= 0x2028 && scalar <= 0x202E) || (scalar >= 0x2060 && scalar <= 0x206F) ||
         scalar == 0xFEFF || (scalar >= 0xFFF9 && scalar <= 0xFFFB) ||
         (scalar >= 0xE0000 && scalar <= 0xE0FFF);
}

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  const std::string_view rest = text.substr(1, size - 1);
  if (rest.size() < size - 1 || !std::all_of(rest.begin(), rest.end(), is_continuation)) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  return is_scalar_start(first, second) ? size : 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void append_utf8(std::string& out, char32_t scalar) {
  const auto byte = [&out](char32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (scalar < 0x80) {
    byte(scalar);
    return;
  }
  if (scalar < 0x800) {
    byte(0xC0U | (scalar >> 6U));
  } else if (scalar < 0x10000) {
    byte(0xE0U | (scalar >> 12U));
    byte(0x80U | ((scalar >> 6U) & 0x3FU));
  } else {
    byte(0xF0U | (scalar >> 18U));
    byte(0x80U | ((scalar >> 12U) & 0x3FU));
    byte(0x80U | ((scalar >> 6U) & 0x3FU));
  }
  byte(0x80U | (scalar & 0x3FU));
}

}  // namespace base
