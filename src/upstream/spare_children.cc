#include <algorithm>
#include <csignal>

#include "base/sleep.h"
#include "upstream/detail_spare_children.h"

namespace upstream {
namespace {

constexpr Duration started_within = std::chrono::seconds(10);

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
  found->parts.entry.leave();
  std::optional<ChildParts> taken(std::move(found->parts));
  spares_.erase(found);
  return taken;
}

void SpareChildren::refill(const std::shared_ptr<const StdioPlace>& place) {
  const auto there = std::count_if(spares_.begin(), spares_.end(), [&](const Spare& spare) {
    return spare.place.lock() == place && spare.is_usable();
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
    co_return;
  }
  spares_.emplace_back(place, std::move(*parts), scheduler_.now());
  if (!std::exchange(is_looking_, true)) tasks_.spawn(look_after());
}

Task<> SpareChildren::look_after() {
  while (!spares_.empty()) {
    const Deadline next = Deadline::in(scheduler_.now(), looked_after_every_);
    co_await sleep_until(next);
    const Instant now = scheduler_.now();
    spares_.remove_if([&](const Spare& spare) {
      return spare.place.expired() || now - spare.since >= kept_for_ || !spare.is_usable();
    });
  }
  is_looking_ = false;
}

}  // namespace upstream
