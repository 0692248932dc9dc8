#include <charconv>
#include <list>

#include "mcp/method.h"
#include "mcp/task.h"
#include "mcp/write.h"
#include "upstream/detail_dialog.h"

namespace upstream {
namespace {

// Doubles hold integers up to 2^53 exactly, so room to count is left; and up to 15 digits fit into
// a string that needs no memory of its own.
constexpr unsigned id_bits = 49;

// Of what a server calls a task, to be remembered.
constexpr std::size_t task_id_bytes_max = 1024;

// The number of an id that is written as a plain integer; ids of ours always are.
std::optional<std::uint64_t> number_of(const mcp::Id& id) {
  std::uint64_t number = 0;
  const std::string& raw = id.raw();
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (error != std::errc() || end != raw.data() + raw.size()) return std::nullopt;
  return number;
}

}  // namespace

std::uint64_t random_start(Random& random) {
  return random.word() >> (64 - id_bits);
}

// A call in flight: in the dialog's table until its result came, it failed, or it was destroyed.
class Dialog::InFlight final : public Conversation {
 public:
  InFlight(Dialog& dialog, std::uint64_t number, Owner owner, const mcp::Call& call)
      : dialog_(&dialog),
        id_(number),
        owner_(owner),
        tells_pauses_(call.tells_pauses()),
        keeps_task_(call.keeps_task()),
        may_be_task_(call.keeps_task() || call.edit().task),
        deadline_(call.deadline()) {
    const auto meta = call.params().find("_meta");
    const auto token = meta ? meta->find("progressToken") : std::nullopt;
    const auto id_like = token ? mcp::Id::from(*token) : std::nullopt;
    if (id_like) token_ = id_like->raw();
    if (call.method() == "tasks/result") note_task(call);
    dialog_->calls_.emplace(id_, this);
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() override { abandon(); }

  Task<Result<Event>> next() override {
    while (events_.empty()) {
      if (is_read_out_) co_return failed(Fault::internal, "read behind the result");
      if (ended_) co_return tl::unexpected<Error>(*ended_);
      const bool is_notified = co_await changed_.wait(deadline_);
      if (!is_notified && events_.empty() && !ended_) {
        abandon();
        ended_ = Error(Fault::timed_out, "no answer in time");
      }
    }
    Event event = std::move(events_.front());
    events_.pop_front();
    event_bytes_ -= event.message().text().size();
    count_if_full();
    co_return std::move(event);
  }

  void cancel() override {
    abandon();
    events_.clear();
    event_bytes_ = 0;
    is_read_out_ = false;
    ended_ = Error(Fault::cancelled, "the call was cancelled");
    changed_.notify_all();
  }

  Owner owner() const { return owner_; }
  const std::optional<std::string>& token() const { return token_; }
  bool is_full() const { return is_counted_full_; }
  // The task whose result it waits for, or empty.
  const std::string& task() const { return task_; }
  // Whether its answer may be that it became one.
  bool may_be_task() const { return may_be_task_; }
  // Whether its client goes on with that.
  bool keeps_task() const { return keeps_task_; }

  void put(Event event) {
    event_bytes_ += event.message().text().size();
    events_.push_back(std::move(event));
    count_if_full();
    changed_.notify_all();
  }
  // Of several pauses that nobody has read yet the last one counts.
  void pause(Duration back_after) {
    if (!tells_pauses_) return;
    if (!events_.empty() && events_.back().kind() == Event::Kind::pause) {
      events_.back() = Event::pause(back_after);
    } else {
      put(Event::pause(back_after));
    }
  }
  // The dialog has let go of this call; nothing more will come.
  void end(std::optional<Error> why) {
    leave_dialog();
    ended_ = std::move(why);
    is_read_out_ = !ended_;
    changed_.notify_all();
  }

 private:
  // Leaves the table; the server is told, unless it is the gateway's own initialize, which must not
  // be cancelled (2025-11-25, cancellation).
  void abandon() {
    if (dialog_ == nullptr) return;
    Dialog& dialog = *dialog_;
    leave_dialog();
    dialog.calls_.erase(id_);
    leave_unread(dialog);
    if (owner_ == Owner::gateway) return;
    dialog.send(mcp::notification_text("notifications/cancelled",
                                       "{\"requestId\":" + std::to_string(id_) + "}"));
  }

  // Nobody else knows of the questions that wait to be read.
  void leave_unread(Dialog& dialog) {
    for (Event& event : std::exchange(events_, {})) {
      if (event.kind() != Event::Kind::question) continue;
      if (event.is_guess()) {
        dialog.deliver(std::move(event));
      } else {
        (void)dialog.refuse(event.question(), mcp::Code::internal_error, "the call is over");
      }
    }
  }

  // Who receives waits while a call of the dialog is full.
  void count_if_full() {
    if (dialog_ == nullptr) return;
    const bool is_full =
        events_.size() >= dialog_->limits_.events || event_bytes_ >= dialog_->limits_.bytes;
    if (is_full == is_counted_full_) return;
    is_counted_full_ = is_full;
    if (is_full) {
      ++dialog_->full_calls_;
    } else {
      --dialog_->full_calls_;
      dialog_->room_.notify_all();
    }
  }

  void note_task(const mcp::Call& call) {
    task_ =
        call.edit().task_id.value_or(std::string(call.params().find_string("taskId").value_or("")));
    if (!task_.empty()) ++dialog_->task_calls_;
  }

  void leave_dialog() {
    if (dialog_ != nullptr && !std::exchange(task_, {}).empty()) --dialog_->task_calls_;
    if (dialog_ != nullptr && is_counted_full_) {
      --dialog_->full_calls_;
      dialog_->room_.notify_all();
    }
    is_counted_full_ = false;
    dialog_ = nullptr;
  }

  Dialog* dialog_;  // null once the call has ended
  std::uint64_t id_;
  Owner owner_;
  bool tells_pauses_;
  bool keeps_task_;
  bool may_be_task_;
  Deadline deadline_;
  std::optional<std::string> token_;  // the client's, as JSON text
  std::string task_;
  std::list<Event> events_;  // nearly always one
  std::size_t event_bytes_ = 0;
  bool is_counted_full_ = false;
  std::optional<Error> ended_;
  bool is_read_out_ = false;  // there is the result and nothing behind it
  Signal changed_;
};

Dialog::Dialog(Random& random, const QueueLimits& limits, mcp::Era era)
    : limits_(limits),
      era_(era),
      next_id_(random_start(random)),
      next_question_(random_start(random)) {}

Dialog::~Dialog() {
  close(Error(Fault::cancelled, "the session was closed"));
}

Result<std::unique_ptr<Conversation>> Dialog::start(const mcp::Call& call) {
  return begin_here(call, call.is_own() ? Owner::gateway : Owner::client);
}

Result<std::unique_ptr<Conversation>> Dialog::start_own(const mcp::Call& call) {
  return begin_here(call, Owner::gateway);
}

Result<Dialog::Apart> Dialog::start_apart(const mcp::Call& call) {
  const Owner owner = call.is_own() ? Owner::gateway : Owner::client;
  TRY(Apart begun, begin(call, owner));
  if (owner == Owner::client) hand_over_questions(*calls_.at(begun.call));
  return begun;
}

Result<std::unique_ptr<Conversation>> Dialog::begin_here(const mcp::Call& call, Owner owner) {
  TRY(Apart begun, begin(call, owner));
  send(std::move(begun.request));
  if (owner == Owner::client) hand_over_questions(*calls_.at(begun.call));
  return std::move(begun.conversation);
}

Result<Dialog::Apart> Dialog::begin(const mcp::Call& call, Owner owner) {
  if (closed_) return tl::unexpected<Error>(*closed_);
  if (calls_.size() >= calls_max) {
    return failed(Fault::too_many, "too many calls in flight in one session");
  }
  const std::uint64_t id = next_id_++;
  auto conversation = std::make_unique<InFlight>(*this, id, owner, call);
  mcp::ParamsEdit edit = call.edit();
  if (conversation->token()) edit.progress_token = std::to_string(id);
  edit.drop_task = !call.keeps_task() && !edit.task && call.params().find("task").has_value();
  std::string request = mcp::request_text(mcp::Id(id), call.method(), call.params(), edit);
  return Apart{std::move(conversation), id, std::move(request)};
}

void Dialog::notify(std::string_view method, json::Value params) {
  send(mcp::notification_text(method, params));
}

Task<Result<Event>> Dialog::next_unsolicited() {
  while (unsolicited_.empty()) {
    if (closed_) co_return tl::unexpected<Error>(*closed_);
    co_await unsolicited_changed_.wait();
  }
  Event event = std::move(unsolicited_.front());
  unsolicited_.pop_front();
  co_return std::move(event);
}

void Dialog::receive(mcp::Message message) {
  switch (message.kind()) {
    case mcp::Kind::response:
      return receive_response(std::move(message));
    case mcp::Kind::request:
      return receive_question(std::move(message));
    case mcp::Kind::notification:
      return receive_notification(std::move(message));
  }
}

void Dialog::receive(std::uint64_t call, mcp::Message message) {
  const auto found = calls_.find(call);
  const bool is_others =
      message.is_response() && (found == calls_.end() || number_of(message.id()) != call);
  if (is_others) {
    ++counts_.answers_dropped;
    return;
  }
  speaking_ = found == calls_.end() ? nullptr : found->second;
  receive(std::move(message));
  speaking_ = nullptr;
}

void Dialog::fail(std::uint64_t call, const Error& why) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  InFlight& failing = *found->second;
  calls_.erase(found);
  failing.end(why);
}

void Dialog::pause(std::uint64_t call, Duration back_after) {
  const auto found = calls_.find(call);
  if (found != calls_.end()) found->second->pause(back_after);
}

Task<> Dialog::wait_for_room(std::uint64_t call) {
  for (;;) {
    const auto found = calls_.find(call);
    if (found == calls_.end() || !found->second->is_full()) co_return;
    co_await room_.wait();
  }
}

void Dialog::receive(const mcp::ReadFault& fault) {
  InFlight* call = fault.id() ? call_of(*fault.id()) : nullptr;
  if (call == nullptr) {
    ++counts_.answers_dropped;
    return;
  }
  calls_.erase(*number_of(*fault.id()));
  call->end(Error(Fault::upstream_failed, "the server's answer is malformed: " + fault.why()));
}

void Dialog::receive_unreadable(std::string_view line, const std::string& why) {
  for (const auto& [id, call] : calls_) {
    if (line.find(std::to_string(id)) == std::string_view::npos) continue;
    InFlight& answered = *call;
    calls_.erase(id);
    return answered.end(Error(Fault::upstream_failed, "the server's answer is unreadable: " + why));
  }
  ++counts_.answers_dropped;
}

void Dialog::receive_response(mcp::Message message) {
  InFlight* call = call_of(message.id());
  if (call == nullptr) {
    ++counts_.answers_dropped;
    return;
  }
  const std::uint64_t number = *number_of(message.id());
  calls_.erase(number);
  if (call->may_be_task() && message.result()) note_task(number, *call, *message.result());
  call->put(Event(Event::Kind::result, std::move(message)));
  call->end(std::nullopt);
}

void Dialog::note_task(std::uint64_t number, const InFlight& call, json::Value result) {
  const auto task = mcp::task_made(result);
  if (!task) return;
  if (call.keeps_task() && on_task_ != nullptr) on_task_(on_task_context_, *result.find("task"));
  if (!call.token()) return;
  while (task_tokens_.size() >= task_tokens_max) task_tokens_.erase(task_tokens_.begin());
  const bool is_short = task->size() <= task_id_bytes_max;
  task_tokens_.emplace(
      number, TaskToken{*call.token(), std::string(is_short ? *task : ""), call.keeps_task()});
}

void Dialog::receive_notification(mcp::Message message) {
  const auto method = mcp::admit(message, mcp::Sender::server, era_);
  if (!method || *method == nullptr) {
    ++counts_.notifications_dropped;
    return;
  }
  if (message.method() == "notifications/progress") return receive_progress(std::move(message));
  if (message.method() == "notifications/cancelled") return receive_cancelled(std::move(message));
  InFlight* const call = subscriber(message);
  Event event(Event::Kind::notification, std::move(message));
  if (call != nullptr) return call->put(std::move(event));
  if (event.method() == "notifications/message") return deliver(std::move(event));
  keep_unsolicited(std::move(event));
}

void Dialog::receive_progress(mcp::Message message) {
  const auto token = message.params().find("progressToken");
  const auto id = token ? mcp::Id::from(*token) : std::nullopt;
  InFlight* call = id ? call_of(*id) : nullptr;
  mcp::ParamsEdit edit;
  if (call == nullptr && id && !task_tokens_.empty()) {
    const auto number = number_of(*id);
    const auto late = number ? task_tokens_.find(*number) : task_tokens_.end();
    if (late != task_tokens_.end()) return receive_late_progress(late->second, std::move(message));
  }
  if (call == nullptr || !call->token()) {
    ++counts_.notifications_dropped;
    return;
  }
  edit.progress_token = call->token();
  call->put(Event(Event::Kind::progress, std::move(message), std::move(edit)));
}

// Of a task: for the call that waits for what comes of it. No other call is to be told the progress
// of one that is driven, whose token may be its own, too.
void Dialog::receive_late_progress(const TaskToken& of, mcp::Message message) {
  InFlight* const call = task_calls_ == 0 || of.task.empty() ? nullptr : call_for_task(of.task);
  mcp::ParamsEdit edit;
  edit.progress_token = of.token;
  Event event(Event::Kind::progress, std::move(message), std::move(edit));
  if (call != nullptr) return call->put(std::move(event));
  if (of.is_clients) return deliver(std::move(event));
  keep_unsolicited(std::move(event));
}

void Dialog::deliver(Event event) {
  const Likely likely = likely_call(event.message());
  if (likely.call != nullptr) {
    likely.call->put(std::move(event.be_guess(likely.is_guess)));
  } else {
    keep_unsolicited(std::move(event));
  }
}

std::size_t Dialog::unsolicited_bytes() const {
  std::size_t bytes = 0;
  for (const Event& event : unsolicited_) bytes += event.message().text().size();
  return bytes;
}

void Dialog::keep_unsolicited(Event event) {
  while (unsolicited_.size() >= limits_.events ||
         (!unsolicited_.empty() && unsolicited_bytes() > limits_.bytes)) {
    if (unsolicited_.front().kind() == Event::Kind::question) {
      (void)refuse(unsolicited_.front().question(), mcp::Code::internal_error,
                   "The client does not listen");
    }
    unsolicited_.pop_front();
    ++counts_.unsolicited_dropped;
  }
  unsolicited_.push_back(std::move(event));
  unsolicited_changed_.notify_all();
}

// A client that opened no stream of its own can only be asked on the answer of a call.
void Dialog::hand_over_questions(InFlight& call) {
  if (unsolicited_changed_.has_waiters()) return;
  for (auto at = unsolicited_.begin(); at != unsolicited_.end();) {
    if (at->kind() == Event::Kind::question) {
      call.put(std::move(at->be_guess(true)));
      at = unsolicited_.erase(at);
    } else {
      ++at;
    }
  }
}

Dialog::InFlight* Dialog::call_of(const mcp::Id& id) const {
  const auto number = number_of(id);
  const auto found = number ? calls_.find(*number) : calls_.end();
  return found == calls_.end() ? nullptr : found->second;
}

// Whose answer a modern server's notification is part of (2026-07-28, subscriptions).
Dialog::InFlight* Dialog::subscriber(const mcp::Message& notification) const {
  if (era_ == mcp::Era::legacy) return nullptr;
  const auto meta = notification.params().find("_meta");
  const auto named = meta ? meta->find("io.modelcontextprotocol/subscriptionId") : std::nullopt;
  const auto id = named ? mcp::Id::from(*named) : std::nullopt;
  return id ? call_of(*id) : nullptr;
}

Dialog::InFlight* Dialog::call_for_task(std::string_view task) const {
  for (const auto& [id, call] : calls_) {
    if (call->task() == task) return call;
  }
  return nullptr;
}

Dialog::Likely Dialog::likely_call(const mcp::Message& said) const {
  const auto task =
      task_calls_ == 0 ? std::optional<std::string_view>() : mcp::related_task(said.params());
  if (InFlight* call = task ? call_for_task(*task) : nullptr) return {call, false};
  if (speaking_ != nullptr && speaking_->owner() == Owner::client) return {speaking_, false};
  InFlight* latest = nullptr;
  std::size_t count = 0;
  for (const auto& [id, call] : calls_) {
    if (call->owner() != Owner::client) continue;
    latest = call;
    ++count;
  }
  if (count > 1 && unsolicited_changed_.has_waiters()) latest = nullptr;
  return {latest, count > 1};
}

Task<> Dialog::wait_for_room() {
  while (is_full()) {
    co_await room_.wait();
  }
}

void Dialog::fail(const Error& why) {
  const auto calls = std::exchange(calls_, {});
  for (const auto& [id, call] : calls) call->end(why);
  questions_.clear();
  task_tokens_.clear();
  std::erase_if(unsolicited_,
                [](const Event& event) { return event.kind() == Event::Kind::question; });
  outgoing_.clear();
  outgoing_bytes_ = 0;
  outgoing_changed_.notify_all();
  room_.notify_all();
}

void Dialog::close(const Error& why) {
  if (closed_) return;
  closed_ = why;
  fail(why);
  unsolicited_changed_.notify_all();
}

}  // namespace upstream
