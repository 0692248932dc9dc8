#pragma once
// Opening a session with a child process: which era its server is of, and the session that fits it.

#include "upstream/detail_modern_stdio.h"

namespace upstream {

class StdioOpening {
 public:
  StdioOpening(Scheduler& scheduler, std::shared_ptr<const StdioPlace> place,
               std::shared_ptr<EraMemory> era, json::Document params, InitializeParams checked);

  // A child that was started for nobody yet, if there is one.
  void use(std::optional<ChildParts> spare) { spare_ = std::move(spare); }
  // A server of unknown era is asked for what it is before anything else; one that is not modern
  // goes on with the child that was asked, and is started again only if that will not do.
  Task<Result<std::unique_ptr<Session>>> open(Deadline deadline);
  // Whether a child was started at all, however it fared.
  bool has_started_child() const { return has_started_child_; }

 private:
  Task<Result<Discovery>> find(ModernStdio& channel, bool is_known, Deadline deadline);
  Result<std::unique_ptr<Session>> open_modern(std::unique_ptr<ModernStdio> channel,
                                               const mcp::Message& answer);
  Task<Result<std::unique_ptr<Session>>> open_legacy(std::optional<ChildParts> parts,
                                                     Deadline deadline);
  void note(mcp::Era era);

  Scheduler& scheduler_;
  std::shared_ptr<const StdioPlace> place_;
  std::shared_ptr<EraMemory> era_;
  json::Document params_;
  InitializeParams checked_;
  std::optional<ChildParts> spare_;
  bool has_started_child_ = false;
};

}  // namespace upstream
