// What can be done with a view of headers: see header_view.h.

#include "cel/detail_library.h"

namespace cel {

std::span<const Overload> header_functions() {
  return {};
}

}  // namespace cel
