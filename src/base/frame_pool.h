#pragma once
// Memory for coroutine frames and for what is made and dropped as often, recycled per thread in
// free lists of 64-byte classes, bounded. Under AddressSanitizer every frame is allocated anew, so
// that a use after free is found.

#include <cstddef>
#include <limits>
#include <new>

class FramePool {
 public:
  static void* allocate(std::size_t size);
  // `size` is what was asked for. May be called on another thread than allocate().
  static void release(void* frame, std::size_t size) noexcept;
};

// For containers that are made and dropped with each request and are larger than what the
// allocator of the C library keeps at hand.
template <class T>
class PooledAllocator {
 public:
  using value_type = T;
  PooledAllocator() = default;
  template <class U>
  PooledAllocator(const PooledAllocator<U>& /*other*/) {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T))
      throw std::bad_array_new_length();
    return static_cast<T*>(FramePool::allocate(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    FramePool::release(memory, count * sizeof(T));
  }
  template <class U>
  bool operator==(const PooledAllocator<U>& /*other*/) const {
    return true;
  }
};
