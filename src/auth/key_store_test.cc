#include "auth/key_store.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/detail_issuer.h"

namespace auth {
namespace {

// A folder of its own for each test, removed at its end.
class KeyStoreTest : public testing::Test {
 protected:
  KeyStoreTest()
      : folder_(std::filesystem::path(testing::TempDir()) /
                ("agw_keys_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~KeyStoreTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ / "jwks.json"; }
  KeySource file() const { return KeySource(KeySource::Kind::file, path()); }
  void write(std::string_view text) const { std::ofstream(path(), std::ios::binary) << text; }

  KeyStore store_;

 private:
  std::filesystem::path folder_;
};

TEST_F(KeyStoreTest, reads_a_file_once) {
  write(TestIssuer().key_set());

  const auto first = store_.load(file());
  ASSERT_TRUE(first) << first.error().why();
  std::filesystem::remove(path());
  const auto second = store_.load(file());

  ASSERT_TRUE(second);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(store_.find(file()), *first);
  EXPECT_EQ(store_.generation(), 0U);
}

TEST_F(KeyStoreTest, reads_a_text_as_the_set_itself) {
  const KeySource text(KeySource::Kind::text, TestIssuer().key_set());

  EXPECT_EQ(store_.find(text), nullptr);
  EXPECT_TRUE(store_.load(text));
  EXPECT_NE(store_.find(text), nullptr);
  EXPECT_FALSE(store_.load(KeySource(KeySource::Kind::text, "no key set")));
}

TEST_F(KeyStoreTest, takes_a_changed_file_on_reload) {
  write(TestIssuer().key_set());
  const auto old = store_.load(file()).value();

  EXPECT_EQ(store_.reload(path()).value(), false) << "nothing changed";
  write(TestIssuer().key_set());
  EXPECT_EQ(store_.reload(path()).value(), true);

  EXPECT_NE(store_.find(file()), old);
  EXPECT_EQ(old->keys().size(), 1U) << "who holds the old set keeps it";
  EXPECT_EQ(store_.generation(), 1U);
}

TEST_F(KeyStoreTest, keeps_the_last_good_set_when_the_file_is_bad) {
  write(TestIssuer().key_set());
  const auto good = store_.load(file()).value();

  for (const std::string& bad : {std::string(), std::string("{"), std::string(R"({"keys":[null]})"),
                                 std::string(key_set_size_max + 1, ' ')}) {
    write(bad);
    const auto result = store_.reload(path());
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().why().find(path()), std::string::npos);
    EXPECT_EQ(store_.find(file()), good);
  }
  std::filesystem::remove(path());
  EXPECT_FALSE(store_.reload(path()));
  EXPECT_EQ(store_.find(file()), good);
  EXPECT_EQ(store_.generation(), 0U);
}

TEST_F(KeyStoreTest, refuses_what_is_no_file_without_waiting) {
  EXPECT_FALSE(store_.load(file()));
  EXPECT_FALSE(store_.load(KeySource(KeySource::Kind::file, testing::TempDir())));
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_FALSE(store_.load(file()));
}

TEST_F(KeyStoreTest, forgets_what_is_no_longer_named) {
  write(TestIssuer().key_set());
  const KeySource text(KeySource::Kind::text, TestIssuer().key_set());
  ASSERT_TRUE(store_.load(file()));
  ASSERT_TRUE(store_.load(text));

  store_.keep_only(std::array{text});

  EXPECT_EQ(store_.find(file()), nullptr);
  EXPECT_NE(store_.find(text), nullptr);
  EXPECT_EQ(store_.reload(path()).value(), false) << "not read again for nobody";
}

TEST_F(KeyStoreTest, is_read_while_it_is_reloaded) {
  const std::string one = TestIssuer().key_set();
  const std::string two = TestIssuer().key_set();
  write(one);
  ASSERT_TRUE(store_.load(file()));
  std::atomic<bool> done = false;

  std::thread reader([&] {
    while (!done) EXPECT_EQ(store_.find(file())->keys().size(), 1U);
  });
  for (int i = 0; i < 200; ++i) {
    // Written beside and renamed, so that the file is whole at any time.
    std::ofstream(path() + ".new") << (i % 2 == 0 ? two : one);
    std::filesystem::rename(path() + ".new", path());
    EXPECT_TRUE(store_.reload(path()).value());
  }
  done = true;
  reader.join();

  EXPECT_EQ(store_.generation(), 200U);
}

}  // namespace
}  // namespace auth
