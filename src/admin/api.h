#pragma once
// The API under /api/v1, for the web interface and for scripts: a table of calls, each a function
// of this class. Who may ask was decided before (guard.h).

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/demo_tokens.h"
#include "admin/event_feed.h"
#include "admin/explanation.h"
#include "admin/guard.h"
#include "admin/relay.h"
#include "admin/running.h"
#include "admin/target_view.h"
#include "base/log.h"
#include "gateway/core.h"
#include "gateway/explain.h"
#include "http/message.h"
#include "json/value.h"
#include "net/loop.h"
#include "runtime/stores.h"

namespace admin {

// How this program was made.
struct BuildFacts {
  std::string version;
  std::string compiler;
  std::string type;
  std::vector<DemoToken> demo_tokens;
};

// What the door stands on. All of it outlives the door, on the main thread's loop.
struct Stage {
  net::Loop& loop;
  Log log;
  const Clock& clock;
  Running& running;
  runtime::Stores& stores;
  gateway::Shared& shared;
  BuildFacts build;
};

// Whether edits may be written, and if not, why.
struct Writing {
  bool is_allowed = true;
  std::string why_not;
};

// One request to the API.
class Call {
 public:
  explicit Call(http::Request& the_request) : request(the_request) {}

  // The member of the body.
  std::optional<json::Value> find(std::string_view name) const {
    return body ? body->root().find(name) : std::nullopt;
  }
  std::optional<std::string_view> find_string(std::string_view name) const {
    return body ? body->root().find_string(name) : std::nullopt;
  }

  http::Request& request;
  std::vector<std::string> names;      // what stands for each `*` of the path
  std::optional<json::Document> body;  // of a call that has one: an object
};

class Api {
 public:
  // Both must outlive this.
  Api(Stage& stage, const Guard& guard, Writing writing, std::string url);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  ~Api();

  Task<http::Response> answer(http::Request& request);

 private:
  struct Row;
  using Handler = Task<http::Response> (Api::*)(Call&);
  static const Row rows[];
  // A text that does not run. Without a snapshot it could not.
  struct Draft {
    yaml::Source text;
    config::File file;
    std::shared_ptr<const runtime::Snapshot> snapshot;
    schema::Problems problems;
  };

  Task<http::Response> dispatch(const Row& row, Call& call);
  Task<http::Response> log_in(Call& call);
  Task<http::Response> log_out(Call& call);
  Task<http::Response> tell_runtime(Call& call);
  Task<http::Response> tell_config(Call& call);
  Task<http::Response> tell_model(Call& call);
  Task<http::Response> tell_config_schema(Call& call);
  Task<http::Response> tell_rule_schema(Call& call);
  Task<http::Response> dump_config(Call& call);
  Task<http::Response> relay(Call& call);
  Task<http::Response> evaluate(Call& call);
  Task<http::Response> validate_config(Call& call);
  Task<http::Response> put_config(Call& call);
  Task<http::Response> tell_history(Call& call);
  Task<http::Response> tell_revision(Call& call);
  Task<http::Response> restore_revision(Call& call);
  Draft read_draft(std::string text) const;
  http::Response save(const http::Request& request, std::string text);
  const Revision* find_revision(std::string_view id) const;
  Task<http::Response> import(Call& call);
  Task<http::Response> explain(Call& call);
  bool take_recorded(ExplainQuestion& question) const;
  Task<http::Response> explain_in(const ExplainQuestion& question, const config::File& file,
                                  std::shared_ptr<const runtime::Snapshot> snapshot,
                                  std::string revision);
  Task<Things> things_of(const ExplainQuestion& question, const FoundRoute& found);
  bool may_ask_targets(const runtime::Route& route) const;
  Task<http::Response> tell_events(Call& call);
  Task<http::Response> tell_recorded(Call& call);
  Task<http::Response> tell_targets(Call& call);
  Task<http::Response> tell_target(Call& call);
  Task<http::Response> tell_stderr(Call& call);
  Task<http::Response> restart_target(Call& call);
  std::optional<ServedTarget> find_target(const Call& call) const;

  void write_running(json::Writer& writer) const;
  void write_writing(json::Writer& writer) const;

  Stage& stage_;
  const Guard& guard_;
  const Writing writing_;
  const std::string url_;
  Relay relay_;
  std::shared_ptr<upstream::Site> site_;  // for sessions of the door's own
  gateway::Explainer explainer_;
  // What targets listed a moment ago, by their number.
  struct Listed {
    Instant at;
    Things things;
  };
  std::map<std::uint64_t, Listed> listed_;
  EventFeed feed_;
};

}  // namespace admin
