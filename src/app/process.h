#pragma once
// The life of the process: reads the configuration, starts the threads, serves, reloads and stops.

#include "app/options.h"

namespace app {

// Serves until it is told to stop; gives the exit status. Must be called before any thread exists:
// it forks the spawner.
int serve(const Options& options);
// Checks the configuration as far as serving it would, ports apart.
int validate(const Options& options);

}  // namespace app
