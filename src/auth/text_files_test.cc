#include "auth/text_files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace auth {
namespace {

Result<> must_be_good(std::string_view text) {
  if (text.starts_with("good")) return {};
  return failed(Fault::bad_request, "not good");
}

class TextFilesTest : public testing::Test {
 protected:
  TextFilesTest()
      : path_(testing::TempDir() + "agw_text_" + std::to_string(::getpid()) + "_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  ~TextFilesTest() override { std::filesystem::remove_all(path_); }
  void write(std::string_view text) const { std::ofstream(path_) << text; }

  const std::string path_;
  TextFiles files_;
};

TEST_F(TextFilesTest, keep_the_last_good_text) {
  write("good 1");
  EXPECT_EQ(*files_.load(path_, &must_be_good)->text, "good 1");
  const std::uint64_t generation = files_.generation();

  write("bad");
  const auto refused = files_.reload(path_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why(), path_ + ": not good");
  const auto loaded = files_.load(path_, &must_be_good);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(*loaded->text, "good 1");
  EXPECT_TRUE(loaded->stale);

  std::filesystem::remove(path_);
  EXPECT_FALSE(files_.reload(path_));
  EXPECT_EQ(*files_.load(path_, &must_be_good)->text, "good 1");
  EXPECT_EQ(files_.generation(), generation);

  write("good 2");
  EXPECT_TRUE(files_.reload(path_).value());
  EXPECT_FALSE(files_.reload(path_).value()) << "nothing changed since";
  EXPECT_GT(files_.generation(), generation);
  EXPECT_FALSE(files_.load(path_, &must_be_good)->stale);
}

TEST_F(TextFilesTest, refuse_what_was_never_good) {
  EXPECT_FALSE(files_.load(path_, &must_be_good));
  write("bad");
  EXPECT_FALSE(files_.load(path_, &must_be_good));
  EXPECT_FALSE(files_.reload(path_).value()) << "nobody has it";
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(files_.load(path_, &must_be_good));
}

TEST_F(TextFilesTest, read_no_more_than_asked) {
  write(std::string(100'000, 'x'));
  EXPECT_EQ(read_small_file(path_, 100'000).value().size(), 100'000U);
  EXPECT_FALSE(read_small_file(path_, 99'999));
}

}  // namespace
}  // namespace auth
