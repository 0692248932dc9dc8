#include "app/memory.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace app {
namespace {

// A folder that looks like the kernel's files.
class FakeRoot {
 public:
  FakeRoot()
      : folder_(std::filesystem::temp_directory_path() /
                ("agw-memory-" + std::to_string(::getpid()))) {
    write("proc/meminfo", "MemTotal:        1000 kB\nMemFree: 1 kB\n");
    write("proc/self/statm", "500 7 3 1 0 2 0\n");
  }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;
  ~FakeRoot() { std::filesystem::remove_all(folder_); }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  std::string path() const { return folder_.string() + "/"; }

 private:
  std::filesystem::path folder_;
};

TEST(Memory, is_the_machines_without_cgroups) {
  const FakeRoot root;

  const Memory memory(0, root.path());

  EXPECT_EQ(memory.limit(), 1'024'000U);
  EXPECT_EQ(memory.used(), 7U * static_cast<unsigned>(::sysconf(_SC_PAGESIZE)));
}

TEST(Memory, is_the_least_limit_of_the_cgroups_above) {
  const FakeRoot root;
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("sys/fs/cgroup/memory.max", "max\n");
  root.write("sys/fs/cgroup/a/memory.max", "100000\n");
  root.write("sys/fs/cgroup/a/memory.current", "90000\n");
  root.write("sys/fs/cgroup/a/memory.stat", "anon 1\nfile 9\ninactive_file 4000\n");
  root.write("sys/fs/cgroup/a/b/memory.max", "200000\n");

  const Memory memory(0, root.path());

  EXPECT_EQ(memory.limit(), 100'000U);
  EXPECT_EQ(memory.used(), 86'000U);
  EXPECT_TRUE(memory.is_short());
}

TEST(Memory, knows_version_1_and_paths_of_another_namespace) {
  const FakeRoot root;
  root.write("proc/self/cgroup", "7:cpu:/x\n5:memory:/outer/name\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "300000\n");
  root.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "20000\n");

  const Memory memory(0, root.path());

  EXPECT_EQ(memory.limit(), 300'000U);
  EXPECT_EQ(memory.used(), 20'000U);
  EXPECT_FALSE(memory.is_short());
}

TEST(Memory, of_the_configuration_counts_this_process) {
  const FakeRoot root;
  root.write("proc/self/cgroup", "0::/\n");
  root.write("sys/fs/cgroup/memory.max", "100000\n");

  const Memory memory(5'000, root.path());

  EXPECT_EQ(memory.limit(), 5'000U);
  EXPECT_TRUE(memory.is_short());
}

}  // namespace
}  // namespace app
