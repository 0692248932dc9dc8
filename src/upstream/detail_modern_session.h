#pragma once
// A session of a client with a server of the modern revision (2026-07-28), which has none: what the
// client would have told a session-based server (its capabilities, its log level, its
// subscriptions) is kept here and said in every request, and what the server requires before it
// goes on becomes questions on the call's own stream. Towards its reader it is a session like any
// other.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/task_group.h"
#include "upstream/detail_dialog.h"
#include "upstream/detail_modern_channel.h"

namespace upstream {

class ModernCall;
class ModernListener;

// Which tools want some of their arguments said in header fields, as the lists say that went by.
class ToolFields {
 public:
  static constexpr std::size_t tools_max = 1000;  // that are annotated

  // A page of tools/list.
  void learn(json::Value result, bool is_first_page);
  // Nothing if the whole list has not been seen and it is not known of that tool.
  const std::vector<mcp::ToolHeader>* of(std::string_view tool) const;
  void forget();

 private:
  std::map<std::string, std::vector<mcp::ToolHeader>, std::less<>> annotated_;
  bool has_begun_ = false;
  bool is_complete_ = false;
};

// What a server's listing of its features means for us.
class ModernFeatures {
 public:
  explicit ModernFeatures(json::Value capabilities);
  bool logs = false;
  bool subscribes = false;
  bool tells_tools = false;
  bool tells_prompts = false;
  bool tells_resources = false;
  bool has_tasks = false;  // the extension
  bool tells_any() const { return tells_tools || tells_prompts || tells_resources; }
};

// Something that is listened for by its name.
class Wanted {
 public:
  enum class Kind { resource, task };
  Wanted(Kind the_kind, std::string the_name) : kind(the_kind), name(std::move(the_name)) {}
  Kind kind;
  std::string name;  // URI or id
};

class ModernSession final : public Session {
 public:
  // `params` are the client's, of initialize; `discovered` is the server's result of
  // server/discover. Fault::internal if that cannot be written anew.
  static Result<std::unique_ptr<ModernSession>> make(std::unique_ptr<ModernChannel> channel,
                                                     Random& random, json::Value params,
                                                     const mcp::Message& discovered);
  ModernSession(std::unique_ptr<ModernChannel> channel, Random& random, json::Value params,
                mcp::Message initialized);
  ~ModernSession() override;

  const mcp::Message& initialized() const override { return initialized_; }
  mcp::Revision revision() const override { return revision_; }
  bool has_tasks_extension() const override { return features_.has_tasks; }
  Task<Result<std::unique_ptr<Conversation>>> start(mcp::Call call) override;
  std::optional<Result<std::unique_ptr<Conversation>>> start_now(const mcp::Call& call) override;
  Task<Result<>> notify(std::string_view method, json::Value params) override;
  Task<Result<>> answer(QuestionId question, const mcp::Message& response) override;
  Task<Result<>> refuse(QuestionId question, mcp::Code code, std::string_view why) override;
  Task<Result<Event>> next_unsolicited() override;
  // That there is none but what the client said to initialize. Its log level and its subscriptions
  // stay here.
  std::optional<std::string> portable_state() const override;

  static constexpr std::size_t subscriptions_max = 1000;

 private:
  friend class ModernCall;
  friend class ModernListener;

  Result<std::unique_ptr<Conversation>> begin(const mcp::Call& call);
  Result<std::unique_ptr<Conversation>> answer_here(const mcp::Call& call, std::string_view result);
  Result<std::unique_ptr<Conversation>> refuse_here(const mcp::Call& call, mcp::Code code,
                                                    std::string_view why);
  Result<std::unique_ptr<Conversation>> set_level(const mcp::Call& call);
  Result<std::unique_ptr<Conversation>> change_subscription(const mcp::Call& call);
  Result<std::unique_ptr<Conversation>> change_watch(const mcp::Call& call);
  Result<std::unique_ptr<Conversation>> want(const mcp::Call& call, Wanted wanted);
  Result<std::unique_ptr<Conversation>> want_no_more(const mcp::Call& call, const Wanted& wanted);
  // What the dialog says to a server: answers to questions.
  void sort_outgoing();
  bool shows_tool(json::Value tool) const;

  void listen_from_now_on();
  std::string listen_filter() const;
  static Task<> listen(ModernSession& session);
  Task<> until_filter_changes(std::uint64_t number);
  Task<Result<>> until_other_filter(std::uint64_t number);
  Task<> until_settled(std::uint64_t number);
  Task<> until_ended(std::uint64_t number);
  void note_heard(std::uint64_t number);
  Duration note_silence(Duration wait);
  void tell_all_changed();
  void change_filter();
  static Task<> subscribe(ModernSession& session, std::uint64_t call, Wanted wanted,
                          std::uint64_t number);
  std::set<std::string>& wanted_of(Wanted::Kind kind) {
    return kind == Wanted::Kind::task ? watched_ : subscribed_;
  }

  std::unique_ptr<ModernChannel> channel_;
  mcp::ModernClient client_;
  mcp::Message initialized_;
  mcp::Revision revision_;        // said to the client
  mcp::Revision shown_revision_;  // that results are made for: also the modern one
  ModernFeatures features_;
  std::string log_level_;
  ToolFields tools_;
  std::map<std::uint64_t, ModernCall*> asking_;  // by the id of a question
  std::set<std::string> subscribed_;             // URIs
  std::set<std::string> watched_;                // ids of tasks
  std::uint64_t filter_number_ = 1;              // changes with what is listened for
  std::uint64_t heard_number_ = 0;               // of the filter that is in force
  std::optional<Error> deaf_;                    // the server has no such stream
  bool is_listening_ = false;
  bool has_missed_ = false;  // while nobody listened
  Signal listener_changed_;
  Dialog dialog_;
  std::unique_ptr<ModernListener> listener_;
  std::unique_ptr<ModernListener> next_listener_;
  TaskGroup tasks_;  // last: its tasks use everything above
};

}  // namespace upstream
