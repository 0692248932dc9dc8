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

TEST(SecretLook, takes_secrets_out_of_addresses) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"https://user:word@example.com:1/a/b?x=1", "https://<redacted>@example.com:1/a/b?x=1"},
      {"https://example.com/mcp?x=1&token=hunter2", "https://example.com/mcp?<redacted>"},
      {"https://example.com?api_key=hunter2", "https://example.com?<redacted>"},
      {"https://example.com/sk-abcdefghijkl/mcp", "https://example.com/<redacted>/mcp"},
      {"/mcp?token=hunter2", "/mcp?<redacted>"},
      {"https://example.com/mcp?x=1", "https://example.com/mcp?x=1"},
      {"/a/b?c=d", "/a/b?c=d"},
      {"/mcp/ghp_0123456789abcdef/x", "/mcp/<redacted>/x"},
      {"--url=https://user:hunter2@h/mcp", "--url=https://<redacted>@h/mcp"},
      {"jdbc:postgresql://user:hunter2@h/db", "jdbc:postgresql://<redacted>@h/db"},
      {"9https://user:hunter2@h", "9https://<redacted>@h"},
      {"://user:hunter2@h", "://user:hunter2@h"},
      {"host/mcp?token=hunter2", "host/mcp?<redacted>"},
      {"a.token ? b.key=='long' : c", "a.token ? b.key=='long' : c"},
      {"say \"https://example.com/?token=hunter2\"", "say \"https://example.com/?token=hunter2\""},
      {"hello", "hello"},
      {"", ""},
  };
  for (const auto& [address, expected] : cases) EXPECT_EQ(without_secrets(address), expected);
}

}  // namespace
}  // namespace base
