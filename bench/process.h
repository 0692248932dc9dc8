#pragma once
// What the system says about the server under test.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bench {

// Process ids from "1,2,3".
std::vector<int> pids_of(std::string_view list);

// A process and all that descend from it, as of now.
std::vector<int> tree_of(int pid);

// CPU time of all threads of these processes together, in nanoseconds. A thread that has ended is
// no longer counted: measure between two moments at which the same threads live.
std::uint64_t cpu_nanoseconds(std::span<const int> pids);

// Resident memory of these processes together, in kilobytes.
std::uint64_t resident_kilobytes(std::span<const int> pids);

}  // namespace bench
