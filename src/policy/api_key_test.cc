#include "policy/api_key.h"

#include <gtest/gtest.h>

#include "auth/api_keys.h"
#include "policy/detail_policy_test.h"

namespace policy {
namespace {

constexpr std::string_view one = "key-number-one-0001";
constexpr std::string_view two = "key-number-two-0002";

class ApiKeyTest : public PolicyTest {
 protected:
  // The settings in YAML; what is wrong with them is in problems_.
  std::unique_ptr<const Policy> policy(const std::string& text) {
    return made_of(text, make_api_key_auth);
  }

  struct Outcome {
    int status = 200;
    std::string text;
    std::string challenge;
    std::string name;  // of the key
    std::string identity;
    std::string retry_after;
    bool is_forwarded = false;
  };
  Outcome ask(const Policy& policy, const std::vector<std::string>& values,
              std::string_view field = "authorization") {
    Exchange exchange(http::Request("GET", "/", "gw"), peer_, Instant(std::chrono::seconds(1)),
                      WallTime());
    exchange.failed_logins = &failed_logins_;
    exchange.last_key = &last_key_;
    for (const std::string& value : values) exchange.change_request().headers.add(field, value);
    Verdict verdict = policy.decide(exchange);
    Outcome outcome;
    if (verdict) {
      outcome.status = verdict->status;
      outcome.text = verdict->body.text();
      outcome.challenge = verdict->headers.find("www-authenticate").value_or("");
      outcome.retry_after = verdict->headers.find("retry-after").value_or("");
    }
    outcome.name = exchange.record.api_key;
    outcome.identity = exchange.principal().identity();
    outcome.is_forwarded = exchange.take_request().headers.has(field);
    return outcome;
  }

  class Nowhere final : public LogSink {
    void write(std::string_view) override {}
  };
  static auth::FailedLoginLimits limits() {
    auth::FailedLoginLimits made;
    made.failures_max = 3;
    return made;
  }

  Peer peer_;
  Nowhere nowhere_;
  auth::FailedLogins failed_logins_{limits(), Log(nowhere_, LogFormat::text, LogLevel::info)};
  std::string last_key_;
};

std::string hash_of(std::string_view key) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "sha256:";
  for (const std::uint8_t byte : crypto::sha256(key)) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string settings(const std::string& mode) {
  return "mode: " + mode + "\nkeys:\n- {key: " + std::string(one) +
         ", metadata: {name: first, team: a}}\n- {keyHash: \"" + hash_of(two) + "\"}\n";
}

TEST_F(ApiKeyTest, knows_the_caller_and_takes_the_key_off_the_request) {
  for (const std::string mode : {"strict", "optional", "permissive"}) {
    const auto made = policy(settings(mode));
    ASSERT_TRUE(made) << said();
    const Outcome first = ask(*made, {"Bearer " + std::string(one)});
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.name, "first");
    EXPECT_FALSE(first.is_forwarded);
    const Outcome second = ask(*made, {"bearer " + std::string(two)});
    EXPECT_EQ(second.name, "keys[1]");
    EXPECT_NE(first.identity, second.identity);
    EXPECT_EQ(first.identity, ask(*made, {"Bearer " + std::string(one)}).identity);
  }
}

TEST_F(ApiKeyTest, says_what_is_wrong_in_the_words_of_agentgateway) {
  const auto made = policy(settings("strict"));
  const Outcome none = ask(*made, {});
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.text, "api key authentication failure: no API Key found");
  EXPECT_EQ(none.challenge, "Bearer");
  EXPECT_EQ(ask(*made, {"Basic abc"}).text, none.text);
  const Outcome wrong = ask(*made, {"Bearer nonsense"});
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.text, "api key authentication failure: invalid credentials");
  const std::string good = "Bearer " + std::string(one);
  EXPECT_EQ(ask(*made, {good, good}).text, wrong.text);
}

