#include "http/detail_line.h"

#include <algorithm>
#include <bit>

#include "base/text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace http {

namespace {

constexpr std::array<char, 256> make_token_lower() {
  std::array<char, 256> table{};
  constexpr std::string_view same = "0123456789abcdefghijklmnopqrstuvwxyz!#$%&'*+-.^_`|~";
  constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const char c : same) table[static_cast<unsigned char>(c)] = c;
  for (const char c : upper) table[static_cast<unsigned char>(c)] = base::lower(c);
  return table;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

}  // namespace

const std::array<char, 256> token_lower = make_token_lower();

#ifdef __SSE2__
// All bits of each of the 16 bytes that is a control character.
__m128i controls_in(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i is_low = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
  return _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\t')), is_low),
                      _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)));
}
#endif

std::size_t find_control(std::string_view text) {
  std::size_t at = 0;
#ifdef __SSE2__
  for (; text.size() - at >= 32; at += 32) {
    const __m128i first = controls_in(text.data() + at);
    const __m128i second = controls_in(text.data() + at + 16);
    if (_mm_movemask_epi8(_mm_or_si128(first, second)) == 0) continue;
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(first)) |
                      static_cast<unsigned>(_mm_movemask_epi8(second)) << 16U;
    return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (at < text.size() && !is_control(text[at])) ++at;
  return at;
}

LineReader::Got LineReader::next(std::string_view& bytes, std::size_t size_max) {
  if (is_held_done_) {
    held_.clear();
    is_held_done_ = false;
  }
  if (!held_.empty()) return next_of_held(bytes, size_max);
  const std::string_view window = bytes.substr(0, size_max + 1);
  const std::size_t end = find_control(window);
  if (end == window.size() && end > size_max) return Got::too_long;
  if (end < window.size() && window[end] != '\r') return Got::illegal;
  if (end + 1 >= bytes.size()) {
    held_ = bytes;
    bytes = {};
    return Got::more;
  }
  if (bytes[end + 1] != '\n') return Got::illegal;
  line_ = bytes.substr(0, end);
  bytes.remove_prefix(end + 2);
  return Got::line;
}

// held_ is an incomplete line of legal characters, perhaps with the CR of its end.
LineReader::Got LineReader::next_of_held(std::string_view& bytes, std::size_t size_max) {
  if (bytes.empty()) return Got::more;
  if (held_.back() != '\r') {
    const std::string_view window =
        bytes.substr(0, size_max >= held_.size() ? size_max + 1 - held_.size() : 0);
    const std::size_t end = find_control(window);
    if (end == window.size() && held_.size() + end > size_max) return Got::too_long;
    if (end < window.size() && window[end] != '\r') return Got::illegal;
    const std::size_t taken = std::min(end + 1, bytes.size());
    held_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (bytes.empty()) return Got::more;
  }
  if (bytes.front() != '\n') return Got::illegal;
  bytes.remove_prefix(1);
  is_held_done_ = true;
  line_ = std::string_view(held_).substr(0, held_.size() - 1);
  return Got::line;
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return lower_token(c) != 0; });
}

bool equals_lower_of_same_size(std::string_view text, std::string_view lower_case) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (folded != lower_case[at]) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace http
