#include "base/secret_look.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(SecretLook, knows_names_of_secrets_and_names_that_only_sound_so) {
  for (const char* name :
       {"password", "apiKey", "api_key", "X-API-Key", "--token", "Authorization", "client_secret",
        "DB_PASSWORD", "accessToken", "accesstoken", "clientsecret", "passwords", "tokens",
        "api_keys", "creds", "APIToken", "secrets"}) {
    EXPECT_TRUE(is_secret_name(name)) << name;
  }
  for (const char* name : {"message", "max_tokens", "tokenId", "keyFile", "author", "PWD", "",
                           "maxTokens", "monkey", "compass", "tokenizer", "authHeader", "s"}) {
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

TEST(SecretLook, takes_more_names_for_secrets_where_they_are_only_shown) {
  for (const char* name : {"password", "authHeader", "tokenUrl", "password_file", "key_name"}) {
    EXPECT_TRUE(may_name_secret(name)) << name;
  }
  for (const char* name : {"message", "max_tokens", "tokenId", "key_ttl", "tokenLimit", ""}) {
    EXPECT_FALSE(may_name_secret(name)) << name;
  }
}

TEST(SecretLook, knows_texts_that_look_like_secrets) {
  for (const char* text : {"sk-abcdefghijkl", "ghp_0123456789abcdef", "Bearer eyJhbGciOiJFUzI1NiJ9",
                           "https://user:word@example.com/", "a8Fk29dLqP31mZx7Tr5uWv0B"}) {
    EXPECT_TRUE(is_secret_value(text)) << text;
  }
  for (const char* text : {"hello world", "https://example.com/a", "sk-", "2026-11-23T17:00:00Z"}) {
    EXPECT_FALSE(is_secret_value(text)) << text;
  }
}

}  // namespace
}  // namespace base
