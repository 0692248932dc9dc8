#include "base/scheduler.h"

#include "base/wakeup_queue.h"

Wakeup::~Wakeup() {
  if (scheduler_ != nullptr) scheduler_->disarm(*this);
}

WakeupQueue::~WakeupQueue() {
  while (first_soon_ != nullptr) remove(*first_soon_);
  while (!heap_.empty()) remove(*heap_.back());
}

void WakeupQueue::arm(Wakeup& wakeup, Instant when) {
  remove(wakeup);
  wakeup.scheduler_ = &owner_;
  wakeup.due_ = when;
  wakeup.in_heap_ = true;
  heap_.push_back(&wakeup);
  wakeup.heap_place_ = heap_.size() - 1;
  sift_up(wakeup.heap_place_);
}

void WakeupQueue::soon(Wakeup& wakeup) {
  remove(wakeup);
  wakeup.scheduler_ = &owner_;
  wakeup.in_heap_ = false;
  wakeup.before_ = last_soon_;
  wakeup.after_ = nullptr;
  (last_soon_ != nullptr ? last_soon_->after_ : first_soon_) = &wakeup;
  last_soon_ = &wakeup;
}

void WakeupQueue::remove(Wakeup& wakeup) {
  if (wakeup.scheduler_ == nullptr) return;
  wakeup.scheduler_ = nullptr;
  if (!wakeup.in_heap_) {
    (wakeup.before_ != nullptr ? wakeup.before_->after_ : first_soon_) = wakeup.after_;
    (wakeup.after_ != nullptr ? wakeup.after_->before_ : last_soon_) = wakeup.before_;
    return;
  }
  const std::size_t place = wakeup.heap_place_;
  Wakeup* last = heap_.back();
  heap_.pop_back();
  if (last == &wakeup) return;
  put(place, last);
  sift_up(place);
  sift_down(last->heap_place_);
}

void WakeupQueue::run(Instant now) {
  // A call may ask for more calls: those wait for the next round, or a task that yields in a loop
  // would starve the sockets.
  bool is_last = first_soon_ == nullptr;
  Wakeup end_of_round([](void*) {}, nullptr);
  if (!is_last) soon(end_of_round);
  while (!is_last) {
    Wakeup& next = *first_soon_;
    is_last = &next == &end_of_round;
    remove(next);
    fire(next);
  }
  for (std::size_t left = heap_.size(); left > 0 && !heap_.empty(); --left) {
    if (heap_.front()->due_ > now) break;
    Wakeup& next = *heap_.front();
    remove(next);
    fire(next);
  }
}

void WakeupQueue::fire(Wakeup& wakeup) {
  wakeup.call_(wakeup.context_);
}

void WakeupQueue::put(std::size_t place, Wakeup* wakeup) {
  heap_[place] = wakeup;
  wakeup->heap_place_ = place;
}

void WakeupQueue::sift_up(std::size_t place) {
  Wakeup* moving = heap_[place];
  while (place > 0) {
    const std::size_t parent = (place - 1) / 2;
    if (heap_[parent]->due_ <= moving->due_) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, moving);
}

void WakeupQueue::sift_down(std::size_t place) {
  Wakeup* moving = heap_[place];
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->due_ < heap_[child]->due_) ++child;
    if (moving->due_ <= heap_[child]->due_) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, moving);
}
