#include "auth/htpasswd.h"

#include <set>

#include <gtest/gtest.h>

#include "auth/login_cache.h"

namespace auth {
namespace {

constexpr std::string_view sha = "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=";  // of "correct horse"

TEST(Htpasswd, has_its_users) {
  const std::string text = "# users\n\nalice:" + std::string(sha) + "\r\nb\xc3\xb6" +
                           "b:" + "$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/\n";
  const Result<Htpasswd> users = Htpasswd::parse(text);
  ASSERT_TRUE(users) << users.error().why();
  EXPECT_EQ(users->size(), 2U);
  ASSERT_NE(users->find("alice"), nullptr);
  EXPECT_TRUE(users->find("alice")->matches("correct horse"));
  EXPECT_NE(users->find("b\xc3\xb6"
                        "b"),
            nullptr);
  EXPECT_EQ(users->find("Alice"), nullptr);
  EXPECT_EQ(users->find(""), nullptr);
}

TEST(Htpasswd, names_the_line_that_is_wrong_and_no_hash) {
  const std::string good = "alice:" + std::string(sha) + "\n";
  const struct {
    std::string text, why;
  } table[] = {
      {good + "bob:secret-in-plain-text", "line 2: passwords in plain text"},
      {good + "\nbob", "line 3: expected `name:hash`"},
      {good + ":" + std::string(sha), "line 2: expected `name:hash`"},
      {good + good, "line 2: the user `alice` stands twice"},
      {good + "bob:$2y$31$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
       "line 2: bcrypt of cost 31"},
      {good + "bob:$9$abc", "line 2: unknown scheme"},
      {good + "\xff:" + std::string(sha), "line 2: the name is not UTF-8"},
  };
  for (const auto& row : table) {
    const Result<Htpasswd> users = Htpasswd::parse(row.text);
    ASSERT_FALSE(users) << row.text;
    EXPECT_EQ(users.error().why().find(row.why), 0U) << users.error().why();
    EXPECT_EQ(users.error().why().find("secret-in"), std::string::npos);
  }
}

TEST(Htpasswd, has_for_unknown_users_the_hash_of_some_user_and_always_the_same) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "user" + std::to_string(i) + ":" + std::string(sha) + "\n";
  const Htpasswd users = *Htpasswd::parse(text);
  std::set<const crypto::PasswordHash*> decoys;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "nobody" + std::to_string(i);
    EXPECT_EQ(users.decoy(name), users.decoy(name));
    decoys.insert(users.decoy(name));
  }
  EXPECT_GT(decoys.size(), 5U);
  EXPECT_EQ(Htpasswd::parse("")->decoy("x"), nullptr);
}

TEST(LoginCache, remembers_for_a_while_and_so_many) {
  LoginCacheLimits limits;
  limits.entries_max = 4;
  limits.age_max = std::chrono::seconds(10);
  LoginCache cache(limits);
  const auto user = std::make_shared<const User>("alice", "realm");
  const Instant now(std::chrono::seconds(100));
  const auto key = crypto::sha256("k");
  EXPECT_EQ(cache.find(key, now), nullptr);
  cache.put(key, user, now);
  cache.put(key, user, now);
  EXPECT_EQ(cache.find(key, now), user);
  EXPECT_EQ(cache.find(crypto::sha256("other"), now), nullptr);
  EXPECT_EQ(cache.find(key, now + std::chrono::seconds(10)), nullptr);
  EXPECT_EQ(cache.size(), 0U);
  for (int i = 0; i < 100; ++i) cache.put(crypto::sha256(std::to_string(i)), user, now);
  EXPECT_EQ(cache.size(), 4U);
  EXPECT_EQ(cache.find(crypto::sha256("99"), now), user);
}

}  // namespace
}  // namespace auth
