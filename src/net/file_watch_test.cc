#include "net/file_watch.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/before.h"
#include "net/test_loop.h"

namespace net {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

void replace(const fs::path& path, const std::string& text) {
  write(path.string() + ".new", text);
  fs::rename(path.string() + ".new", path);
}

Task<Result<>> as_result(Task<> task) {
  co_await std::move(task);
  co_return Result<>();
}

Task<Result<>> changed_before(FileWatch& watch, Deadline deadline) {
  co_return co_await before(deadline, as_result(watch.changed()));
}

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest()
      : folder(fs::temp_directory_path() / ("agw-watch-" + std::to_string(::getpid()))) {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  ~FileWatchTest() override { fs::remove_all(folder); }

  bool sees_change(FileWatch& watch, milliseconds wait = std::chrono::seconds(5)) {
    loop.turn(Instant::min());
    return run_to_end(loop, changed_before(watch, Deadline::in(loop.now(), wait))).has_value();
  }
  // Long enough for an event that is already in the kernel's queue.
  bool sees_nothing(FileWatch& watch) { return !sees_change(watch, milliseconds(30)); }

  static constexpr Duration quiet = milliseconds(5);
  Loop loop;
  fs::path folder;
};

TEST_F(FileWatchTest, sees_a_write_in_place) {
  write(folder / "a", "1");
  FileWatch watch(loop, folder / "a", quiet);
  EXPECT_TRUE(sees_nothing(watch));

  write(folder / "a", "2");

  EXPECT_TRUE(sees_change(watch));
  EXPECT_TRUE(sees_nothing(watch));
}

TEST_F(FileWatchTest, sees_one_atomic_rename_after_the_other) {
  write(folder / "a", "1");
  FileWatch watch(loop, folder / "a", quiet);

  for (int i = 0; i < 3; ++i) {
    replace(folder / "a", "2");
    EXPECT_TRUE(sees_change(watch)) << i;
    EXPECT_TRUE(sees_nothing(watch)) << i;
  }
  write(folder / "a", "3");
  EXPECT_TRUE(sees_change(watch));
}

TEST_F(FileWatchTest, sees_deletion_and_creation) {
  write(folder / "a", "1");
  FileWatch watch(loop, folder / "a", quiet);

  fs::remove(folder / "a");
  EXPECT_TRUE(sees_change(watch));
  write(folder / "a", "2");
  EXPECT_TRUE(sees_change(watch));
  write(folder / "a", "3");
  EXPECT_TRUE(sees_change(watch));
}

TEST_F(FileWatchTest, sees_the_swap_of_a_link_to_a_folder) {
  // As a mounted configuration volume is laid out.
  fs::create_directory(folder / "..one");
  fs::create_directory(folder / "..two");
  write(folder / "..one" / "a", "1");
  write(folder / "..two" / "a", "2");
  fs::create_symlink("..one", folder / "..data");
  fs::create_symlink("..data/a", folder / "a");
  FileWatch watch(loop, folder / "a", quiet);

  fs::create_symlink("..two", folder / "..tmp");
  fs::rename(folder / "..tmp", folder / "..data");
  EXPECT_TRUE(sees_change(watch));
  EXPECT_TRUE(sees_nothing(watch));
  write(folder / "..one" / "a", "old");
  EXPECT_TRUE(sees_nothing(watch));
  write(folder / "..two" / "a", "new");
  EXPECT_TRUE(sees_change(watch));
}

TEST_F(FileWatchTest, sees_a_folder_replaced_and_made_again) {
  fs::create_directory(folder / "sub");
  write(folder / "sub" / "a", "1");
  FileWatch watch(loop, folder / "sub" / "a", quiet);

  fs::rename(folder / "sub", folder / "old");
  EXPECT_TRUE(sees_change(watch));
  fs::create_directory(folder / "sub");
  EXPECT_TRUE(sees_change(watch));
  write(folder / "sub" / "a", "2");
  EXPECT_TRUE(sees_change(watch));
}

TEST_F(FileWatchTest, ignores_other_files_of_the_folder) {
  write(folder / "a", "1");
  FileWatch watch(loop, folder / "a", quiet);

  write(folder / "b", "1");
  fs::rename(folder / "b", folder / "c");

  EXPECT_TRUE(sees_nothing(watch));
}

TEST_F(FileWatchTest, tells_many_writes_as_one_change) {
  write(folder / "a", "1");
  FileWatch watch(loop, folder / "a", quiet);

  for (int i = 0; i < 100; ++i) write(folder / "a", std::to_string(i));

  EXPECT_TRUE(sees_change(watch));
  EXPECT_TRUE(sees_nothing(watch));
}

TEST_F(FileWatchTest, remembers_a_change_that_nobody_waited_for) {
  write(folder / "a", "1");
  FileWatch watch(loop, folder / "a", quiet);
  write(folder / "a", "2");
  loop.turn(loop.now());

  EXPECT_TRUE(sees_change(watch));
}

TEST_F(FileWatchTest, survives_a_circle_of_links) {
  fs::create_symlink("b", folder / "a");
  fs::create_symlink("a", folder / "b");
  FileWatch watch(loop, folder / "a", quiet);

  replace(folder / "a", "1");

  EXPECT_TRUE(sees_change(watch));
}

}  // namespace
}  // namespace net
