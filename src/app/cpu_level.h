#pragma once
// The build needs an x86-64-v2 processor; one that is older would end with an illegal instruction.

namespace app {

// Says what is missing on standard error and gives false.
bool check_cpu_level();

}  // namespace app
