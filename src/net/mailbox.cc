#include "net/mailbox.h"

#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace net {

Mailbox::Mailbox(std::size_t letters_max)
    : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), letters_max_(letters_max) {
  if (!event_.is_open()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

bool Mailbox::accept(std::unique_ptr<Letter>& letter, std::size_t letters_max) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_ || letters_.size() >= letters_max) return false;
    was_empty = letters_.empty();
    letters_.push_back(std::move(letter));
  }
  if (was_empty) wake();
  return true;
}

bool Mailbox::post(std::unique_ptr<Letter>& letter) {
  return accept(letter, letters_max_);
}

void Mailbox::post_reply(std::unique_ptr<Letter> letter) {
  accept(letter, std::numeric_limits<std::size_t>::max());
}

void Mailbox::wake() {
  const std::uint64_t one = 1;
  // It fails only when the counter is at its maximum, which wakes as well.
  [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
}

bool Mailbox::is_closed() const {
  const std::lock_guard lock(mutex_);
  return is_closed_;
}

std::vector<std::unique_ptr<Letter>> Mailbox::take() {
  // The counter first: a letter that comes in between is taken now, and its wake-up finds nothing.
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(event_.get(), &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return std::exchange(letters_, {});
}

std::vector<std::unique_ptr<Letter>> Mailbox::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  return std::exchange(letters_, {});
}

}  // namespace net
