#pragma once
// Work that many want and one does: starting a child again, opening a stream again, fetching a
// document.
//
//   while (!is_up_ && reviving_.is_on()) {
//     CO_TRY(co_await reviving_.until_over(deadline));
//   }
//   if (is_up_) co_return Result<>();
//   const SharedWork::Turn turn(reviving_);
//   co_return co_await restart(deadline);

#include "base/before.h"
#include "base/signal.h"

class SharedWork {
 public:
  // Whose it is; it is over when this ends, also if its task is destroyed midway. The work must
  // outlive it.
  class Turn {
   public:
    explicit Turn(SharedWork& work) : work_(work) { work_.is_on_ = true; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      work_.is_on_ = false;
      work_.over_.notify_all();
    }

   private:
    SharedWork& work_;
  };

  bool is_on() const { return is_on_; }
  // Fault::timed_out if it is still going on then. Another may have begun since.
  Task<Result<>> until_over(Deadline deadline) { co_return co_await before(deadline, over(*this)); }
  // Waits for the end of the turn that is on, or of the next one.
  auto next_end() { return over_.wait(); }

 private:
  static Task<Result<>> over(SharedWork& work) {
    while (work.is_on_) {
      co_await work.over_.wait();
    }
    co_return Result<>();
  }

  bool is_on_ = false;
  Signal over_;
};
