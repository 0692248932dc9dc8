// That no credential gets past the policies that look for it, whatever they are together.
#include "policy/credential.h"

#include <gtest/gtest.h>

#include "auth/mint.h"
#include "base/base64.h"
#include "base/manual_scheduler.h"
#include "policy/lockout.h"
#include "policy/settings.h"

namespace policy {
namespace {

const yaml::Environment no_variables = [](std::string_view) { return std::nullopt; };
constexpr WallTime now{std::chrono::seconds(1'800'000'000)};

class Judge final : public auth::PasswordJudge {
 public:
  Task<Result<bool>> matches(crypto::PasswordHash hash, std::string password) override {
    co_return hash.matches(password);
  }
};

// There are no attributes here.
class Nothing final : public cel::AttributeSource {
 public:
  cel::Value get(cel::AttributeIndex, cel::Arena&) const override {
    return cel::Value::error(cel::ErrorCode::no_such_key);
  }
};

class CredentialTest : public testing::Test {
 protected:
  // The policies of a route, an empty mode for none.
  Chain chain(const std::string& jwt, const std::string& basic, const std::string& api,
              const std::string& location) {
    std::string text = "{";
    if (!jwt.empty()) {
      text += "jwtAuth: {mode: " + jwt + ", issuer: i, audiences: [a], jwks: '" +
              auth::public_key_set(key_, crypto::Algorithm::es256, "k") + "'}, ";
    }
    if (!basic.empty()) {
      text +=
          "basicAuth: {mode: " + basic + ", htpasswd: 'alice:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A='}, ";
    }
    if (!api.empty()) {
      text += "apiKey: {mode: " + api + ", keys: [{key: canary-key-0123456789}]" +
              (location.empty() ? "" : ", location: " + location) + "}, ";
    }
    const yaml::Source source{"test.yaml", text + "}"};
    const auto reading = schema::read_text<RouteSettings>(source, no_variables);
    EXPECT_FALSE(schema::has_errors(reading.problems)) << reading.problems.front().message << text;
    return make_chain(reading.value, context_);
  }

  // What an upstream would get; nothing if the request is refused.
  std::optional<http::Request> pass_on(const Chain& chain, http::Request request) {
    Exchange exchange(std::move(request), Peer(), Instant(), now);
    const Nothing attributes;
    exchange.attributes = &attributes;
    exchange.tokens = &tokens_;
    exchange.last_token = &last_token_;
    exchange.passwords = &judge_;
    exchange.last_key = &last_key_;
    exchange.failed_logins = limits_failures_ ? &failed_logins_ : nullptr;
    std::size_t next = 0;
    Verdict verdict = chain.decide(exchange, next);
    if (verdict.is_undecided()) {
      Task<Verdict> task = chain.resume(exchange, next);
      task.start(scheduler_, std::noop_coroutine());
      scheduler_.run();
      verdict = task.take();
    }
    settle_doubt(exchange);
    caller_ = exchange.principal().identity();
    if (verdict) return std::nullopt;
    return exchange.take_request();
  }

  static std::string text_of(const http::Request& request) {
    std::string text = request.target;
    for (const http::Field field : request.headers) {
      text += "\n" + std::string(field.name) + ": " + std::string(field.value);
    }
    return text;
  }

  crypto::PrivateKey key_ = *crypto::PrivateKey::generate(crypto::KeyFamily::p256);
  cel::Environment environment_{cel::AttributeTable()};
  auth::KeyStore keys_;
  BuildContext context_{environment_, keys_, true};
  auth::TokenCache tokens_;
  auth::LastToken last_token_;
  class Nowhere final : public LogSink {
    void write(std::string_view) override {}
  };
  static auth::FailedLoginLimits few() {
    auth::FailedLoginLimits limits;
    limits.failures_max = 10;
    return limits;
  }
  Nowhere nowhere_;
  auth::FailedLogins failed_logins_{few(), Log(nowhere_, LogFormat::text, LogLevel::info)};
  bool limits_failures_ = true;
  std::string last_key_;
  std::string caller_;  // of the last request
  Judge judge_;
  ManualScheduler scheduler_;
};

TEST_F(CredentialTest, never_reaches_an_upstream_from_where_a_policy_looks_for_it) {
  const std::string token =
      *auth::mint(key_, crypto::Algorithm::es256, "k",
                  R"({"iss":"i","aud":"a","sub":"canary-subject","exp":1900000000})");
  const std::vector<std::string> fields = {
      "Bearer " + token,
      "Bearer " + token + "x",
      "Bearer canary-key-0123456789",
      "Bearer canary-wrong",
      "Basic " + base::base64_encode("alice:correct horse"),
      "Basic " + base::base64_encode("alice:canary-wrong"),
      "Digest canary-digest",
      "Bearer",
      "",
  };
  const std::vector<std::string> locations = {
      "", "{header: {name: x-api-key}}", "{queryParameter: {name: key}}", "{cookie: {name: key}}",
      "{expression: '\"canary-key-0123456789\"'}"};
  const std::vector<std::string> keys = {"canary-key-0123456789", "canary-wrong-key", ""};
  std::size_t passed = 0;
  limits_failures_ = false;
  for (const std::string jwt : {"", "optional", "permissive", "strict"}) {
    for (const std::string basic : {"", "optional", "strict"}) {
      for (const std::string api : {"", "optional", "permissive", "strict"}) {
        for (const std::string& location : locations) {
          if (api.empty() && !location.empty()) continue;
          const Chain policies = chain(jwt, basic, api, location);
          const bool is_field_ours =
              !jwt.empty() || !basic.empty() || (!api.empty() && location.empty());
          for (const std::string& field : fields) {
            for (const std::string& key : keys) {
              http::Request request("GET", "/?a=1&key=" + key + "&b=2", "gw");
              if (!field.empty()) request.headers.add("authorization", field);
              if (!key.empty()) {
                request.headers.add("x-api-key", key);
                request.headers.add("cookie", "a=1; key=" + key + "; b=2");
              }
              const auto left = pass_on(policies, std::move(request));
              if (!left) continue;
              ++passed;
              const std::string what = jwt + "," + basic + "," + api + "," + location + "," +
                                       field + "\n" + text_of(*left);
              if (is_field_ours) {
                EXPECT_FALSE(left->headers.has("authorization")) << what;
              }
              if (location.find("header") == 1) {
                EXPECT_FALSE(left->headers.has("x-api-key")) << what;
              }
              if (location.find("query") == 1) {
                EXPECT_EQ(left->target, "/?a=1&b=2") << what;
              }
              if (location.find("cookie") == 1 && !key.empty()) {
                EXPECT_EQ(left->headers.find("cookie"), "a=1; b=2") << what;
              }
              if (location.find("expression") == 1) {
                EXPECT_EQ(text_of(*left).find("canary-key-0123456789"), std::string::npos) << what;
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(passed, 500U);
}

TEST_F(CredentialTest, locks_nobody_out_whom_another_policy_knows) {
  const Chain policies = chain("permissive", "", "permissive", "");
  for (int i = 0; i < 50; ++i) {
    http::Request request("GET", "/", "gw");
    request.headers.add("authorization", "Bearer canary-key-0123456789");
    EXPECT_TRUE(pass_on(policies, std::move(request)));
    EXPECT_EQ(caller_.substr(0, 4), "key:") << i;
  }
  // What nobody knows is counted, once a request, and then not judged.
  for (int i = 0; i < 50; ++i) {
    http::Request request("GET", "/", "gw");
    request.headers.add("authorization", "Bearer canary-wrong");
    EXPECT_TRUE(pass_on(policies, std::move(request)));
    EXPECT_EQ(caller_, "anonymous");
  }
  EXPECT_TRUE(failed_logins_.locked_for("", Instant()));
  http::Request request("GET", "/", "gw");
  request.headers.add("authorization", "Bearer canary-key-0123456789");
  EXPECT_TRUE(pass_on(policies, std::move(request)));
  EXPECT_EQ(caller_.substr(0, 4), "key:") << "of the same connection";
}

TEST_F(CredentialTest, is_another_ones_business_where_no_policy_looks) {
  const Chain policies = chain("", "", "optional", "{header: {name: x-api-key}}");
  http::Request request("GET", "/?key=mine", "gw");
  request.headers.add("authorization", "Bearer mine");
  const auto left = pass_on(policies, std::move(request));
  ASSERT_TRUE(left);
  EXPECT_EQ(left->headers.find("authorization"), "Bearer mine");
  EXPECT_EQ(left->target, "/?key=mine");
}

}  // namespace
}  // namespace policy
