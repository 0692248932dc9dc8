#include "admin/event_feed.h"

#include <algorithm>
#include <cmath>

#include "admin/target_view.h"
#include "admin/words.h"
#include "base/before.h"
#include "base/sleep.h"
#include "http/sse.h"

namespace admin {
namespace {

// What one piece of a stream holds at most, beside its last event.
constexpr std::size_t piece_bytes_max = std::size_t{64} * 1024;
constexpr Duration retry_after = std::chrono::seconds(2);
// Of one interval; the latest are as good as all.
constexpr std::size_t latencies_max = 10'000;

Topics of_traffic() {
  Topics topics;
  topics.add(Topic::traffic);
  topics.add(Topic::metrics);
  return topics;
}

Topics of_targets() {
  Topics topics;
  topics.add(Topic::targets);
  return topics;
}

double milliseconds(Duration duration) {
  return std::max(0.0, std::chrono::duration<double, std::milli>(duration).count());
}

// With as many digits as anybody reads.
double rounded(double number) {
  constexpr double thousand = 1000;
  return std::round(number * thousand) / thousand;
}

double quantile(std::vector<double>& values, double share) {
  const auto place = static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * share);
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return rounded(values[static_cast<std::size_t>(place)]);
}

void add(json::Writer& writer, std::string_view name, std::string_view text) {
  if (!text.empty()) writer.name(name).string(text);
}

std::string text_of(const gateway::Sighting& seen) {
  json::Writer writer;
  writer.begin_object().name("time").string(time_text(seen.time));
  add(writer, "method", seen.http_method);
  add(writer, "path", seen.path);
  if (seen.status != 0) writer.name("status").integer(seen.status);
  writer.name("durationMs").real(rounded(milliseconds(seen.took)));
  add(writer, "listener", seen.listener);
  add(writer, "route", seen.route);
  add(writer, "source", seen.source);
  add(writer, "subject", seen.subject);
  add(writer, "mcpMethod", seen.mcp_method);
  add(writer, "kind", seen.kind);
  add(writer, "name", seen.name);
  add(writer, "target", seen.target);
  add(writer, "session", seen.session);
  add(writer, "decision", seen.decision);
  if (!seen.decision.empty()) writer.name("rule").string(seen.rule);
  add(writer, "expression", seen.expression);
  add(writer, "reason", seen.reason);
  add(writer, "error", seen.error);
  writer.end_object();
  return writer.take();
}

}  // namespace

