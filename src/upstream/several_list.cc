// Calls that every target has a part in: lists, which become one, and the log level.

#include <set>
#include <utility>

#include "base/before.h"
#include "json/write.h"
#include "mcp/write.h"
#include "upstream/detail_several_session.h"

namespace upstream {
namespace {

// Of one target for one answer; the client gets a cursor for the rest.
constexpr int pages_max = 20;
constexpr std::size_t page_bytes_max = 4 << 20;

std::string page_params(const std::optional<std::string>& cursor) {
  json::Writer out;
  out.begin_object();
  if (cursor) out.name("cursor").string(*cursor);
  return out.end_object().take();
}

bool says(const mcp::Message& answer, mcp::Code code) {
  const auto said = answer.error() ? answer.error()->find("code") : std::nullopt;
  return said && said->as_int() == static_cast<int>(code);
}

std::string_view capability_of(mcp::Touches touches) {
  switch (touches) {
    case mcp::Touches::tools:
      return "tools";
    case mcp::Touches::prompts:
      return "prompts";
    case mcp::Touches::tasks:
      return "tasks";
    default:
      return "resources";
  }
}

// One list of all targets: in the order of the configuration, up to the first that has more than
// fits into one answer.
class ListGathering final : public Gathering {
 public:
  ListGathering(SeveralSession& session, const mcp::Call& call, mcp::Touches touches,
                ListPlace from)
      : Gathering(session, call),
        method_(call.method()),
        shape_(*mcp::list_shape(touches)),
        capability_(capability_of(touches)),
        from_(std::move(from)),
        parts_(session.size()) {
    for (std::size_t i = from_.target; i < session.size(); ++i) {
      const SeveralSession::Branch& branch = session.branch(i);
      const bool is_left_out = is_forgiving() && (branch.is_out || !branch.session);
      if (!is_left_out && (!branch.session || branch.has(capability_))) begin(i);
    }
  }

 private:
  struct Part {
    std::vector<ListItem> items;
    std::optional<std::string> rest;     // the cursor to what follows
    std::optional<std::string> refusal;  // the target's error, as JSON-RPC text
  };

  Task<Result<>> ask(std::size_t number) override {
    CO_TRY(Part part, co_await read_pages(number));
    // What a target refuses is the client's to know, if the client chose the place or needs all.
    const bool is_own_place = number == from_.target && from_.cursor;
    if (part.refusal && is_forgiving() && !is_own_place) {
      session_.report_refused(number, method_);
    } else if (part.refusal && !refusal_) {
      refusal_ = std::move(part.refusal);
    }
    parts_[number] = std::move(part);
    co_return Result<>();
  }

  Task<Result<Part>> read_pages(std::size_t number) {
    const Deadline by = share_of_time();
    Part part;
    if (number == from_.target) part.rest = from_.cursor;
    std::size_t bytes = 0;
    for (int page = 0; page < pages_max && bytes < page_bytes_max; ++page) {
      std::string params = page_params(part.rest);
      auto asking = asked(number, method_, std::move(params), by);
      auto answer = co_await before(by, std::move(asking));
      // The client can ask for the rest.
      if (!answer && page > 0 && answer.error().fault() == Fault::timed_out) break;
      if (!answer) co_return tl::unexpected<Error>(answer.error());
      bytes += answer->text().size();
      if (says(*answer, mcp::Code::method_not_found)) break;
      if (answer->error()) {
        part.refusal = mcp::response_text(mcp::Id(1), *answer);
        break;
      }
      take(number, *answer->result(), part);
      if (!part.rest) break;
    }
    co_return std::move(part);
  }

  void take(std::size_t number, json::Value result, Part& part) {
    const bool has_tasks = session_.branch(number).tasks.calls;
    const json::Value items = result.find(shape_.array).value_or(json::Value());
    for (const json::Value item : items.elements()) {
      auto exposed = exposed_item(session_.owner(number), shape_, item, has_tasks);
      if (exposed) part.items.push_back(std::move(*exposed));
    }
    const auto next = result.find_string("nextCursor");
    const bool is_new = next && next != part.rest;  // else it would never end
    part.rest = is_new ? std::optional<std::string>(*next) : std::nullopt;
  }

  Result<Event> merged() override {
    if (refusal_) {
      TRY(mcp::Message refusal, message_of(std::move(*refusal_)));
      return Event(Event::Kind::result, std::move(refusal));
    }
    std::set<std::string_view> names;
    json::Writer out;
    out.begin_object().name(shape_.array).begin_array();
    std::optional<ListPlace> rest;
    for (std::size_t i = from_.target; i < parts_.size() && !rest; ++i) {
      for (const ListItem& item : parts_[i].items) {
        if (names.insert(item.name).second) {
          out.raw(item.text);
        } else {
          session_.report_repeated(i, item.name);
        }
      }
      if (parts_[i].rest) rest = ListPlace{i, std::move(parts_[i].rest)};
    }
    out.end_array();
    if (rest) out.name("nextCursor").string(cursor_text(*rest));
    return result_event(out.end_object().take());
  }

