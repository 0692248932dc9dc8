#pragma once
// One piece of work for another loop (home.h). A Visit is shared by both sides: the asker's thread
// only touches what says so, the home's thread the rest. What passes between them goes through
// mailboxes.

#include <coroutine>
#include <list>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "base/result.h"
#include "base/task.h"
#include "net/loop.h"

namespace net::detail {

class Visit;
class Guests;

// A visit of an asker that is on the object's own loop: it waits in the asker's frame, without a
// hop and without memory of its own.
class LocalGuest {
 public:
  LocalGuest() = default;
  LocalGuest(const LocalGuest&) = delete;
  LocalGuest& operator=(const LocalGuest&) = delete;
  virtual ~LocalGuest() { leave(); }

 protected:
  void enter(Guests& guests);
  void leave();
  // The object is about to go: end what runs, and let the asker know soon.
  virtual void evict() = 0;

 private:
  friend class Guests;
  LocalGuest* next_ = nullptr;
  LocalGuest** place_ = nullptr;  // what points at this; null if it is no guest
};

// The visits that run on one loop for one object, or for nobody in particular. On the home's
// thread.
class Guests {
 public:
  Guests() = default;
  Guests(const Guests&) = delete;
  Guests& operator=(const Guests&) = delete;
  ~Guests() { evict_all(); }

  void start(std::shared_ptr<Visit> visit, Loop& home);
  // Ends what still runs; the askers get Fault::unavailable.
  void evict_all();

 private:
  friend class Visit;
  friend class LocalGuest;
  std::list<std::shared_ptr<Visit>> visits_;
  LocalGuest* local_ = nullptr;
};

inline void LocalGuest::enter(Guests& guests) {
  next_ = guests.local_;
  if (next_ != nullptr) next_->place_ = &next_;
  place_ = &guests.local_;
  guests.local_ = this;
}

inline void LocalGuest::leave() {
  if (place_ == nullptr) return;
  *place_ = next_;
  if (next_ != nullptr) next_->place_ = place_;
  place_ = nullptr;
}

// Where an object lives: it is destroyed when its Home leaves or when the loop ends.
class Residence : public Resident {
 public:
  // On the thread of `loop`, as the next two.
  explicit Residence(Loop& loop) : loop_(loop), home_(loop.address()) {}
  // From here on `self` (this one) owns itself, until it is evicted: whoever else drops it does so
  // without harm.
  void settle(std::shared_ptr<Residence> self);

  const LoopAddress& home() const { return home_; }
  bool is_on(const Scheduler& scheduler) const { return &scheduler == &loop_; }
  Guests& guests() { return guests_; }
  void evict() final;
  // From any thread: evicts soon, on the home's thread.
  static void leave(std::shared_ptr<Residence> residence);

 protected:
  virtual void destroy_object() = 0;

 private:
  class Leaving;
  Loop& loop_;
  std::shared_ptr<Residence> self_;  // null once evicted
  LoopAddress home_;
  Guests guests_;
};

template <class T>
class ResidenceOf final : public Residence {
 public:
  ResidenceOf(Loop& loop, std::unique_ptr<T> object)
      : Residence(loop), object_(std::move(object)) {}
  T* object() { return object_.get(); }

 private:
  void destroy_object() override { object_.reset(); }
  std::unique_ptr<T> object_;
};

class Visit {
 public:
  Visit() = default;
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  virtual ~Visit() = default;

  // The asker's side.
  static void ask(const std::shared_ptr<Visit>& visit, const LoopAddress& home,
                  std::coroutine_handle<> awaiting, Scheduler& asker);
  static void abandon(const std::shared_ptr<Visit>& visit);

 protected:
  // On the home's thread: does the work and keeps its value.
  virtual Task<> work() = 0;
  virtual void fail(Error error) = 0;
  // Whose guest it is; null if the object is gone.
  virtual Guests* host(Loop& home) = 0;

 private:
  friend class Guests;
  class Arrival;
  class Answer;
  class Abandoning;

  // The home's side.
  static void arrive(const std::shared_ptr<Visit>& visit, Loop& home);
  void begin(Guests& host, Loop& home);
  static void refuse(const std::shared_ptr<Visit>& visit, Error error);
  static Task<> run(Visit& visit);
  static void answer(const std::shared_ptr<Visit>& visit);
  void cut_short();
  void leave_soon();
  static void leave(void* self);

  static void resume(void* self);

  // Set before the visit is sent, and only read afterwards.
  LoopAddress home_;
  LoopAddress asker_;
  bool is_local_ = false;

  // Of the asker's thread.
  std::coroutine_handle<> awaiting_;
  Wakeup resuming_{&Visit::resume, this};
  Scheduler* scheduler_ = nullptr;

  // Of the home's thread.
  Loop* loop_ = nullptr;
  Guests* guests_ = nullptr;
  std::list<std::shared_ptr<Visit>>::iterator place_;
  Task<> running_;
  Wakeup leaving_{&Visit::leave, this};
  bool is_answered_ = false;
};

// A visit with its value: what the function gives, in a Result.
template <class R>
class Outcome {
 public:
  using Type = Result<R>;
};
template <class U>
class Outcome<Result<U>> {
 public:
  using Type = Result<U>;
};

template <class R>
class VisitOf : public Visit {
 public:
  using Value = typename Outcome<R>::Type;
  Value take() { return std::move(*value_); }

