#pragma once
// Work for another thread's loop, and objects that live on one.
//
//   CO_TRY(auto sum, co_await run_on(address, &add, 1, 2));       // Task<int> add(int, int)
//   Home<Child> child(loop, std::make_unique<Child>(...));        // on the child's own thread
//   CO_TRY(auto reply, co_await child.ask(&Child::call, call));   // from any loop
//
// The function is a coroutine function with value parameters; it runs on the home loop, and the
// asker is resumed on its own loop with the value. Destroying the waiting asker cancels the work
// there. If both are the same loop there is no hop. The answer is always a Result:
// Fault::unavailable if the home loop or the object has ended, Fault::too_many if its mailbox is
// full. Arguments and answers cross threads: they must not be bound to one (no streams, no tasks).

#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "base/result.h"
#include "base/task.h"
#include "net/detail_visit.h"
#include "net/loop.h"

namespace net {

// Any number of threads may ask; the value itself belongs to whoever owns it and may be moved
// between threads. Destroying it destroys the object on its own loop: at once if the loop has
// ended, else soon; those who wait for an answer get Fault::unavailable.
template <class T>
class Home {
 public:
  // On the thread of `loop`, the object's home.
  Home(Loop& loop, std::unique_ptr<T> object)
      : residence_(std::make_shared<detail::ResidenceOf<T>>(loop, std::move(object))) {
    residence_->settle(residence_);
  }
  Home(Home&&) noexcept = default;
  Home& operator=(Home&& other) noexcept {
    if (this != &other) {
      leave();
      residence_ = std::move(other.residence_);
    }
    return *this;
  }
  ~Home() { leave(); }

  // To be awaited at once; gives a Result<U> where the method is a Task<Result<U>> or a Task<U>.
  template <class R, class... Params, class... Args>
  auto ask(Task<R> (T::*method)(Params...), Args... args) const {
    return detail::Ask<T, R, Task<R> (T::*)(Params...), Args...>(residence_, method,
                                                                 std::move(args)...);
  }
  template <class R, class... Params, class... Args>
  auto ask(Task<R> (T::*method)(Params...) const, Args... args) const {
    return detail::Ask<T, R, Task<R> (T::*)(Params...) const, Args...>(residence_, method,
                                                                       std::move(args)...);
  }
  const LoopAddress& address() const { return residence_->home(); }

 private:
  void leave() {
    if (residence_) detail::Residence::leave(std::move(residence_));
  }
  std::shared_ptr<detail::ResidenceOf<T>> residence_;
};

// Runs a coroutine function on another loop.
template <class R, class... Params, class... Args>
auto run_on(LoopAddress home, Task<R> (*function)(Params...), Args... args) {
  using Call = detail::FunctionVisit<R, Task<R> (*)(Params...), Args...>;
  return detail::visit<R>(std::move(home), std::make_shared<Call>(function, std::move(args)...));
}

}  // namespace net
