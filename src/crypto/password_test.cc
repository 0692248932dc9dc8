#include "crypto/password.h"

#include <gtest/gtest.h>

namespace crypto {
namespace {

// Made by other programs: libcrypt and `openssl passwd -apr1`.
struct Vector {
  std::string_view hash;
  std::string password;
};
const Vector vectors[] = {
    {"$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", "correct horse"},
    {"$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2", "correct horse"},
    {"$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", "correct horse"},
    {"$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/", "correct horse"},
    {"$apr1$x$XhfBO/1Ywd73iECtwuUJo/", "\xc3\xa4"},
    {"$apr1$12345678$/Az/qRqc4UNrNHoqSr0bJ1", "a-much-longer-password-than-sixteen-bytes"},
    {"{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=", "correct horse"},
};

TEST(Password, is_the_one_of_its_hash_and_no_other) {
  for (const Vector& vector : vectors) {
    const Result<PasswordHash> hash = PasswordHash::parse(vector.hash);
    ASSERT_TRUE(hash) << vector.hash << hash.error().why();
    EXPECT_TRUE(hash->matches(vector.password)) << vector.hash;
    EXPECT_FALSE(hash->matches(vector.password + "x")) << vector.hash;
    EXPECT_FALSE(hash->matches("")) << vector.hash;
    EXPECT_FALSE(hash->matches(vector.password + std::string(1, '\0'))) << vector.hash;
    EXPECT_FALSE(hash->matches(std::string(10'000, 'a'))) << vector.hash;
    EXPECT_FALSE(hash->matches(std::string(vector.hash))) << vector.hash;
  }
}

TEST(Password, is_not_taken_from_a_hash_that_is_malformed_or_unknown) {
  const std::string_view bad[] = {
      "",
      "plain",
      "abJnggxhB/yWI",  // DES
      "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
      "$6$salt$abc",
      "{SSHA}abcd",
      "{SHA}",
      "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A",
      "$apr1$",
      "$apr1$abcdefghi$sIQmFnT1CuEXAsyjuXjUX/",
      "$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX",
      "$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjU:/",
      "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6",
      "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6!",
      "$2x$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
      "$2y$03$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
      "$2y$16$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
      "$2y$4$$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
  };
  for (const std::string_view text : bad) {
    const Result<PasswordHash> hash = PasswordHash::parse(text);
    ASSERT_FALSE(hash) << text;
    if (text.size() > 6) {
      EXPECT_EQ(hash.error().why().find(text), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace crypto
