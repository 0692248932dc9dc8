#include "upstream/vitals.h"

namespace upstream {
namespace {

constexpr std::size_t error_bytes_max = 512;

}  // namespace

class Vitals::EndLetter final : public net::Letter {
 public:
  EndLetter(std::shared_ptr<Vitals> vitals, std::uint64_t number)
      : vitals_(std::move(vitals)), number_(number) {}
  void open(net::Loop&) override { vitals_->end_child(number_); }

 private:
  std::shared_ptr<Vitals> vitals_;
  std::uint64_t number_;
};

std::string_view name_of(Vitals::State state) {
  switch (state) {
    case Vitals::State::idle:
      return "idle";
    case Vitals::State::up:
      return "up";
    case Vitals::State::failing:
      return "failing";
  }
  return "idle";
}

Vitals::Report Vitals::report() const {
  const std::lock_guard lock(mutex_);
  Report report;
  report.state = is_failing_ ? State::failing : (sessions_ > 0 ? State::up : State::idle);
  report.sessions = sessions_;
  report.restarts = restarts_;
  for (const auto& [number, child] : children_) report.pids.push_back(child.pid);
  report.last_error = last_error_;
  return report;
}

Vitals::Tail Vitals::tail() const {
  const std::lock_guard lock(mutex_);
  return {{lines_.begin(), lines_.end()}, dropped_};
}

std::uint64_t Vitals::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

void Vitals::failed(std::string_view why) {
  const std::lock_guard lock(mutex_);
  is_failing_ = true;
  last_error_ = why.substr(0, error_bytes_max);
  ++version_;
}

void Vitals::recover() {
  const std::lock_guard lock(mutex_);
  if (is_failing_.exchange(false)) ++version_;
}

void Vitals::count_restart() {
  const std::lock_guard lock(mutex_);
  ++restarts_;
  ++version_;
}

void Vitals::keep_line(WallTime now, int pid, std::string text) {
  const std::lock_guard lock(mutex_);
  bytes_ += text.size();
  lines_.push_back({now, pid, std::move(text)});
  while (lines_.size() > lines_max || bytes_ > bytes_max) {
    bytes_ -= lines_.front().text.size();
    lines_.pop_front();
    ++dropped_;
  }
}

void Vitals::count_lost_line() {
  const std::lock_guard lock(mutex_);
  ++dropped_;
}

std::size_t Vitals::end_children(const std::shared_ptr<Vitals>& vitals) {
  const std::lock_guard lock(vitals->mutex_);
  for (const auto& [number, child] : vitals->children_) {
    // There is at most one such letter for each child that somebody asked to end.
    child.home->post_reply(std::make_unique<EndLetter>(vitals, number));
  }
  return vitals->children_.size();
}

// On the child's own loop, where nobody can take it away meanwhile.
void Vitals::end_child(std::uint64_t number) {
  Endable* run = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = children_.find(number);
    if (found != children_.end()) run = found->second.run;
  }
  if (run != nullptr) run->end_as_asked();
}

Vitals::Session::Session(std::shared_ptr<Vitals> vitals) : vitals_(std::move(vitals)) {
  const std::lock_guard lock(vitals_->mutex_);
  ++vitals_->sessions_;
  ++vitals_->version_;
}

Vitals::Session::~Session() {
  if (!vitals_) return;
  const std::lock_guard lock(vitals_->mutex_);
  --vitals_->sessions_;
  ++vitals_->version_;
}

Vitals::Child::Child(std::shared_ptr<Vitals> vitals, net::LoopAddress home, int pid)
    : vitals_(std::move(vitals)) {
  const std::lock_guard lock(vitals_->mutex_);
  number_ = ++vitals_->last_child_;
  vitals_->children_.emplace(number_, Entry{pid, std::move(home)});
  ++vitals_->version_;
}

Vitals::Child::~Child() {
  if (!vitals_) return;
  const std::lock_guard lock(vitals_->mutex_);
  vitals_->children_.erase(number_);
  ++vitals_->version_;
}

void Vitals::Child::run_by(Endable& run) {
  const std::lock_guard lock(vitals_->mutex_);
  vitals_->children_.at(number_).run = &run;
}

void Vitals::Child::leave() {
  if (!vitals_) return;
  const std::lock_guard lock(vitals_->mutex_);
  vitals_->children_.at(number_).run = nullptr;
}

}  // namespace upstream
