#include "auth/introspection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/detail_test_server.h"
#include "base/manual_scheduler.h"

namespace auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr WallTime now{seconds(1'800'000'000)};

class HandClock final : public Clock {
 public:
  Instant now() const override { return Instant(); }
  WallTime wall() const override { return at; }
  WallTime at = auth::now;
};

IntrospectionSettings settings() {
  IntrospectionSettings made(Uri::parse("http://idp.test/introspect?tenant=1").value());
  made.client_id = "gate:way";
  made.client_secret = "s3 cret";
  return made;
}

std::string fault_of(const IntrospectionSettings& of, const std::string& answer) {
  const auto verdict = Introspector(of).judge(answer, "token", now);
  if (!verdict) return "error";
  return *verdict ? "accepted" : std::string(name_of(verdict->error()));
}

TEST(Introspector, judges_what_the_issuer_says) {
  IntrospectionSettings strict = settings();
  strict.issuer = "i";
  strict.audiences = {"a", "b"};
  const std::string base = R"({"active":true,"iss":"i","aud":"a","sub":"alice","exp":1800000100)";
  const std::pair<std::string, std::string> rows[] = {
      {base + "}", "accepted"},
      {R"({"active":true,"iss":"i","aud":["x","b"]})", "accepted"},
      {R"({"active":false})", "inactive"},
      {R"({"active":false,"iss":"i","aud":"a","sub":"alice"})", "inactive"},
      {R"({"active":true,"iss":"i","aud":"a","exp":1800000000})", "expired"},
      {R"({"active":true,"iss":"i","aud":"a","exp":1799999999.5})", "expired"},
      {R"({"active":true,"iss":"i","aud":"a","exp":"soon"})", "time_malformed"},
      {R"({"active":true,"iss":"i","aud":"a","exp":1e300})", "time_malformed"},
      {R"({"active":true,"iss":"i","aud":"a","nbf":1800000060})", "accepted"},
      {R"({"active":true,"iss":"i","aud":"a","nbf":1800000061})", "not_yet_valid"},
      {R"({"active":true,"iss":"other","aud":"a"})", "issuer_unknown"},
      {R"({"active":true,"aud":"a"})", "issuer_unknown"},
      {R"({"active":true,"iss":"i","aud":"c"})", "audience_wrong"},
      {R"({"active":true,"iss":"i","aud":[1]})", "audience_wrong"},
      {R"({"active":true,"iss":"i"})", "audience_missing"},
      {base + R"(,"sub":5})", "error"},  // a name twice
      {R"({"active":true,"iss":"i","aud":"a","sub":5})", "subject_malformed"},
      {R"({"active":true,"iss":"i","aud":"a","sub":""})", "subject_malformed"},
      {base + R"(,"cnf":{"jkt":"x"}})", "proof_missing"},
      {base + R"(,"token_type":"DPoP"})", "proof_missing"},
      {base + R"(,"token_type":"Bearer"})", "accepted"},
      {R"({"active":"true","iss":"i","aud":"a"})", "error"},
      {R"({"active":1})", "error"},
      {R"({"iss":"i","aud":"a"})", "error"},
      {"[]", "error"},
      {"", "error"},
      {"<html>", "error"},
  };
  for (const auto& [answer, expected] : rows) {
    EXPECT_EQ(fault_of(strict, answer), expected) << answer;
  }
  EXPECT_EQ(fault_of(settings(), R"({"active":true})"), "accepted");
}

std::string identity_of(const IntrospectionSettings& of, const std::string& answer,
                        const std::string& token = "token") {
  return (**Introspector(of).judge(answer, token, now))->identity();
}

TEST(Introspector, knows_a_caller_by_issuer_and_subject) {
  const std::string alice = R"({"active":true,"sub":"alice","iss":"i"})";
  const std::string id = identity_of(settings(), alice);
  EXPECT_EQ(identity_of(settings(), R"({"active":true,"sub":"alice","iss":"i","exp":1800000100})"),
            id);
  EXPECT_EQ(identity_of(settings(), alice, "another"), id);
  EXPECT_NE(identity_of(settings(), R"({"active":true,"sub":"bob","iss":"i"})"), id);
  EXPECT_NE(identity_of(settings(), R"({"active":true,"sub":"alice","iss":"j"})"), id);
  IntrospectionSettings other = settings();
  other.uri = Uri::parse("http://other.test/").value();
  EXPECT_NE(identity_of(other, alice), id);
  EXPECT_NE(identity_of(settings(), R"({"active":true})", "one"),
            identity_of(settings(), R"({"active":true})", "two"));
}

TEST(Introspector, asks_in_a_form_and_says_who_it_is) {
  const http::FetchRequest basic = Introspector(settings()).request_for("a b&c=d");
  EXPECT_EQ(basic.form, "token=a%20b%26c%3Dd&token_type_hint=access_token");
  EXPECT_EQ(basic.authorization, "Basic Z2F0ZSUzQXdheTpzMyUyMGNyZXQ=");
  IntrospectionSettings posts = settings();
  posts.posts_secret = true;
  const http::FetchRequest post = Introspector(posts).request_for("t");
  EXPECT_EQ(post.form,
            "token=t&token_type_hint=access_token&client_id=gate%3Away&client_secret=s3%20cret");
  EXPECT_EQ(post.authorization, "");
  IntrospectionSettings nobody = settings();
  nobody.client_id.clear();
  nobody.client_secret.clear();
  EXPECT_EQ(Introspector(nobody).request_for("t").authorization, "");
}

class IntrospectionsTest : public testing::Test {
 protected:
  IntrospectionsTest() { server_.serve(R"({"active":true,"sub":"alice","exp":1800000100})"); }

  Task<> ask_one(std::string token) {
    ++waiting_;
    const auto answer = co_await asked_.ask(introspector_, std::move(token));
    --waiting_;
    if (!answer) ++errors_;
    if (answer && *answer) ++accepted_;
    if (answer && !*answer) ++refused_;
  }
  void ask(const std::string& token) {
    group_.spawn(ask_one(token));
    scheduler_.run();
  }
  bool knows(const std::string& token) {
    return asked_.find(*introspector_, token, clock_.at) != nullptr;
  }
  void use(const IntrospectionSettings& of) {
    introspector_ = std::make_shared<const Introspector>(of);
  }

  ManualScheduler scheduler_;
  TestServer server_;
  http::Pool pool_{scheduler_, server_, http::ClientLimits()};
  HandClock clock_;
  Introspections asked_{scheduler_, pool_, clock_};
  std::shared_ptr<const Introspector> introspector_ =
      std::make_shared<const Introspector>(settings());
  int waiting_ = 0;
  int accepted_ = 0;
  int refused_ = 0;
  int errors_ = 0;
  TaskGroup group_{scheduler_};
};

TEST_F(IntrospectionsTest, remember_what_the_issuer_said) {
  EXPECT_FALSE(knows("one"));
  ask("one");
  EXPECT_EQ(accepted_, 1);
  EXPECT_THAT(server_.written, HasSubstr("POST /introspect?tenant=1 HTTP/1.1\r\n"));
  EXPECT_THAT(server_.written, HasSubstr("\r\n\r\ntoken=one&"));
  EXPECT_TRUE(knows("one"));
  EXPECT_FALSE(knows("two"));
  clock_.at += seconds(59);
  EXPECT_TRUE(knows("one"));
  clock_.at += seconds(1);
  EXPECT_FALSE(knows("one"));
  EXPECT_EQ(asked_.size(), 0U);
}

TEST_F(IntrospectionsTest, forget_an_active_token_when_it_expires) {
  server_.serve(R"({"active":true,"exp":1800000005})");
  ask("one");
  clock_.at += milliseconds(4999);
  EXPECT_TRUE(knows("one"));
  clock_.at += milliseconds(1);
  EXPECT_FALSE(knows("one"));
}

TEST_F(IntrospectionsTest, remember_an_inactive_token_for_less) {
  server_.serve(R"({"active":false})");
  ask("one");
  EXPECT_EQ(refused_, 1);
  clock_.at += milliseconds(9999);
  EXPECT_TRUE(knows("one"));
  clock_.at += milliseconds(1);
  EXPECT_FALSE(knows("one"));
}

TEST_F(IntrospectionsTest, do_not_trust_a_clock_that_was_set_back) {
  ask("one");
  clock_.at -= seconds(1);
  EXPECT_FALSE(knows("one"));
}

TEST_F(IntrospectionsTest, ask_once_for_a_token_that_many_bring) {
  server_.is_silent = true;
  for (int i = 0; i < 50; ++i) ask("one");
  ask("two");
  EXPECT_EQ(server_.fetches, 2);
  EXPECT_EQ(waiting_, 51);
  scheduler_.advance(http::fetch_within);
  EXPECT_EQ(waiting_, 0);
  EXPECT_EQ(errors_, 51);
}

TEST_F(IntrospectionsTest, do_not_remember_what_nobody_knows) {
  const std::function<void()> troubles[] = {
      [this] { server_.is_down = true; },
      [this] { server_.serve("{}"); },
      [this] { server_.serve(R"({"active":true})", "", "401 Unauthorized"); },
      [this] { server_.serve(R"({"active":true})", "", "500 Oh"); },
      [this] { server_.serve(R"({"active":true,"x":")" + std::string(70'000, 'x') + "\"}"); },
  };
  int errors = 0;
  for (const auto& trouble : troubles) {
    server_.is_down = false;
    trouble();
    ask("one");
    EXPECT_EQ(errors_, ++errors);
    EXPECT_FALSE(knows("one"));
  }
  EXPECT_EQ(accepted_ + refused_, 0);
}

TEST_F(IntrospectionsTest, go_on_when_who_asked_first_has_gone) {
  server_.is_silent = true;
  {
    TaskGroup impatient(scheduler_);
    impatient.spawn(ask_one("one"));
    scheduler_.run();
    ask("one");
  }
  --waiting_;  // the one that has gone
  scheduler_.advance(http::fetch_within);
  EXPECT_EQ(waiting_, 0);
  EXPECT_EQ(errors_, 1);
  EXPECT_EQ(server_.fetches, 1);
}

TEST_F(IntrospectionsTest, keep_no_more_than_they_may) {
  IntrospectionSettings few = settings();
  few.entries_max = 3;
  use(few);
  for (const char* token : {"a", "b", "c"}) ask(token);
  EXPECT_TRUE(knows("a"));
  ask("d");
  EXPECT_EQ(asked_.size(), 3U);
  EXPECT_TRUE(knows("a"));
  EXPECT_FALSE(knows("b"));
  few.entries_max = 0;
  few.client_id = "other";
  use(few);
  ask("e");
  EXPECT_EQ(accepted_, 5);
  EXPECT_FALSE(knows("e"));
}

TEST_F(IntrospectionsTest, do_not_take_one_issuers_word_for_anothers) {
  ask("one");
  IntrospectionSettings other = settings();
  other.audiences = {"a"};
  use(other);
  EXPECT_FALSE(knows("one"));
}

}  // namespace
}  // namespace auth