 protected:
  virtual Task<R> begin_work() = 0;
  Task<> work() override {
    Task<R> task = begin_work();
    if constexpr (std::is_void_v<R>) {
      co_await std::move(task);
      value_.emplace();
    } else {
      R value = co_await std::move(task);
      value_.emplace(std::move(value));
    }
  }
  void fail(Error error) override { value_.emplace(tl::unexpected<Error>(std::move(error))); }

 private:
  std::optional<Value> value_;  // written at home, read by the asker after the answer has come
};

template <class R, class Function, class... Args>
class FunctionVisit final : public VisitOf<R> {
 public:
  explicit FunctionVisit(Function function, Args... args)
      : function_(function), args_(std::move(args)...) {}

 private:
  Task<R> begin_work() override {
    return std::apply([&](Args&... args) { return function_(std::move(args)...); }, args_);
  }
  Guests* host(Loop& home) override { return &home.guests(); }

  Function function_;
  std::tuple<Args...> args_;
};

template <class T, class R, class Method, class... Args>
class MethodVisit final : public VisitOf<R> {
 public:
  MethodVisit(std::shared_ptr<ResidenceOf<T>> residence, Method method, Args... args)
      : residence_(std::move(residence)), method_(method), args_(std::move(args)...) {}

 private:
  Task<R> begin_work() override {
    T& object = *residence_->object();
    return std::apply([&](Args&... args) { return (object.*method_)(std::move(args)...); }, args_);
  }
  Guests* host(Loop& /*home*/) override {
    return residence_->object() != nullptr ? &residence_->guests() : nullptr;
  }

  std::shared_ptr<ResidenceOf<T>> residence_;
  Method method_;
  std::tuple<Args...> args_;
};

// What an asker gets that the object cannot answer any more.
Error visit_ended();
Error visit_failed(const std::exception& exception);

// Waits for a visit; destroying it abandons the visit.
template <class R>
class VisitWait {
 public:
  VisitWait(LoopAddress home, std::shared_ptr<VisitOf<R>> visit)
      : home_(std::move(home)), visit_(std::move(visit)) {}
  VisitWait(const VisitWait&) = delete;
  VisitWait& operator=(const VisitWait&) = delete;
  ~VisitWait() {
    if (is_waiting_) Visit::abandon(visit_);
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> awaiting) {
    is_waiting_ = true;
    Visit::ask(visit_, home_, awaiting, awaiting.promise().scheduler());
  }
  typename VisitOf<R>::Value await_resume() {
    is_waiting_ = false;
    return visit_->take();
  }

 private:
  LoopAddress home_;
  std::shared_ptr<VisitOf<R>> visit_;
  bool is_waiting_ = false;
};

template <class R>
Task<typename VisitOf<R>::Value> visit(LoopAddress home, std::shared_ptr<VisitOf<R>> visit) {
  VisitWait<R> wait(std::move(home), std::move(visit));
  co_return co_await wait;
}

// Waits for what a method of an object says: on the object's loop by calling it, elsewhere by a
// visit. Destroying it ends the work.
template <class T, class R, class Method, class... Args>
class Ask final : private LocalGuest {
 public:
  using Value = typename Outcome<R>::Type;

  Ask(std::shared_ptr<ResidenceOf<T>> residence, Method method, Args... args)
      : residence_(std::move(residence)), method_(method), args_(std::move(args)...) {}
  Ask(const Ask&) = delete;
  Ask& operator=(const Ask&) = delete;
  ~Ask() override {
    if (remote_ && !remote_is_over_) Visit::abandon(remote_);
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) {
    Scheduler& scheduler = awaiting.promise().scheduler();
    if (residence_->is_on(scheduler)) return call(scheduler, awaiting);
    using Remote = MethodVisit<T, R, Method, Args...>;
    remote_ = std::apply(
        [&](Args&... args) {
          return std::make_shared<Remote>(residence_, method_, std::move(args)...);
        },
        args_);
    Visit::ask(remote_, residence_->home(), awaiting, scheduler);
    return std::noop_coroutine();
  }
  Value await_resume() {
    if (remote_) {
      remote_is_over_ = true;
      return remote_->take();
    }
    leave();
    if (is_refused_) return tl::unexpected<Error>(visit_ended());
    // A bug or no memory there costs the one who asked, as it does by a visit.
    try {
      return take();
    } catch (const std::exception& exception) {
      return tl::unexpected<Error>(visit_failed(exception));
    }
  }

 private:
  std::coroutine_handle<> call(Scheduler& scheduler, std::coroutine_handle<> awaiting) {
    T* object = residence_->object();
    is_refused_ = object == nullptr;
    if (is_refused_) return awaiting;
    awaiting_ = awaiting;
    scheduler_ = &scheduler;
    task_ =
        std::apply([&](Args&... args) { return (object->*method_)(std::move(args)...); }, args_);
    enter(residence_->guests());
    return task_.begin(scheduler, awaiting);
  }
  Value take() {
    if constexpr (std::is_void_v<R>) {
      task_.take();
      return {};
    } else {
      return task_.take();
    }
  }
  void evict() override {
    task_ = Task<R>();
    is_refused_ = true;
    scheduler_->soon(resuming_);
  }
  static void resume(void* self) { static_cast<Ask*>(self)->awaiting_.resume(); }

  std::shared_ptr<ResidenceOf<T>> residence_;
  Method method_;
  std::tuple<Args...> args_;

  Task<R> task_;
  std::coroutine_handle<> awaiting_;
  Scheduler* scheduler_ = nullptr;
  Wakeup resuming_{&Ask::resume, this};
  bool is_refused_ = false;

  std::shared_ptr<VisitOf<R>> remote_;
  bool remote_is_over_ = false;
};

}  // namespace net::detail
