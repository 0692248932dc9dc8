#include "net/detail_visit.h"

namespace net::detail {

Error visit_ended() {
  return Error(Fault::unavailable, "the other side has ended");
}

Error visit_failed(const std::exception& exception) {
  return Error(Fault::internal, std::string("exception: ") + exception.what());
}

// To the home: do the work.
class Visit::Arrival final : public Letter {
 public:
  explicit Arrival(std::shared_ptr<Visit> visit) : visit_(std::move(visit)) {}
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;
  // The loop ended before it was opened. An asker that gave the letter back has disarmed it.
  ~Arrival() override {
    if (visit_) refuse(visit_, visit_ended());
  }
  void open(Loop& loop) override { arrive(std::exchange(visit_, nullptr), loop); }
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

void Visit::ask(const std::shared_ptr<Visit>& visit, const LoopAddress& home,
                std::coroutine_handle<> awaiting, Scheduler& asker) {
  auto& loop = dynamic_cast<Loop&>(asker);
  visit->home_ = home;
  visit->asker_ = loop.address();
  visit->is_local_ = visit->home_ == visit->asker_;
  visit->awaiting_ = awaiting;
  visit->scheduler_ = &asker;
  if (visit->is_local_) {
    arrive(visit, loop);
    return;
  }
  auto arrival = std::make_unique<Arrival>(visit);
  Arrival& sent = *arrival;
  std::unique_ptr<Letter> letter = std::move(arrival);
  if (home->post(letter)) return;
  sent.disarm();
  visit->fail(home->is_closed() ? visit_ended()
                                : Error(Fault::too_many, "the other side's mailbox is full"));
  asker.soon(visit->resuming_);
}

void Visit::abandon(const std::shared_ptr<Visit>& visit) {
  visit->awaiting_ = nullptr;
  visit->scheduler_->disarm(visit->resuming_);
  if (visit->is_local_) {
    // Soon and not now: the visit itself may be what destroys its asker.
    if (visit->guests_ != nullptr) visit->leave_soon();
    return;
  }
  visit->home_->post_reply(std::make_unique<Abandoning>(visit));
}

void Visit::resume(void* self) {
  auto& visit = *static_cast<Visit*>(self);
  if (visit.awaiting_ == nullptr) return;  // the asker is gone
  std::exchange(visit.awaiting_, nullptr).resume();
}

void Visit::arrive(const std::shared_ptr<Visit>& visit, Loop& home) {
  Guests* guests = visit->host(home);
  if (guests == nullptr) {
    refuse(visit, visit_ended());
    return;
  }
  guests->start(visit, home);
}

void Visit::begin(Guests& host, Loop& home) {
  guests_ = &host;
  loop_ = &home;
  running_ = run(*this);
  running_.start(home, std::noop_coroutine());
}

Task<> Visit::run(Visit& visit) {
  // A bug or no memory at home costs the one who asked, not the process.
  try {
    co_await visit.work();
  } catch (const std::exception& exception) {
    visit.fail(visit_failed(exception));
  }
  answer(*visit.place_);
  // Not freed here: this is its own frame.
  visit.leave_soon();
}

void Visit::refuse(const std::shared_ptr<Visit>& visit, Error error) {
  visit->fail(std::move(error));
  answer(visit);
}

void Visit::answer(const std::shared_ptr<Visit>& visit) {
  visit->is_answered_ = true;
  if (!visit->is_local_) {
    visit->asker_->post_reply(std::make_unique<Answer>(visit));
  } else if (visit->awaiting_ != nullptr) {
    visit->scheduler_->soon(visit->resuming_);
  }
}

void Visit::cut_short() {
  if (guests_ != nullptr) leave(this);
}

void Visit::leave_soon() {
  loop_->soon(leaving_);
}

void Visit::leave(void* self) {
  auto& visit = *static_cast<Visit*>(self);
  // Keeps it alive until the end of this function.
  const std::shared_ptr<Visit> kept = *visit.place_;
  Guests& guests = *std::exchange(visit.guests_, nullptr);
  guests.visits_.erase(visit.place_);
  visit.loop_->disarm(visit.leaving_);
  visit.running_ = Task<>();
}

void Guests::start(std::shared_ptr<Visit> visit, Loop& home) {
  Visit& guest = *visit;
  guest.place_ = visits_.insert(visits_.end(), std::move(visit));
  guest.begin(*this, home);
}

void Guests::evict_all() {
  while (local_ != nullptr) {
    LocalGuest& guest = *local_;
    guest.leave();
    guest.evict();
  }
  while (!visits_.empty()) {
    const std::shared_ptr<Visit> visit = visits_.front();
    Visit::leave(visit.get());
    if (!visit->is_answered_) Visit::refuse(visit, visit_ended());
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

void Residence::settle(std::shared_ptr<Residence> self) {
  self_ = std::move(self);
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
