#pragma once
// The names of a server's tools (or prompts), so that one that is refused and one that does not
// exist can be answered alike. Fetched when first needed, again when the server says that they
// changed, and at most every ten seconds for a name that is not among them.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/signal.h"
#include "mcp/modern.h"
#include "upstream/upstream.h"

namespace gateway {

class Catalogue {
 public:
  // `list` is "tools" or "prompts". All must outlive the catalogue.
  Catalogue(Scheduler& scheduler, upstream::Session& server, std::string_view list)
      : scheduler_(scheduler), server_(server), list_(list) {}
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;
  ~Catalogue() = default;

  // All names, after refresh().
  const std::set<std::string, std::less<>>& names() const { return names_; }
  // Whether it is known without asking the server that it lists that name.
  bool surely_knows(std::string_view name) const {
    return !is_being_fetched_ && !is_stale_ && names_.contains(name);
  }
  // Whether the server lists that name. Those who ask at the same time share one fetch.
  Task<Result<bool>> knows(std::string name);
  // The arguments of that tool which requests repeat in headers; null if there are none.
  const std::vector<mcp::MirroredArgument>* mirrored(std::string_view name) const {
    const auto found = mirrored_.find(name);
    return found == mirrored_.end() ? nullptr : &found->second;
  }
  // Whether that tool is run only as a task (2025-11-25, tasks).
  bool requires_task(std::string_view name) const { return task_only_.contains(name); }
  // What a name that is not there costs: for one that is refused, so that the time taken does not
  // tell the two apart.
  Task<Result<>> refresh();
  // A page of the list that the client itself asked for: what it was shown, it may call.
  void learn(json::Value result) { (void)take_page(result); }
  // The server said that the list changed.
  void expire() { is_stale_ = true; }

 private:
  class Fetching;
  Task<Result<>> fetch();
  Task<Result<std::optional<std::string>>> fetch_page(std::optional<std::string> cursor);
  void note(json::Value item, std::string_view name);
  // Adds the page's names; gives the cursor of the next page.
  std::optional<std::string> take_page(json::Value result);

  Scheduler& scheduler_;
  upstream::Session& server_;
  std::string_view list_;
  std::set<std::string, std::less<>> names_;
  std::map<std::string, std::vector<mcp::MirroredArgument>, std::less<>> mirrored_;
  std::set<std::string, std::less<>> task_only_;
  std::optional<Instant> fetched_;
  bool is_stale_ = true;
  bool is_being_fetched_ = false;
  Signal changed_;
};

}  // namespace gateway