  const std::string method_;
  const mcp::ListShape shape_;
  const std::string_view capability_;
  const ListPlace from_;
  std::vector<Part> parts_;
  std::optional<std::string> refusal_;  // a target's error, as JSON-RPC text
};

// Each target that logs is told how much.
class LevelGathering final : public Gathering {
 public:
  LevelGathering(SeveralSession& session, const mcp::Call& call)
      : Gathering(session, call),
        params_(call.params().is_object() ? std::string(call.params().raw()) : "{}") {
    for (std::size_t i = 0; i < session.size(); ++i) {
      SeveralSession::Branch& branch = session.branch(i);
      branch.memory.note(call);
      if (!branch.has("logging")) continue;
      has_any_ = true;
      if (!is_forgiving() || !branch.is_out) begin(i);
    }
  }

 private:
  Task<Result<>> ask(std::size_t number) override {
    const Deadline by = share_of_time();
    auto asking = asked(number, "logging/setLevel", params_, by);
    CO_TRY(const mcp::Message answer, co_await before(by, std::move(asking)));
    if (answer.error() && !refusal_) refusal_ = mcp::response_text(mcp::Id(1), answer);
    co_return Result<>();
  }
  Result<Event> merged() override {
    if (!has_any_) return error_event(mcp::Code::method_not_found, "Method not found");
    if (!refusal_) return result_event("{}");
    TRY(mcp::Message refusal, message_of(std::move(*refusal_)));
    return Event(Event::Kind::result, std::move(refusal));
  }

  const std::string params_;
  bool has_any_ = false;
  std::optional<std::string> refusal_;
};

}  // namespace

Gathering::Gathering(SeveralSession& session, const mcp::Call& call)
    : session_(session),
      deadline_(call.deadline()),
      is_own_(call.is_own()),
      tasks_(session.scheduler()) {}

void Gathering::begin(std::size_t number) {
  ++waiting_;
  tasks_.spawn(run(*this, number));
}

Task<> Gathering::run(Gathering& self, std::size_t number) {
  Result<> done = co_await self.ask(number);
  --self.waiting_;
  self.changed_.notify_all();
  if (done) co_return;
  const mcp::TargetName& name = self.session_.place().naming->target(number);
  Error why = Error(done.error()).within("target " + name.text());
  // Of a session that is over the client has to know, unless the target can have another one.
  if (self.is_forgiving() && !self.session_.is_over(why)) {
    self.session_.leave_out(number, why);
  } else if (!self.failure_) {
    self.failure_ = std::move(why);
  }
}

Deadline Gathering::share_of_time() const {
  const Duration share = session_.place().settings.listed_within;
  return deadline_.or_sooner(Deadline::in(session_.scheduler().now(), share));
}

Task<Result<mcp::Message>> Gathering::asked(std::size_t number, std::string method,
                                            std::string params, Deadline by) {
  const std::shared_ptr<Session> server = session_.branch(number).session;
  if (!server) co_return failed(Fault::unavailable, "the target is not there");
  CO_TRY(const json::Document document, json::Document::parse(std::move(params)));
  mcp::Call call(method, document.root(), by);
  call.make_own();
  CO_TRY(auto conversation, co_await server->start(std::move(call)));
  for (;;) {
    CO_TRY(Event event, co_await conversation->next());
    if (event.kind() == Event::Kind::result) co_return std::move(event).take_message();
  }
}

Task<Result<Event>> Gathering::next() {
  while (waiting_ > 0 && !failure_ && !is_cancelled_) {
    const bool is_notified = co_await changed_.wait(deadline_);
    if (!is_notified) co_return failed(Fault::timed_out, "no answer in time");
  }
  if (is_cancelled_) co_return failed(Fault::cancelled, "the call was cancelled");
  if (failure_) co_return tl::unexpected<Error>(*failure_);
  co_return merged();
}

void Gathering::cancel() {
  is_cancelled_ = true;
  tasks_.cancel();
  changed_.notify_all();
}

std::unique_ptr<Conversation> gather_list(SeveralSession& session, const mcp::Call& call,
                                          mcp::Touches touches, ListPlace from) {
  return std::make_unique<ListGathering>(session, call, touches, std::move(from));
}

std::unique_ptr<Conversation> gather_level(SeveralSession& session, const mcp::Call& call) {
  return std::make_unique<LevelGathering>(session, call);
}

}  // namespace upstream
