#pragma once
// Small public documents that the gateway fetches for whoever asks, kept for a while: asking often
// must not make the gateway ask often. One of these belongs to a core.

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/shared_work.h"
#include "base/task.h"
#include "base/uri.h"
#include "http/client.h"

namespace gateway {

class Documents {
 public:
  // How long a document is used, and how long a failure is.
  static constexpr Duration good_for = std::chrono::minutes(5);
  static constexpr Duration failed_for = std::chrono::seconds(10);

  // Both must outlive this.
  Documents(Scheduler& scheduler, http::Pool& pool) : scheduler_(scheduler), pool_(pool) {}
  Documents(const Documents&) = delete;
  Documents& operator=(const Documents&) = delete;
  ~Documents() = default;

  // The document at that address, which stands in the configuration or was made of what stands
  // there, so their number is bounded by it. One fetch at a time; who asks meanwhile waits for it.
  Task<Result<std::shared_ptr<const std::string>>> get(const Uri& address);

 private:
  struct Entry {
    std::shared_ptr<const std::string> text;  // null before the first, and after a failure
    Error error{Fault::unavailable, "not fetched yet"};
    Instant until = Instant::min();
    SharedWork fetching;
  };

  Scheduler& scheduler_;
  http::Pool& pool_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
};

}  // namespace gateway