// One follower's body.
class EventFeed::Stream final : public http::BodySource {
 public:
  Stream(EventFeed& feed, Topics topics, Bookmark bookmark, std::string opening)
      : feed_(feed),
        bookmark_(bookmark),
        is_of_traffic_(topics.has_any_of(of_traffic())),
        opening_(std::move(opening)) {
    ++feed_.followers_;
    if (is_of_traffic_) ++feed_.traffic_followers_;
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() override {
    --feed_.followers_;
    feed_.followed_ = feed_.loop_.now();
    if (!is_of_traffic_) return;
    --feed_.traffic_followers_;
    feed_.traffic_followed_ = feed_.loop_.now();
  }

  Task<Result<std::optional<std::string>>> read(Deadline deadline) override {
    std::string text = std::exchange(opening_, {});
    const Deadline keep_alive = Deadline::in(feed_.loop_.now(), feed_.times_.keep_alive);
    const Deadline until = keep_alive.or_sooner(deadline);
    while (!feed_.events_.read(bookmark_, text, piece_bytes_max) && text.empty()) {
      const bool is_notified = co_await feed_.events_.changed().wait(until);
      if (!is_notified) text = http::format_comment("keep-alive");
    }
    co_return std::optional(std::move(text));
  }

 private:
  EventFeed& feed_;
  Bookmark bookmark_;
  const bool is_of_traffic_;
  std::string opening_;
};

EventFeed::EventFeed(net::Loop& loop, const Clock& clock, Running& running, gateway::Shared& shared,
                     const FeedTimes& times)
    : loop_(loop), clock_(clock), running_(running), shared_(shared), times_(times), tasks_(loop) {
  take_settings();
  tasks_.spawn(tell_configuration());
  tasks_.spawn(look());
}

EventFeed::~EventFeed() {
  if (is_watching_) shared_.traffic->unwatch();
}

std::optional<http::Response> EventFeed::follow(Topics topics, std::string_view last_id) {
  if (followers_ >= followers_max) return std::nullopt;
  begin(topics);
  const Bookmark bookmark = events_.enter(topics, last_id);
  std::string opening = http::format_retry(retry_after);
  http::append_event(opening, "hello", hello(bookmark), events_.id_before(bookmark));
  http::Response response(200);
  response.headers.set("content-type", "text/event-stream");
  response.headers.set("cache-control", "no-store");
  response.headers.set("x-accel-buffering", "no");
  response.body = http::Body(std::make_unique<Stream>(*this, topics, bookmark, std::move(opening)));
  return response;
}

std::string EventFeed::hello(const Bookmark& bookmark) const {
  json::Writer writer;
  writer.begin_object().name("revision").string(running_.revision().id);
  writer.name("resumed").boolean(bookmark.is_resumed());
  writer.name("lost").integer_unsigned(bookmark.missed()).end_object();
  return writer.take();
}

void EventFeed::begin(Topics topics) {
  followed_ = loop_.now();
  if (!is_looking_) {
    is_looking_ = true;
    compare_targets(false);
    events_.begin(of_targets());
    wanted_.notify_all();
  }
  if (!topics.has_any_of(of_traffic())) return;
  traffic_followed_ = loop_.now();
  if (is_watching_ || shared_.traffic == nullptr) return;
  is_watching_ = true;
  measured_ = loop_.now() - times_.metrics;  // the first measure comes with the next look
  latencies_.clear();
  events_.begin(of_traffic());
  shared_.traffic->watch(*this);
}

void EventFeed::end_unfollowed() {
  const Instant now = loop_.now();
  if (followers_ > 0) followed_ = now;
  if (traffic_followers_ > 0) traffic_followed_ = now;
  if (is_watching_ && now - traffic_followed_ > times_.kept) {
    shared_.traffic->unwatch();
    is_watching_ = false;
    recorded_.clear();
  }
  if (now - followed_ > times_.kept) is_looking_ = false;
}

void EventFeed::take_settings() {
  records_arguments_ = shared_.traffic != nullptr && running_.file().config.admin.records_arguments;
  if (shared_.traffic != nullptr) shared_.traffic->take_arguments(records_arguments_);
  if (!records_arguments_) recorded_.forget_arguments();
}

Task<> EventFeed::tell_configuration() {
  std::uint64_t told = running_.generation();
  for (;;) {
    while (told == running_.generation()) {
      co_await running_.changed.wait();
    }
    told = running_.generation();
    take_settings();
    json::Writer writer;
    writer.begin_object().name("revision").string(running_.revision().id);
    writer.name("state").string(name_of(running_.state()));
    writer.name("since").string(time_text(running_.revision().since)).end_object();
    events_.publish(Topic::config, "config", writer.take());
  }
}

Task<> EventFeed::look() {
  for (;;) {
    while (!is_looking_) {
      co_await wanted_.wait();
    }
    const Deadline next = Deadline::in(loop_.now(), times_.targets);
    co_await sleep_until(next);
    compare_targets(true);
    if (is_watching_ && loop_.now() - measured_ >= times_.metrics) measure();
    end_unfollowed();
  }
}

void EventFeed::compare_targets(bool is_told) {
  std::map<std::uint64_t, std::uint64_t> versions;
  for (const ServedTarget& target : served_targets(*running_.snapshot())) {
    const std::uint64_t version = target.entry->vitals->version();
    versions[target.entry->number] = version;
    const auto found = versions_.find(target.entry->number);
    if (!is_told || (found != versions_.end() && found->second == version)) continue;
    json::Writer writer;
    writer.begin_object().name("id").string(id_of(*target.entry));
    writer.name("state").string(name_of(target.entry->vitals->report().state)).end_object();
    events_.publish(Topic::targets, "targets", writer.take());
  }
  versions_ = std::move(versions);
}

void EventFeed::see(gateway::Sighting sighting) {
  if (!sighting.is_stream) {
    const double took = milliseconds(sighting.took);
    if (latencies_.size() < latencies_max) {
      latencies_.push_back(took);
    } else {
      latencies_[next_latency_++ % latencies_max] = took;
    }
  }
  if (const std::uint64_t lost = shared_.traffic->take_lost(); lost > 0) {
    events_.publish(Topic::traffic, "lost", "{\"count\":" + std::to_string(lost) + "}");
  }
  events_.publish(Topic::traffic, "traffic", text_of(sighting));
  // It may have been on its way when that was switched off.
  if (!records_arguments_) sighting.arguments.reset();
  recorded_.add(events_.last_id(), std::move(sighting));
}

void EventFeed::measure() {
  measured_ = loop_.now();
  const gateway::Traffic::Counts counts = shared_.traffic->counts();
  json::Writer writer;
  writer.begin_object().name("time").string(time_text(clock_.wall()));
  writer.name("connections").integer_unsigned(shared_.load.connections());
  writer.name("sessions").integer_unsigned(shared_.sessions.size());
  writer.name("requests").integer_unsigned(counts.requests);
  writer.name("errors").integer_unsigned(counts.errors);
  writer.name("allowed").integer_unsigned(counts.allowed);
  writer.name("denied").integer_unsigned(counts.denied);
  if (!latencies_.empty()) {
    constexpr double half = 0.5;
    constexpr double nearly_all = 0.99;
    writer.name("latencyMs").begin_object();
    writer.name("p50").real(quantile(latencies_, half));
    writer.name("p99").real(quantile(latencies_, nearly_all)).end_object();
    latencies_.clear();
  }
  writer.end_object();
  events_.publish(Topic::metrics, "metrics", writer.take());
}

}  // namespace admin
