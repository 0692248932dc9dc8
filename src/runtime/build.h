#pragma once
// From the configuration as written to the snapshot that serves it: compiles rules, loads keys,
// builds routers. Nothing has changed if it fails.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/file.h"
#include "runtime/snapshot.h"
#include "schema/problem.h"

namespace runtime {

struct Built {
  std::shared_ptr<const Snapshot> snapshot;  // null if a problem is an error
  schema::Problems problems;
  std::set<std::string> watched;          // files besides the configuration that it depends on
  std::vector<auth::KeySource> followed;  // key sets that are fetched
};

Built build(const config::File& file, Stores& stores);

}  // namespace runtime
