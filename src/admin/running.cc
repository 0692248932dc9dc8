#include "admin/running.h"

#include "crypto/digest.h"

namespace admin {

std::string revision_of(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::size_t bytes = 8;
  const crypto::Sha256 digest = crypto::sha256(text);
  std::string id;
  for (std::size_t i = 0; i < bytes; ++i) {
    id += digits[digest[i] >> 4];
    id += digits[digest[i] & 15];
  }
  return id;
}

std::string_view name_of(FileState state) {
  switch (state) {
    case FileState::ok:
      return "ok";
    case FileState::rejected:
      return "rejected";
    case FileState::missing:
      return "missing";
  }
  return "ok";
}

void Running::tell() {
  ++generation_;
  changed.notify_all();
}

void Running::runs(yaml::Source text, config::File file,
                   std::shared_ptr<const runtime::Snapshot> snapshot, schema::Problems warnings) {
  std::string id = revision_of(text.text);
  if (history_.empty() || history_.back().id != id) {
    // Each text once: a text that runs again is the newest again.
    std::erase_if(history_, [&](const Revision& revision) { return revision.id == id; });
    history_.push_back(Revision{std::move(id), text.text, SystemClock().wall()});
    if (history_.size() > history_max) history_.pop_front();
  }
  text_ = std::move(text);
  file_ = std::move(file);
  snapshot_ = std::move(snapshot);
  warnings_ = std::move(warnings);
  state_ = FileState::ok;
  rejected_ = {};
  tell();
}

void Running::agrees() {
  if (state_ == FileState::ok) return;
  state_ = FileState::ok;
  rejected_ = {};
  problems_.clear();
  tell();
}

void Running::runs(std::shared_ptr<const runtime::Snapshot> snapshot) {
  snapshot_ = std::move(snapshot);
  tell();
}

void Running::rejects(yaml::Source text, schema::Problems problems) {
  rejected_ = std::move(text);
  problems_ = std::move(problems);
  state_ = FileState::rejected;
  tell();
}

void Running::misses(std::string why) {
  why_missing_ = std::move(why);
  rejected_ = {};
  problems_.clear();
  state_ = FileState::missing;
  tell();
}

std::uint16_t Running::actual_port(std::uint16_t configured) const {
  const auto found = ports_.find(configured);
  return found == ports_.end() ? configured : found->second;
}

}  // namespace admin
