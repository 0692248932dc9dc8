#include "policy/token_check.h"

#include <functional>

#include <gtest/gtest.h>

#include "auth/mint.h"
#include "base/manual_scheduler.h"
#include "policy/jwt_auth.h"

namespace policy {
namespace {

constexpr WallTime now{std::chrono::seconds(1'800'000'000)};
constexpr Instant began{std::chrono::hours(1)};

// Does at once what fetching would do.
class Refetcher final : public auth::KeyRefetcher {
 public:
  Task<> refetch(auth::KeySource, std::uint64_t) override {
    ++count;
    if (effect) effect();
    co_return;
  }
  std::function<void()> effect;
  int count = 0;
};

class FetchedKeysTest : public testing::Test {
 protected:
  FetchedKeysTest() {
    keys_.set_refetcher(refetcher_);
    keys_.note_fetch(source(), false, Instant());
  }

  JwtAuthSettings settings(JwtMode mode = JwtMode::strict) const {
    JwtAuthSettings made;
    made.mode = mode;
    made.issuer = "i";
    made.audiences = {"a"};
    made.jwks = JwksSettings();
    made.jwks->url = "https://idp.test/jwks";
    return made;
  }
  auth::KeySource source() const { return settings().jwks->source(); }

  void fetched(const crypto::PrivateKey& key, std::string_view id) {
    const std::string text = auth::public_key_set(key, crypto::Algorithm::es256, id);
    keys_.put(source(), std::make_shared<const auth::KeySet>(*auth::KeySet::parse(text)));
  }
  static std::string token(const crypto::PrivateKey& key, std::string_view id,
                           std::string_view issuer = "i") {
    const std::string claims =
        R"({"iss":")" + std::string(issuer) + R"(","aud":"a","sub":"alice","exp":1800000100})";
    return *auth::mint(key, crypto::Algorithm::es256, id, claims);
  }

  struct Outcome {
    int status = 0;  // 0: passed
    std::string subject;
    std::string retry_after;
    bool has_waited = false;
    bool is_forwarded = false;
  };
  Outcome ask(const Policy& policy, const std::string& token) {
    Exchange exchange(http::Request("POST", "/mcp", "gw"), Peer(), began, now);
    exchange.tokens = &tokens_;
    exchange.last_token = &last_token_;
    exchange.change_request().headers.add("authorization", "Bearer " + token);
    Outcome outcome;
    Verdict verdict = policy.decide(exchange);
    if (verdict.is_undecided()) {
      outcome.has_waited = true;
      Task<Verdict> later = policy.on_request(exchange);
      later.start(scheduler_, std::noop_coroutine());
      scheduler_.run();
      verdict = later.take();
    }
    EXPECT_FALSE(verdict.is_undecided());
    if (verdict) {
      outcome.status = verdict->status;
      outcome.retry_after = std::string(verdict->headers.find("retry-after").value_or(""));
    }
    outcome.subject = std::string(exchange.principal().subject().value_or(""));
    outcome.is_forwarded = exchange.take_request().headers.has("authorization");
    return outcome;
  }
  std::unique_ptr<const Policy> make(JwtMode mode = JwtMode::strict) {
    return make_jwt_auth(settings(mode), context_);
  }

  const crypto::PrivateKey first_ = *crypto::PrivateKey::generate(crypto::KeyFamily::p256);
  const crypto::PrivateKey second_ = *crypto::PrivateKey::generate(crypto::KeyFamily::p256);
  ManualScheduler scheduler_;
  cel::Environment environment_{cel::AttributeTable()};
  std::shared_ptr<Refetcher> refetcher_ = std::make_shared<Refetcher>();
  auth::KeyStore keys_;
  auth::TokenCache tokens_;
  auth::LastToken last_token_;
  BuildContext context_{environment_, keys_, true};
};

TEST_F(FetchedKeysTest, are_asked_for_by_the_configuration) {
  make();
  EXPECT_EQ(context_.followed().count(source()), 1U);
  EXPECT_TRUE(context_.problems().empty());
}

TEST_F(FetchedKeysTest, serve_without_waiting_once_they_are_there) {
  fetched(first_, "k1");
  const Outcome outcome = ask(*make(), token(first_, "k1"));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.subject, "alice");
  EXPECT_FALSE(outcome.has_waited);
}

TEST_F(FetchedKeysTest, that_are_missing_are_a_503_in_every_mode) {
  keys_.note_fetch(source(), false, Instant::max());
  for (const JwtMode mode : {JwtMode::strict, JwtMode::optional, JwtMode::permissive}) {
    const Outcome outcome = ask(*make(mode), token(first_, "k1"));
    EXPECT_EQ(outcome.status, 503);
    EXPECT_EQ(outcome.retry_after, "5");
    EXPECT_EQ(outcome.subject, "");
    EXPECT_FALSE(outcome.has_waited);
    EXPECT_FALSE(outcome.is_forwarded);
  }
  EXPECT_EQ(refetcher_->count, 0);
}

TEST_F(FetchedKeysTest, that_are_missing_are_waited_for) {
  const auto policy = make();
  refetcher_->effect = [this] { fetched(first_, "k1"); };
  const Outcome outcome = ask(*policy, token(first_, "k1"));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.has_waited);
  EXPECT_EQ(outcome.subject, "alice");
  refetcher_->effect = nullptr;
}

TEST_F(FetchedKeysTest, that_stay_away_are_a_503_after_the_wait) {
  const Outcome outcome = ask(*make(), token(first_, "k1"));
  EXPECT_EQ(outcome.status, 503);
  EXPECT_TRUE(outcome.has_waited);
  EXPECT_FALSE(outcome.is_forwarded);
}

TEST_F(FetchedKeysTest, are_fetched_again_for_a_key_that_nobody_knows) {
  fetched(first_, "k1");
  const auto policy = make();
  refetcher_->effect = [this] { fetched(second_, "k2"); };
  const Outcome outcome = ask(*policy, token(second_, "k2"));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.has_waited);
  EXPECT_EQ(refetcher_->count, 1);
}

TEST_F(FetchedKeysTest, that_do_not_help_are_a_401) {
  fetched(first_, "k1");
  const auto policy = make();
  for (const JwtMode mode : {JwtMode::strict, JwtMode::optional}) {
    const Outcome outcome = ask(*make(mode), token(second_, "k2"));
    EXPECT_EQ(outcome.status, 401);
    EXPECT_TRUE(outcome.has_waited);
    EXPECT_FALSE(outcome.is_forwarded);
  }
  const Outcome anonymous = ask(*make(JwtMode::permissive), token(second_, "k2"));
  EXPECT_EQ(anonymous.status, 0);
  EXPECT_EQ(anonymous.subject, "");
  EXPECT_FALSE(anonymous.is_forwarded);
}

TEST_F(FetchedKeysTest, are_not_fetched_for_a_bad_signature_or_another_issuer) {
  fetched(first_, "k1");
  const auto policy = make();
  EXPECT_EQ(ask(*policy, token(second_, "k1")).status, 401);
  EXPECT_EQ(ask(*policy, token(second_, "k2", "other")).status, 401);
  EXPECT_EQ(ask(*policy, "garbage").status, 401);
  EXPECT_EQ(refetcher_->count, 0);
}

TEST_F(FetchedKeysTest, count_as_soon_as_they_are_there) {
  fetched(first_, "k1");
  const auto policy = make();
  keys_.note_fetch(source(), false, Instant::max());
  EXPECT_EQ(ask(*policy, token(second_, "k2")).status, 401);
  fetched(second_, "k2");
  const Outcome outcome = ask(*policy, token(second_, "k2"));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_FALSE(outcome.has_waited);
}

TEST_F(FetchedKeysTest, come_in_clear_text_with_a_warning_only) {
  JwtAuthSettings clear = settings();
  clear.jwks->url = "http://idp.test/jwks";
  make_jwt_auth(clear, context_);
  ASSERT_EQ(context_.problems().size(), 1U);
  EXPECT_NE(context_.problems()[0].message.find("over http"), std::string::npos);
}

}  // namespace
}  // namespace policy
