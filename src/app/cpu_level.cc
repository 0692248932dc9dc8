#include "app/cpu_level.h"

#include <cstdio>

namespace app {

bool check_cpu_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2") == 0 || __builtin_cpu_supports("popcnt") == 0) {
    // There is nobody to tell if that fails, too.
    (void)std::fputs("agentgateway: this build needs an x86-64-v2 processor (SSE4.2, POPCNT)\n",
                     stderr);
    return false;
  }
#endif
  return true;
}

}  // namespace app
