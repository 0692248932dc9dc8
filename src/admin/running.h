#pragma once
// What runs and what became of the file: written by whoever reloads, read by the operator's door.
// Both live on the main thread, so there is nothing to lock.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/signal.h"
#include "config/file.h"
#include "runtime/snapshot.h"
#include "schema/problem.h"
#include "yaml/expand.h"

namespace admin {

// A text that ran, by the digest of it.
struct Revision {
  std::string id;
  std::string text;
  WallTime since;
};

// 16 hexadecimal digits; equal texts have equal ones.
std::string revision_of(std::string_view text);

enum class FileState { ok, rejected, missing };
std::string_view name_of(FileState state);

class Running {
 public:
  static constexpr std::size_t history_max = 20;

  // Where the text comes from: "file", "stdin", "text" or "demo".
  std::string source = "file";
  std::optional<std::string> path;  // of a file
  yaml::Environment environment;    // what variables stand for
  WallTime started;
  std::size_t workers = 1;

  // This runs from now on.
  void runs(yaml::Source text, config::File file, std::shared_ptr<const runtime::Snapshot> snapshot,
            schema::Problems warnings);
  // The same text with other keys.
  void runs(std::shared_ptr<const runtime::Snapshot> snapshot);
  // The file says what runs, perhaps again.
  void agrees();
  // What was read last, and does not run.
  void rejects(yaml::Source text, schema::Problems problems);
  // The file could not be read.
  void misses(std::string why);
  // Under these actual ports (of a configured port 0, for instance).
  void serves_on(std::uint16_t configured, std::uint16_t actual) { ports_[configured] = actual; }
  std::uint16_t actual_port(std::uint16_t configured) const;

  const yaml::Source& text() const { return text_; }
  const config::File& file() const { return file_; }
  // Never null once something runs.
  const std::shared_ptr<const runtime::Snapshot>& snapshot() const { return snapshot_; }
  const Revision& revision() const { return history_.back(); }
  // The oldest first, the running one last.
  const std::deque<Revision>& history() const { return history_; }
  FileState state() const { return state_; }
  // Of what runs, or of what was rejected.
  const schema::Problems& problems() const {
    return state_ == FileState::ok ? warnings_ : problems_;
  }
  // The text that the problems are about.
  const yaml::Source& judged() const { return state_ == FileState::ok ? text_ : rejected_; }
  const std::string& why_missing() const { return why_missing_; }

  // Counts what was said here; `changed` is notified of each.
  std::uint64_t generation() const { return generation_; }
  Signal changed;

 private:
  void tell();

  yaml::Source text_;
  config::File file_;
  std::shared_ptr<const runtime::Snapshot> snapshot_;
  std::deque<Revision> history_;
  FileState state_ = FileState::ok;
  schema::Problems warnings_;  // of what runs
  schema::Problems problems_;  // of what was rejected
  yaml::Source rejected_;
  std::string why_missing_;
  std::map<std::uint16_t, std::uint16_t> ports_;
  std::uint64_t generation_ = 0;
};

}  // namespace admin
