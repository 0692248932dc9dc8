#include "net/stream.h"

#include "base/sleep.h"

namespace net {

Task<> Stream::gone() {
  co_await sleep_until(Deadline::never());
}

}  // namespace net