TEST_F(ApiKeyTest, lets_callers_in_as_its_mode_says_and_forwards_no_key) {
  const auto optional = policy(settings("optional"));
  EXPECT_EQ(ask(*optional, {}).status, 200);
  EXPECT_EQ(ask(*optional, {"Bearer nonsense"}).status, 401);
  const Outcome other = ask(*optional, {"Basic abc"});
  EXPECT_EQ(other.status, 200);
  EXPECT_FALSE(other.is_forwarded);
  const auto permissive = policy(settings("permissive"));
  const Outcome wrong = ask(*permissive, {"Bearer nonsense"});
  EXPECT_EQ(wrong.status, 200);
  EXPECT_EQ(wrong.identity, "anonymous");
  EXPECT_FALSE(wrong.is_forwarded);
}

TEST_F(ApiKeyTest, finds_the_key_in_another_place) {
  const auto made = policy(settings("strict") + "location: {header: {name: X-Api-Key}}\n");
  ASSERT_TRUE(made) << said();
  EXPECT_EQ(ask(*made, {std::string(one)}, "x-api-key").name, "first");
  EXPECT_FALSE(ask(*made, {std::string(one)}, "x-api-key").is_forwarded);
  const Outcome elsewhere = ask(*made, {"Bearer " + std::string(one)});
  EXPECT_EQ(elsewhere.status, 401);
  EXPECT_EQ(elsewhere.challenge, "ApiKey");
}

TEST_F(ApiKeyTest, locks_out_who_guesses_but_not_who_was_known_before) {
  const auto made = policy(settings("strict"));
  const std::string good = "Bearer " + std::string(one);
  EXPECT_EQ(ask(*made, {good}).status, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*made, {"Bearer nonsense"}).status, 401);
  const Outcome locked = ask(*made, {"Bearer nonsense"});
  EXPECT_EQ(locked.status, 429);
  EXPECT_EQ(locked.retry_after, "60");
  EXPECT_EQ(ask(*made, {"Bearer " + std::string(two)}).status, 429);
  EXPECT_EQ(ask(*made, {good}).status, 200);  // of the same connection
  EXPECT_EQ(ask(*made, {}).status, 401);      // shows nothing that could be guessed
  peer_.address = "192.0.2.9";
  last_key_.clear();
  EXPECT_EQ(ask(*made, {good}).status, 200);
}

TEST_F(ApiKeyTest, warns_and_fails_where_the_settings_are_unsafe) {
  const struct {
    std::string text;
    std::string said;
    bool is_error;
  } table[] = {
      {"keys: []", "no keys", false},
      {"keys: [{key: short}]", "guessed", false},
      {"keys: [{key: key-number-one-0001}, {key: key-number-one-0001}]", "twice", true},
      {"keys: [{key: key-number-one-0001}, {keyHash: \"" + hash_of(one) + "\"}]", "twice", true},
      {"keys: [{key: \"\"}]", "empty key", true},
      {"keys: [{keyHash: \"sha256:abc\"}]", "64 hexadecimal digits", true},
      {"keys: [{key: a, keyHash: b}]", "exclude each other", true},
      {"keys: [{metadata: {}}]", "one of", true},
      {"keys: [{key: key-number-one-0001, metadata: 5}]", "a map", true},
      {"keys: [{key: key-number-one-0001, allowedModels: [a]}]", "not supported yet", true},
      {"keys: [{key: key-number-one-0001}]", "anonymous", false},
      {"keys: [{key: key-number-one-0001}]\nlocation: {header: {name: a b}}", "no valid name",
       true},
  };
  for (const auto& row : table) {
    policy(row.text);
    EXPECT_NE(said().find(row.said), std::string::npos) << row.text << "\n" << said();
    EXPECT_EQ(schema::has_errors(problems_), row.is_error) << row.text << "\n" << said();
    EXPECT_EQ(said().find(one), std::string::npos) << said();
  }
}

TEST_F(ApiKeyTest, keeps_keys_out_of_dumps) {
  const yaml::Source source{"test.yaml", settings("strict")};
  const auto reading = schema::read_text<ApiKeyAuthSettings>(source, yaml::Environment());
  EXPECT_EQ(schema::dump(reading.value, schema::Show::redacted).find(one), std::string::npos);
}

}  // namespace
}  // namespace policy
