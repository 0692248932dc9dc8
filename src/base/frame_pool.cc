#include "base/frame_pool.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define FRAMES_ARE_RECYCLED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FRAMES_ARE_RECYCLED 0
#endif
#endif
#ifndef FRAMES_ARE_RECYCLED
#define FRAMES_ARE_RECYCLED 1
#endif

namespace {

constexpr std::size_t class_bytes = 64;
constexpr std::size_t class_count = 256;  // up to 16 KiB is recycled
// Bounds what an idle thread holds on to: so many frames of each class, so many bytes together.
constexpr std::uint32_t kept_max = 64;
constexpr std::size_t kept_bytes_max = std::size_t{2} << 20;

struct Free {
  Free* next;
};

// Trivial and made with the thread, so that it may be used at any time and without a test whether
// it is there already.
struct Lists {
  std::array<Free*, class_count> first;
  std::array<std::uint32_t, class_count> count;
  std::size_t bytes;     // of all lists
  bool will_be_emptied;  // at the end of the thread
  bool are_gone;         // what is released then goes straight to the allocator
};
constinit thread_local Lists mine{};

class Emptier {
 public:
  Emptier() { mine.will_be_emptied = true; }
  Emptier(const Emptier&) = delete;
  Emptier& operator=(const Emptier&) = delete;
  ~Emptier() {
    mine.are_gone = true;
    for (Free*& list : mine.first) {
      while (list != nullptr) {
        Free* next = list->next;
        ::operator delete(list);
        list = next;
      }
    }
  }
};

void empty_at_the_end() {
  thread_local const Emptier emptier;
}

std::size_t class_of(std::size_t size) {
  return (size + class_bytes - 1) / class_bytes - 1;
}

}  // namespace

void* FramePool::allocate(std::size_t size) {
  const std::size_t kind = class_of(size);
  if (!FRAMES_ARE_RECYCLED || kind >= class_count) return ::operator new(size);
  Free* frame = mine.first[kind];
  if (frame == nullptr) return ::operator new((kind + 1) * class_bytes);
  mine.first[kind] = frame->next;
  --mine.count[kind];
  mine.bytes -= (kind + 1) * class_bytes;
  return frame;
}

void FramePool::release(void* frame, std::size_t size) noexcept {
  const std::size_t kind = class_of(size);
  const bool is_kept = FRAMES_ARE_RECYCLED && kind < class_count && !mine.are_gone &&
                       mine.count[kind] < kept_max && mine.bytes < kept_bytes_max;
  if (!is_kept) {
    ::operator delete(frame);
    return;
  }
  if (!mine.will_be_emptied) empty_at_the_end();
  mine.first[kind] = new (frame) Free{mine.first[kind]};
  ++mine.count[kind];
  mine.bytes += (kind + 1) * class_bytes;
}
