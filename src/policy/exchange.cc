#include "policy/exchange.h"

namespace policy {

std::string_view Exchange::credentials_of_caller() const {
  const auto& claims = principal_.claims();
  if (claims == nullptr) return {};
  const std::string_view last = last_token->credentials_of(claims);
  if (last.empty() && claims == opaque_claims_) return opaque_;
  return last;
}

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
