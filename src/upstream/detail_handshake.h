#pragma once
// Opening a legacy session: initialize, its answer, notifications/initialized (2025-11-25,
// lifecycle).

#include "upstream/detail_dialog.h"

namespace upstream {

// A client's initialize params as they are sent to a server: the revision negotiated, capabilities
// and clientInfo unchanged, but without the `tasks` capability, which the gateway does not bridge.
class InitializeParams {
 public:
  // Fault::bad_request if the params lack protocolVersion or capabilities.
  static Result<InitializeParams> from(json::Value params);
  json::Value value() const { return document_.root(); }
  InitializeParams copy() const;

 private:
  explicit InitializeParams(json::Document document) : document_(std::move(document)) {}
  json::Document document_;
};

class Handshake {
 public:
  Handshake(mcp::Message answer, mcp::Revision revision)
      : answer_(std::move(answer)), revision_(revision) {}
  const mcp::Message& answer() const { return answer_; }
  mcp::Revision revision() const { return revision_; }

 private:
  mcp::Message answer_;
  mcp::Revision revision_;
};

// The server's answer, likewise without `tasks`. Fault::upstream_failed if it refuses or speaks a
// revision that is not ours.
Result<Handshake> judge_handshake(mcp::Message answer);

// The same over a dialog that others feed; Fault::timed_out after the deadline.
Task<Result<Handshake>> shake_hands(Dialog& dialog, const InitializeParams& params,
                                    Deadline deadline);

}  // namespace upstream
