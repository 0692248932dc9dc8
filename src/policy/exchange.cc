#include "policy/exchange.h"

namespace policy {

void Exchange::drop_withheld() {
  if (withheld_.empty()) return;
  http::Request& request = change_request();
  for (const Withheld& withheld : withheld_) {
    if (withheld.location != nullptr) {
      auth::remove(request, *withheld.location);
    } else {
      auth::remove_text(request, withheld.text);
    }
  }
  withheld_.clear();
}

http::Request Exchange::take_request() {
  drop_withheld();
  return std::move(change_request());
}

}  // namespace policy
