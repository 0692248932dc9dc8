#include "admin/config_edit.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace admin {
namespace {

class ConfigEditTest : public testing::Test {
 protected:
  ConfigEditTest() {
    std::string name = (std::filesystem::temp_directory_path() / "agw-edit-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~ConfigEditTest() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(folder / name);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }

  std::filesystem::path folder;
};

TEST_F(ConfigEditTest, keeps_the_mode_and_leaves_nothing_behind) {
  write("config.yaml", "old");
  ASSERT_EQ(::chmod((folder / "config.yaml").c_str(), 0640), 0);
  const Result<> replaced = replace_file((folder / "config.yaml").string(), "new text\n");
  ASSERT_TRUE(replaced) << replaced.error().why();
  EXPECT_EQ(read("config.yaml"), "new text\n");
  struct stat status{};
  ASSERT_EQ(::stat((folder / "config.yaml").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  EXPECT_EQ(files(), 1U);
}

TEST_F(ConfigEditTest, follows_a_symbolic_link_and_keeps_it) {
  write("real.yaml", "old");
  std::filesystem::create_symlink("real.yaml", folder / "config.yaml");
  ASSERT_TRUE(replace_file((folder / "config.yaml").string(), "new"));
  EXPECT_EQ(read("real.yaml"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "config.yaml"));
}

TEST_F(ConfigEditTest, replaces_nothing_that_is_not_there) {
  EXPECT_FALSE(replace_file((folder / "none.yaml").string(), "new"));
  EXPECT_EQ(files(), 0U);
}

}  // namespace
}  // namespace admin
