#include <algorithm>
#include <csignal>

#include "base/sleep.h"
#include "base/text.h"
#include "upstream/detail_spare_children.h"

namespace upstream {
namespace {

constexpr Duration started_within = std::chrono::seconds(10);
// What is kept of a dead one's last words.
constexpr int last_lines_max = 20;
constexpr std::size_t log_bytes_max = 512;
constexpr Duration last_words_within = std::chrono::milliseconds(100);

}  // namespace

// One that is being started, counted until it is there or is not.
class SpareChildren::Starting {
 public:
  Starting(SpareChildren& spares, const StdioPlace& place) : spares_(spares), place_(place) {}
  Starting(const Starting&) = delete;
  Starting& operator=(const Starting&) = delete;
  ~Starting() {
    const auto found = spares_.starting_.find(&place_);
    if (--found->second == 0) spares_.starting_.erase(found);
  }

 private:
  SpareChildren& spares_;
  const StdioPlace& place_;
};

SpareChildren::Spare::Spare(const std::shared_ptr<const StdioPlace>& whose, ChildParts the_parts,
                            Instant now)
    : place(whose), parts(std::move(the_parts)), since(now) {
  parts.entry.run_by(*this);
}

// Its group gets KILL, too, when it is looked after next.
void SpareChildren::Spare::end_as_asked() {
  is_ending_ = true;
  parts.child->signal_group(SIGTERM);
}

std::optional<ChildParts> SpareChildren::take(const StdioPlace& place) {
  const auto found = std::find_if(spares_.begin(), spares_.end(), [&](const Spare& spare) {
    return spare.place.lock().get() == &place && spare.is_usable();
  });
  if (found == spares_.end()) return std::nullopt;
  failures_of(found->place.lock()).succeeded();
  found->parts.entry.leave();
  std::optional<ChildParts> taken(std::move(found->parts));
  spares_.erase(found);
  return taken;
}

Restarts& SpareChildren::failures_of(const std::shared_ptr<const StdioPlace>& place) {
  std::erase_if(failures_, [](const auto& entry) { return entry.first.expired(); });
  return failures_[place];
}

void SpareChildren::refill(const std::shared_ptr<const StdioPlace>& place) {
  const auto next = failures_of(place).next_try(scheduler_.now());
  if (!next || *next > scheduler_.now()) return;
  // One that died counts until it was looked at, which says how long to wait for the next.
  const auto there = std::count_if(spares_.begin(), spares_.end(), [&](const Spare& spare) {
    return spare.place.lock() == place && (spare.is_usable() || spare.has_died());
  });
  std::size_t& starting = starting_[place.get()];
  std::size_t count = static_cast<std::size_t>(there) + starting;
  for (; count < place->settings.spares; ++count) {
    ++starting;
    tasks_.spawn(start(place));
  }
  if (starting == 0) starting_.erase(place.get());
}

Task<> SpareChildren::start(std::shared_ptr<const StdioPlace> place) {
  const Starting counted(*this, *place);
  // Spares must not take the last places from those who need a child now.
  auto room = ChildCount::take_spare(place->children);
  if (!room) co_return;
  const Deadline deadline = Deadline::in(scheduler_.now(), started_within);
  auto parts = co_await start_child_of(*place, std::move(*room), deadline);
  if (!parts) {
    place->log.warn("spare child not started",
                    {{"target", place->name.text()}, {"reason", parts.error().why()}});
    failures_of(place).failed_at(scheduler_.now());
    co_return;
  }
  spares_.emplace_back(place, std::move(*parts), scheduler_.now());
  if (!std::exchange(is_looking_, true)) tasks_.spawn(look_after());
}

Task<> SpareChildren::look_after() {
  while (!spares_.empty()) {
    const Deadline next = Deadline::in(scheduler_.now(), looked_after_every_);
    co_await sleep_until(next);
    std::list<Spare> dead = sort_out();
    for (Spare& spare : dead) {
      co_await report(spare);
    }
  }
  is_looking_ = false;
}

std::list<SpareChildren::Spare> SpareChildren::sort_out() {
  const Instant now = scheduler_.now();
  std::list<Spare> dead;
  for (auto at = spares_.begin(); at != spares_.end();) {
    const auto spare = at++;
    if (spare->has_died()) {
      if (const auto place = spare->place.lock()) failures_of(place).failed_at(now);
      dead.splice(dead.end(), spares_, spare);
    } else if (spare->place.expired() || now - spare->since >= kept_for_ || !spare->is_usable()) {
      spares_.erase(spare);
    }
  }
  return dead;
}

Task<> SpareChildren::report(Spare& dead) {
  const std::shared_ptr<const StdioPlace> place = dead.place.lock();
  if (place == nullptr) co_return;
  net::Child& child = *dead.parts.child;
  const Deadline deadline = Deadline::in(scheduler_.now(), last_words_within);
  for (int lines = 0; lines < last_lines_max; ++lines) {
    auto line = co_await child.read_error_line(deadline);
    if (!line || !*line) break;
    const std::string shown = base::printable(**line, log_bytes_max);
    place->vitals->keep_line(SystemClock().wall(), child.pid(), shown);
    place->log.info("child stderr",
                    {{"target", place->name.text()}, {"pid", child.pid()}, {"line", shown}});
  }
  const std::string why = child.status() ? child.status()->text() : "it was lost";
  place->log.warn("spare child ended",
                  {{"target", place->name.text()}, {"pid", child.pid()}, {"reason", why}});
  place->vitals->failed("a spare server ended: " + why);
}

}  // namespace upstream
