#include "base/frame_pool.h"

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

TEST(FramePool, gives_frames_of_every_size_that_do_not_overlap) {
  struct Frame {
    unsigned char* bytes;
    std::size_t size;
  };
  std::vector<Frame> frames;
  for (std::size_t size = 1; size < 6000; size += 61) {
    auto* bytes = static_cast<unsigned char*>(FramePool::allocate(size));
    std::memset(bytes, static_cast<int>(size % 251), size);
    frames.push_back({bytes, size});
  }
  for (const Frame& frame : frames) {
    for (std::size_t i = 0; i < frame.size; ++i) ASSERT_EQ(frame.bytes[i], frame.size % 251);
    FramePool::release(frame.bytes, frame.size);
  }
}

TEST(FramePool, aligns_frames_as_new_does) {
  for (const std::size_t size : {1U, 64U, 65U, 4096U, 4097U}) {
    void* frame = FramePool::allocate(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame) % __STDCPP_DEFAULT_NEW_ALIGNMENT__, 0U);
    FramePool::release(frame, size);
  }
}

TEST(FramePool, bounds_what_a_thread_keeps) {
  std::vector<void*> frames;
  for (int i = 0; i < 10'000; ++i) frames.push_back(FramePool::allocate(512));
  for (void* frame : frames) FramePool::release(frame, 512);
  EXPECT_EQ(std::set<void*>(frames.begin(), frames.end()).size(), frames.size());
}

TEST(FramePool, takes_frames_of_other_threads) {
  std::vector<void*> frames(200);
  std::thread([&] {
    for (void*& frame : frames) frame = FramePool::allocate(128);
  }).join();
  for (void* frame : frames) FramePool::release(frame, 128);
}

// Released when this thread's lists are gone already.
struct Late {
  void* frame = nullptr;
  Late() = default;
  Late(const Late&) = delete;
  Late& operator=(const Late&) = delete;
  ~Late() { FramePool::release(frame, 128); }
};

TEST(FramePool, takes_frames_at_the_end_of_a_thread) {
  std::thread([] {
    thread_local Late late;
    late.frame = FramePool::allocate(128);
    void* other = FramePool::allocate(128);
    FramePool::release(other, 128);
  }).join();
}

}  // namespace
