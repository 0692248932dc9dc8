#include "base/error.h"

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::bad_request:
      return "bad_request";
    case Fault::unauthenticated:
      return "unauthenticated";
    case Fault::forbidden:
      return "forbidden";
    case Fault::not_found:
      return "not_found";
    case Fault::conflict:
      return "conflict";
    case Fault::too_large:
      return "too_large";
    case Fault::too_many:
      return "too_many";
    case Fault::unavailable:
      return "unavailable";
    case Fault::upstream_failed:
      return "upstream_failed";
    case Fault::timed_out:
      return "timed_out";
    case Fault::cancelled:
      return "cancelled";
    case Fault::internal:
      return "internal";
  }
  return "internal";
}
