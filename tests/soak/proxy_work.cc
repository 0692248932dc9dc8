// Plain proxying: bench's requests, each byte of which both ends know.

#include <algorithm>

#include "client.h"
#include "job.h"
#include "work.h"

namespace soak {
namespace {

class ProxyWork final : public Work {
 public:
  explicit ProxyWork(const Place& place)
      : may_fail_(place.may_fail),
        json_(bench::make_proxy_job(bench::Answer::json, place.token)),
        events_(bench::make_proxy_job(bench::Answer::sse, place.token)) {}

  void ask(Asked& asked, std::string& out) override {
    // What comes event by event can be left in its middle.
    if (asked.id % 8 == 0) asked.is_big = true;
    job_of(asked).append_request(asked.id, out);
  }

  std::string fault_of(const Asked& asked, const bench::Message& answer) override {
    if (may_fail_ && (answer.status() == 502 || answer.status() == 503)) {
      note_failure(asked);
      return "";
    }
    return job_of(asked).fault_of(asked.id, answer);
  }

  // Of an answer that had begun the client sees no end, rather than a wrong one.
  bool explains_loss(const Asked& asked) override {
    if (!may_fail_ || !asked.is_big) return false;
    note_failure(asked);
    return true;
  }

  // `failed_started_last` is a time of the monotonic clock in nanoseconds.
  std::string report() const override {
    return ",\"failed\":" + std::to_string(failed_) +
           ",\"failed_started_last\":" + std::to_string(failed_started_last_) +
           ",\"failed_us_max\":" + std::to_string(failed_max_ / 1000);
  }

 private:
  void note_failure(const Asked& asked) {
    ++failed_;
    failed_started_last_ = std::max(failed_started_last_, asked.started);
    failed_max_ = std::max(failed_max_, bench::now_nanoseconds() - asked.started);
  }
  const bench::Job& job_of(const Asked& asked) const { return asked.is_big ? *events_ : *json_; }

  bool may_fail_;
  std::uint64_t failed_ = 0;
  std::uint64_t failed_started_last_ = 0;
  std::uint64_t failed_max_ = 0;
  std::unique_ptr<bench::Job> json_;
  std::unique_ptr<bench::Job> events_;
};

}  // namespace

std::unique_ptr<Work> make_proxy_work(const Place& place) {
  return std::make_unique<ProxyWork>(place);
}

}  // namespace soak
