#pragma once
// Memory for coroutine frames and for what is made and dropped as often, recycled per thread in
// free lists of 64-byte classes, bounded. Under AddressSanitizer every frame is allocated anew, so
// that a use after free is found.

#include <cstddef>

class FramePool {
 public:
  static void* allocate(std::size_t size);
  // `size` is what was asked for. May be called on another thread than allocate().
  static void release(void* frame, std::size_t size) noexcept;
};
