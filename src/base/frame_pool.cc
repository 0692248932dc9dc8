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

struct List {
  Free* first;
  std::uint32_t room;  // how many more frames it takes
};

// Trivial and made with the thread, so that it may be used at any time and without a test whether
// it is there already. There is room in the lists only while somebody will empty them.
struct Lists {
  std::array<List, class_count> of_class;
  std::size_t bytes_left;  // for all lists together
  bool were_opened;
};
constinit thread_local Lists mine{};

// Gives the lists room, and takes it away at the end of the thread: what is released then goes
// straight to the allocator.
class Emptier {
 public:
  Emptier() {
    mine.were_opened = true;
    mine.bytes_left = kept_bytes_max;
    for (List& list : mine.of_class) list.room = kept_max;
  }
  Emptier(const Emptier&) = delete;
  Emptier& operator=(const Emptier&) = delete;
  ~Emptier() {
    mine.bytes_left = 0;
    for (List& list : mine.of_class) {
      list.room = 0;
      while (list.first != nullptr) {
        Free* next = list.first->next;
        ::operator delete(list.first);
        list.first = next;
      }
    }
  }
};

std::size_t class_of(std::size_t size) {
  return (size - 1) / class_bytes;
}

[[gnu::always_inline]] inline bool take(void* frame, std::size_t kind) noexcept {
  List& list = mine.of_class[kind];
  const std::size_t bytes = (kind + 1) * class_bytes;
  if (list.room == 0 || mine.bytes_left < bytes) return false;
  --list.room;
  mine.bytes_left -= bytes;
  list.first = new (frame) Free{list.first};
  return true;
}

// The first frame of a thread, or one that is too many.
[[gnu::noinline]] void release_rarely(void* frame, std::size_t kind) noexcept {
  if (kind < class_count && !mine.were_opened) {
    thread_local const Emptier emptier;
    if (take(frame, kind)) return;
  }
  ::operator delete(frame);
}

}  // namespace

void* FramePool::allocate(std::size_t size) {
  const std::size_t kind = class_of(size);
  if (!FRAMES_ARE_RECYCLED || kind >= class_count) return ::operator new(size);
  List& list = mine.of_class[kind];
  Free* const frame = list.first;
  const std::size_t bytes = (kind + 1) * class_bytes;
  if (frame == nullptr) return ::operator new(bytes);
  list.first = frame->next;
  ++list.room;
  mine.bytes_left += bytes;
  return frame;
}

void FramePool::release(void* frame, std::size_t size) noexcept {
  const std::size_t kind = class_of(size);
  if (!FRAMES_ARE_RECYCLED) {
    ::operator delete(frame);
  } else if (kind >= class_count || !take(frame, kind)) {
    release_rarely(frame, kind);
  }
}
