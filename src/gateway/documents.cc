#include "gateway/documents.h"

#include "http/fetch.h"

namespace gateway {

Task<Result<std::shared_ptr<const std::string>>> Documents::get(const Uri& address) {
  std::unique_ptr<Entry>& place = entries_[address.text()];
  if (!place) place = std::make_unique<Entry>();
  Entry& entry = *place;
  while (entry.fetching.is_on()) {
    co_await entry.fetching.next_end();
  }
  if (scheduler_.now() < entry.until) {
    if (entry.text) co_return entry.text;
    co_return tl::unexpected(entry.error);
  }
  // Whoever fetches may be gone before the answer is there; then another one has to.
  const SharedWork::Turn turn(entry.fetching);
  http::FetchRequest request(address, http::AddressOrigin::configuration);
  const Deadline deadline = Deadline::in(scheduler_.now(), http::fetch_within);
  auto answer = co_await http::fetch_json(pool_, std::move(request), deadline);
  if (!answer) {
    entry.text = nullptr;
    entry.error = answer.error();
    entry.until = scheduler_.now() + failed_for;
    co_return tl::unexpected(entry.error);
  }
  entry.text = std::make_shared<const std::string>(answer->body.text());
  entry.until = scheduler_.now() + good_for;
  co_return entry.text;
}

}  // namespace gateway
