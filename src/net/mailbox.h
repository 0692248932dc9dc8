#pragma once
// The one way from thread to thread: letters for a loop, from any thread, in the order of posting.
// Bounded; one eventfd write when it was empty. It outlives its loop: senders share its ownership,
// and a letter to a loop that has ended is refused.

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "net/fd.h"

namespace net {

class Loop;

// Destroyed unopened, on the thread that ends the loop, if the loop ends first.
class Letter {
 public:
  Letter() = default;
  Letter(const Letter&) = delete;
  Letter& operator=(const Letter&) = delete;
  virtual ~Letter() = default;
  // Called on the receiving loop's thread.
  virtual void open(Loop& loop) = 0;
};

class Mailbox {
 public:
  // Throws std::system_error if there is no descriptor left.
  explicit Mailbox(std::size_t letters_max = 65'536);
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Takes the letter, or leaves it with the caller and returns false: the mailbox is full or
  // closed.
  [[nodiscard]] bool post(std::unique_ptr<Letter>& letter);
  // For replies and cancellations, of which there is at most one for each letter that was taken:
  // full is no reason to refuse. A letter to a closed mailbox is destroyed.
  void post_reply(std::unique_ptr<Letter> letter);
  bool is_closed() const;
  // Makes the loop take a turn. From any thread.
  void wake();

  // For the loop only.
  int event_fd() const { return event_.get(); }
  std::vector<std::unique_ptr<Letter>> take();
  // Refuses all letters from now on; the unopened ones are returned.
  std::vector<std::unique_ptr<Letter>> close();

 private:
  bool accept(std::unique_ptr<Letter>& letter, std::size_t letters_max);

  Fd event_;
  const std::size_t letters_max_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Letter>> letters_;
  bool is_closed_ = false;
};

// How other threads name a loop.
using LoopAddress = std::shared_ptr<Mailbox>;

}  // namespace net
