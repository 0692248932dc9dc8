#include "net/worker.h"

#include <algorithm>
#include <exception>

#include <pthread.h>

namespace net {

class Worker::Stop final : public Letter {
 public:
  void open(Loop& loop) override { loop.stop(); }
};

Worker::Worker(std::string name, std::unique_ptr<Root> root) {
  std::promise<LoopAddress> made;
  auto address = made.get_future();
  // The C library's limit is 15 characters.
  name.resize(std::min<std::size_t>(name.size(), 15));
  thread_ = std::thread(&Worker::work, std::move(name), std::move(root), std::move(made));
  try {
    address_ = address.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

void Worker::work(const std::string& name, std::unique_ptr<Root> root,
                  std::promise<LoopAddress> made) {
  ::pthread_setname_np(::pthread_self(), name.c_str());
  std::unique_ptr<Loop> loop;
  try {
    loop = std::make_unique<Loop>();
  } catch (...) {
    made.set_exception(std::current_exception());
    return;
  }
  made.set_value(loop->address());
  Task<> task = root->begin(*loop);
  task.start(*loop, std::noop_coroutine());
  while (!task.is_done() && !loop->is_stopped()) loop->turn(Instant::max());
  if (task.is_done()) task.take();  // ends the program if the task threw
  // The task before what it refers to.
  task = Task<>();
  root.reset();
}

Worker::~Worker() {
  stop();
  join();
}

void Worker::stop() {
  if (address_) address_->post_reply(std::make_unique<Stop>());
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace net
