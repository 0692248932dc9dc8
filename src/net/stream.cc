#include "net/stream.h"

#include "base/sleep.h"

namespace net {

Result<std::size_t> Stream::write_now(const Buffers& /*buffers*/) {
  return 0;
}

Task<> Stream::gone() {
  co_await sleep_until(Deadline::never());
}

}  // namespace net
