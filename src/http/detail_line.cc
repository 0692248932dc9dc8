#include "http/detail_line.h"

#include <algorithm>
#include <bit>

#include "base/text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#ifdef __SSSE3__
#include <tmmintrin.h>
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

#ifdef __SSE2__
// All bits of each of the 16 bytes that is a control character, or a tab.
__m128i controls_in(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i is_low = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
  return _mm_or_si128(is_low, _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)));
}
// All bits of each of the 16 bytes that is a tab.
__m128i tabs_in(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  return _mm_cmpeq_epi8(block, _mm_set1_epi8('\t'));
}
// A bit for each of 32 bytes.
unsigned bits_of(__m128i first, __m128i second) {
  return static_cast<unsigned>(_mm_movemask_epi8(first)) |
         static_cast<unsigned>(_mm_movemask_epi8(second)) << 16U;
}
#endif

#ifdef __SSSE3__
// Which bytes may stand in a token, as two look-ups of half a byte each: bit `h` of entry `l` says
// whether the byte with the high half `h` and the low half `l` may.
constexpr std::array<std::uint8_t, 16> make_token_halves() {
  std::array<std::uint8_t, 16> halves{};
  constexpr std::array<char, 256> tokens = make_token_lower();
  for (unsigned byte = 0; byte < 128; ++byte) {
    if (tokens.at(byte) != 0) {
      halves.at(byte & 15U) |= static_cast<std::uint8_t>(1U << (byte >> 4U));
    }
  }
  return halves;
}

// Bit n is set if byte n may stand in a token.
unsigned tokens_in(__m128i block) {
  alignas(16) static constexpr std::array<std::uint8_t, 16> of_low = make_token_halves();
  alignas(16) static constexpr std::array<std::uint8_t, 16> of_high = {1, 2, 4, 8, 16, 32, 64, 128};
  const __m128i halves = _mm_set1_epi8(15);
  const __m128i low = _mm_shuffle_epi8(_mm_load_si128(reinterpret_cast<const __m128i*>(&of_low)),
                                       _mm_and_si128(block, halves));
  const __m128i high = _mm_shuffle_epi8(_mm_load_si128(reinterpret_cast<const __m128i*>(&of_high)),
                                        _mm_and_si128(_mm_srli_epi16(block, 4), halves));
  const __m128i is_none = _mm_cmpeq_epi8(_mm_and_si128(low, high), _mm_setzero_si128());
  return ~static_cast<unsigned>(_mm_movemask_epi8(is_none)) & 0xffffU;
}
#endif

}  // namespace

const std::array<char, 256> token_lower = make_token_lower();

namespace {

[[gnu::always_inline]] inline std::size_t control_in(std::string_view text) {
  std::size_t at = 0;
#ifdef __SSE2__
  for (; text.size() - at >= 32; at += 32) {
    const char* const bytes = text.data() + at;
    const __m128i first = controls_in(bytes);
    const __m128i second = controls_in(bytes + 16);
    if (_mm_movemask_epi8(_mm_or_si128(first, second)) == 0) continue;
    // Tabs are rare, so they are told apart only now.
    const unsigned tabs = bits_of(tabs_in(bytes), tabs_in(bytes + 16));
    const unsigned found = bits_of(first, second) & ~tabs;
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  while (at < text.size() && !is_control(text[at])) ++at;
  return at;
}

}  // namespace

std::size_t find_control(std::string_view text) {
  return control_in(text);
}

TokenStart lower_token_start(char* text, std::size_t size) {
  TokenStart start{0, false};
#ifdef __SSSE3__
  const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  bool goes_on = true;
  while (goes_on && start.size < size) {
    auto* const place = reinterpret_cast<__m128i*>(text + start.size);
    const __m128i block = _mm_loadu_si128(place);
    const auto tokens = static_cast<std::size_t>(std::countr_one(tokens_in(block)));
    const std::size_t run = std::min(tokens, size - start.size);
    const unsigned in_run = (1U << run) - 1;
    const __m128i is_in_run = _mm_cmpgt_epi8(_mm_set1_epi8(static_cast<char>(run)), places);
    const __m128i is_upper = _mm_and_si128(_mm_cmpgt_epi8(block, _mm_set1_epi8('A' - 1)),
                                           _mm_cmplt_epi8(block, _mm_set1_epi8('Z' + 1)));
    const __m128i to_lower = _mm_and_si128(_mm_and_si128(is_upper, is_in_run), _mm_set1_epi8(0x20));
    _mm_storeu_si128(place, _mm_or_si128(block, to_lower));
    const __m128i underscores = _mm_cmpeq_epi8(block, _mm_set1_epi8('_'));
    if ((static_cast<unsigned>(_mm_movemask_epi8(underscores)) & in_run) != 0) {
      start.has_underscore = true;
    }
    start.size += run;
    goes_on = run == 16;
  }
#else
  while (start.size < size) {
    const char folded = lower_token(text[start.size]);
    if (folded == 0) break;
    if (folded == '_') start.has_underscore = true;
    text[start.size++] = folded;
  }
#endif
  return start;
}

LineReader::Got LineReader::next(std::string_view& bytes, std::size_t size_max) {
  if (is_held_done_) {
    held_.clear();
    is_held_done_ = false;
  }
  if (!held_.empty()) return next_of_held(bytes, size_max);
  const std::string_view window = bytes.substr(0, size_max + 1);
  const std::size_t end = control_in(window);
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

}  // namespace http
