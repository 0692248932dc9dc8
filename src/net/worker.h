#pragma once
// A thread with a loop and one root task. The loop lives exactly as long as the thread.
//
//   net::Worker worker("worker-0", &serve, std::move(socket), config);  // Task<> serve(Loop&, ...)
//
// The root task is destroyed, and the thread ends, when it is done or after stop().

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "net/loop.h"

namespace net {

class Worker {
 public:
  // `entry` is a coroutine function with value parameters; the arguments are moved to the thread.
  // Returns when the loop has an address; throws std::system_error if the system lacks threads or
  // descriptors.
  template <class... Params, class... Args>
  Worker(std::string name, Task<> (*entry)(Loop&, Params...), Args... args)
      : Worker(std::move(name), make_root(entry, std::move(args)...)) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // Stops and joins.
  ~Worker();

  const LoopAddress& address() const { return address_; }
  // From any thread.
  void stop();
  // Waits until the root task is done.
  void join();

 private:
  // The root task's arguments, and what makes the task of them.
  class Root {
   public:
    Root() = default;
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;
    virtual ~Root() = default;
    virtual Task<> begin(Loop& loop) = 0;
  };
  template <class Entry, class... Args>
  class RootOf final : public Root {
   public:
    explicit RootOf(Entry entry, Args... args) : entry_(entry), args_(std::move(args)...) {}
    Task<> begin(Loop& loop) override {
      return std::apply([&](Args&... args) { return entry_(loop, std::move(args)...); }, args_);
    }

   private:
    Entry entry_;
    std::tuple<Args...> args_;
  };
  template <class Entry, class... Args>
  static std::unique_ptr<Root> make_root(Entry entry, Args... args) {
    return std::make_unique<RootOf<Entry, Args...>>(entry, std::move(args)...);
  }
  Worker(std::string name, std::unique_ptr<Root> root);
  static void work(const std::string& name, std::unique_ptr<Root> root,
                   std::promise<LoopAddress> made);

  class Stop;
  LoopAddress address_;
  std::thread thread_;
};

}  // namespace net
