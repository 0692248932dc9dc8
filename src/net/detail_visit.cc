#include "net/detail_visit.h"

namespace net::detail {
namespace {

Error ended() {
  return Error(Fault::unavailable, "the other side has ended");
}

}  // namespace

// To the home: do the work.
class Visit::Arrival final : public Letter {
 public:
  explicit Arrival(std::shared_ptr<Visit> visit) : visit_(std::move(visit)) {}
  // The loop ended before it was opened. An asker that gave the letter back has disarmed it.
  ~Arrival() override {
    if (visit_) visit_->refuse(ended());
  }
  void open(Loop& loop) override { std::exchange(visit_, nullptr)->arrive(loop); }
  void disarm() { visit_ = nullptr; }

 private:
  std::shared_ptr<Visit> visit_;
};

// To the asker: the value is there.
class Visit::Answer final : public Letter {
 public:
  explicit Answer(std::shared_ptr<Visit> visit) : visit_(std::move(visit)) {}
  void open(Loop& /*loop*/) override { resume(visit_.get()); }

 private:
  std::shared_ptr<Visit> visit_;
};

// To the home: nobody waits any more.
class Visit::Abandoning final : public Letter {
 public:
  explicit Abandoning(std::shared_ptr<Visit> visit) : visit_(std::move(visit)) {}
  void open(Loop& /*loop*/) override { visit_->cut_short(); }

 private:
  std::shared_ptr<Visit> visit_;
};

void Visit::ask(const LoopAddress& home, Scheduler& asker, std::coroutine_handle<> awaiting) {
  auto& loop = dynamic_cast<Loop&>(asker);
  home_ = home;
  asker_ = loop.address();
  is_local_ = home_ == asker_;
  awaiting_ = awaiting;
  scheduler_ = &asker;
  resuming_.emplace(&Visit::resume, this);
  if (is_local_) {
    arrive(loop);
    return;
  }
  auto arrival = std::make_unique<Arrival>(shared_from_this());
  Arrival& sent = *arrival;
  std::unique_ptr<Letter> letter = std::move(arrival);
  if (home_->post(letter)) return;
  sent.disarm();
  fail(home_->is_closed() ? ended() : Error(Fault::too_many, "the other side's mailbox is full"));
  scheduler_->soon(*resuming_);
}

void Visit::abandon() {
  awaiting_ = nullptr;
  resuming_.reset();
  if (is_local_) {
    // Soon and not now: the visit itself may be what destroys its asker.
    if (guests_ != nullptr) leave_soon();
    return;
  }
  home_->post_reply(std::make_unique<Abandoning>(shared_from_this()));
}

void Visit::resume(void* self) {
  auto& visit = *static_cast<Visit*>(self);
  if (visit.awaiting_ == nullptr) return;  // the asker is gone
  std::exchange(visit.awaiting_, nullptr).resume();
}

void Visit::arrive(Loop& home) {
  Guests* guests = host(home);
  if (guests == nullptr) {
    refuse(ended());
    return;
  }
  guests->start(shared_from_this(), home);
}

void Visit::begin(Guests& host, Loop& home) {
  guests_ = &host;
  loop_ = &home;
  leaving_.emplace(&Visit::leave, this);
  running_ = run(*this);
  running_.start(home, std::noop_coroutine());
}

Task<> Visit::run(Visit& visit) {
  try {
    co_await visit.work();
  } catch (...) {
    std::terminate();
  }
  visit.answer();
  // Not freed here: this is its own frame.
  visit.leave_soon();
}

void Visit::refuse(Error error) {
  fail(std::move(error));
  answer();
}

void Visit::answer() {
  is_answered_ = true;
  if (!is_local_) {
    asker_->post_reply(std::make_unique<Answer>(shared_from_this()));
  } else if (resuming_) {
    scheduler_->soon(*resuming_);
  }
}

void Visit::cut_short() {
  if (guests_ != nullptr) leave(this);
}

void Visit::leave_soon() {
  loop_->soon(*leaving_);
}

void Visit::leave(void* self) {
  auto& visit = *static_cast<Visit*>(self);
  // Keeps it alive until the end of this function.
  const std::shared_ptr<Visit> kept = visit.shared_from_this();
  Guests& guests = *std::exchange(visit.guests_, nullptr);
  guests.visits_.erase(visit.place_);
  visit.leaving_.reset();
  visit.running_ = Task<>();
}

void Guests::start(std::shared_ptr<Visit> visit, Loop& home) {
  Visit& guest = *visit;
  guest.place_ = visits_.insert(visits_.end(), std::move(visit));
  guest.begin(*this, home);
}

void Guests::evict_all() {
  while (!visits_.empty()) {
    const std::shared_ptr<Visit> visit = visits_.front();
    Visit::leave(visit.get());
    if (!visit->is_answered_) visit->refuse(ended());
  }
}

// To the home: the owner is gone.
class Residence::Leaving final : public Letter {
 public:
  explicit Leaving(std::shared_ptr<Residence> residence) : residence_(std::move(residence)) {}
  void open(Loop& /*loop*/) override { residence_->evict(); }

 private:
  std::shared_ptr<Residence> residence_;
};

void Residence::settle() {
  self_ = shared_from_this();
  loop_.adopt(*this);
}

void Residence::evict() {
  if (self_ == nullptr) return;
  const std::shared_ptr<Residence> kept = std::exchange(self_, nullptr);
  loop_.forget(*this);
  guests_.evict_all();
  destroy_object();
}

void Residence::leave(std::shared_ptr<Residence> residence) {
  const LoopAddress home = residence->home();
  home->post_reply(std::make_unique<Leaving>(std::move(residence)));
}

}  // namespace net::detail
