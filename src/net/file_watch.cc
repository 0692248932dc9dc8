#include "net/file_watch.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <deque>
#include <filesystem>
#include <system_error>
#include <utility>

#include <sys/inotify.h>
#include <unistd.h>

namespace net {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t folder_events = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                        IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t file_events =
    IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr int links_max = 40;  // as the kernel follows them
constexpr int quiets_max = 10;

Fd open_inotify() {
  Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.is_open()) throw std::system_error(errno, std::generic_category(), "inotify_init1");
  return fd;
}

}  // namespace

// What is still to be walked: the steps of a path, links to be replaced by where they lead.
class FileWatch::Steps {
 public:
  explicit Steps(const fs::path& path) { push_front(path); }
  bool is_empty() const { return steps_.empty(); }
  std::string next() {
    std::string step = std::move(steps_.front());
    steps_.pop_front();
    return step;
  }
  void push_front(const fs::path& path) {
    std::deque<std::string> all;
    for (const fs::path& step : path.relative_path()) {
      if (!step.empty() && step != ".") all.push_back(step.string());
    }
    steps_.insert(steps_.begin(), all.begin(), all.end());
  }

 private:
  std::deque<std::string> steps_;
};

FileWatch::FileWatch(Loop& loop, std::string path, Duration quiet)
    : path_(std::move(path)), quiet_(quiet), socket_(loop, open_inotify()) {
  rearm();
}

void FileWatch::add(const std::string& path, const std::string& name, std::uint32_t events,
                    Names& names) const {
  // Fails for folders that may not be read: then changes there go unnoticed.
  const int descriptor = ::inotify_add_watch(socket_.fd(), path.c_str(), events);
  if (descriptor >= 0) names[descriptor].insert(name);
}

// Walks the path as the kernel does. Each folder is watched before the step in it is looked at, so
// that what changes in between is an event.
void FileWatch::rearm() {
  Names names;
  std::error_code error;
  Steps steps(fs::absolute(path_, error));
  fs::path here = "/";
  int links = 0;
  bool goes_on = true;
  while (goes_on && !steps.is_empty()) goes_on = take_step(steps, here, links, names);
  for (const auto& [descriptor, unused] : names_) {
    if (!names.contains(descriptor)) ::inotify_rm_watch(socket_.fd(), descriptor);
  }
  names_ = std::move(names);
}

// Goes from the folder `here` to the next step; false at the end of the way.
bool FileWatch::take_step(Steps& steps, std::filesystem::path& here, int& links,
                          Names& names) const {
  const std::string step = steps.next();
  if (step == "..") {
    here = here.parent_path();
    return true;
  }
  add(here.string(), step, folder_events, names);
  const fs::path there = here / step;
  std::error_code error;
  const fs::file_status status = fs::symlink_status(there, error);
  if (error || !fs::exists(status)) return false;
  if (fs::is_symlink(status)) {
    const fs::path target = fs::read_symlink(there, error);
    if (error || ++links > links_max) return false;
    if (target.is_absolute()) here = "/";
    steps.push_front(target);
    return true;
  }
  here = there;
  if (fs::is_directory(status)) return true;
  add(here.string(), "", file_events, names);
  return false;
}

bool FileWatch::is_relevant(int descriptor, std::uint32_t events, const std::string& name) const {
  if ((events & IN_Q_OVERFLOW) != 0) return true;
  if ((events & IN_IGNORED) != 0) return false;
  const auto known = names_.find(descriptor);
  // Of a folder that is not watched any more; when it was, it mattered.
  if (known == names_.end()) return true;
  return name.empty() || known->second.contains(name);
}

// Whether there was an event that matters.
bool FileWatch::take_events() {
  bool is_any_relevant = false;
  for (;;) {
    const auto buffer = socket_.loop().read_buffer();
    const ssize_t got = ::read(socket_.fd(), buffer.data(), buffer.size());
    if (got <= 0) break;
    auto rest = buffer.first(static_cast<std::size_t>(got));
    while (rest.size() >= sizeof(inotify_event)) {
      inotify_event event{};
      std::memcpy(&event, rest.data(), sizeof event);
      const char* text = reinterpret_cast<const char*>(rest.data()) + sizeof event;
      const std::string name(text, ::strnlen(text, event.len));
      is_any_relevant = is_relevant(event.wd, event.mask, name) || is_any_relevant;
      rest = rest.subspan(std::min(rest.size(), sizeof event + event.len));
    }
  }
  socket_.read_would_block();
  if (is_any_relevant) {
    has_changed_ = true;
    rearm();
  }
  return is_any_relevant;
}

Task<> FileWatch::changed() {
  const Loop& loop = socket_.loop();
  while (!has_changed_) {
    co_await socket_.readable(Deadline::never());
    take_events();
  }
  const Deadline last = Deadline::in(loop.now(), quiet_ * quiets_max);
  Deadline end = Deadline::in(loop.now(), quiet_);
  for (;;) {
    const Deadline sooner = end.or_sooner(last);
    const bool is_ready = co_await socket_.readable(sooner);
    if (!is_ready || last.has_passed(loop.now())) break;
    if (take_events()) end = Deadline::in(loop.now(), quiet_);
  }
  has_changed_ = false;
}

}  // namespace net
