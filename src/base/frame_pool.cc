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
// Bounds what an idle thread holds on to: 64 small frames of each size, a few large ones.
constexpr std::size_t kept_max = 64;
constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;
constexpr std::uint32_t kept_of(std::size_t kind) {
  return static_cast<std::uint32_t>(
      std::min(kept_max, kept_bytes_max / ((kind + 1) * class_bytes)));
}

struct Free {
  Free* next;
};

// A frame that is released after this thread's lists are gone (a static's destructor) goes straight
// to the allocator. Trivial, so it may be read at any time.
thread_local bool are_gone = false;

struct Lists {
  std::array<Free*, class_count> first{};
  std::array<std::uint32_t, class_count> count{};
  Lists() = default;
  Lists(const Lists&) = delete;
  Lists& operator=(const Lists&) = delete;
  ~Lists() {
    are_gone = true;
    for (Free* list : first) {
      while (list != nullptr) {
        Free* next = list->next;
        ::operator delete(list);
        list = next;
      }
    }
  }
};

Lists& lists() {
  thread_local Lists per_thread;
  return per_thread;
}

std::size_t class_of(std::size_t size) {
  return (size + class_bytes - 1) / class_bytes - 1;
}

}  // namespace

void* FramePool::allocate(std::size_t size) {
  const std::size_t kind = class_of(size);
  if (!FRAMES_ARE_RECYCLED || kind >= class_count || are_gone) return ::operator new(size);
  Lists& mine = lists();
  Free* frame = mine.first[kind];
  if (frame == nullptr) return ::operator new((kind + 1) * class_bytes);
  mine.first[kind] = frame->next;
  --mine.count[kind];
  return frame;
}

void FramePool::release(void* frame, std::size_t size) noexcept {
  const std::size_t kind = class_of(size);
  if (!FRAMES_ARE_RECYCLED || kind >= class_count || are_gone) {
    ::operator delete(frame);
    return;
  }
  Lists& mine = lists();
  if (mine.count[kind] >= kept_of(kind)) {
    ::operator delete(frame);
    return;
  }
  mine.first[kind] = new (frame) Free{mine.first[kind]};
  ++mine.count[kind];
}
