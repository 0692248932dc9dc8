#include "auth/token_exchange.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/detail_issuer.h"
#include "auth/detail_test_server.h"
#include "base/manual_scheduler.h"
#include "base/text.h"

namespace auth {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using Grant = TokenExchangeSettings::Grant;
using Held = TokenExchanger::Held;

constexpr WallTime now{seconds(1'800'000'000)};
const std::string access_type = "urn:ietf:params:oauth:token-type:access_token";

class HandClock final : public Clock {
 public:
  Instant now() const override { return Instant(); }
  WallTime wall() const override { return at; }
  WallTime at = auth::now;
};

TokenExchangeSettings settings(Grant grant = Grant::token_exchange) {
  TokenExchangeSettings made(Uri::parse("http://idp.test/token").value());
  made.grant = grant;
  made.subject_type = access_type;
  made.client.method = TokenClient::Method::basic;
  made.client.id = "gate:way";
  made.client.secret = "s3 cret";
  return made;
}

TokenQuestion about(const std::string& subject) {
  TokenQuestion question;
  question.subject = subject;
  return question;
}

std::string answer(const std::string& token, const std::string& more = R"(,"expires_in":100)") {
  return R"({"access_token":")" + token + R"(","token_type":"Bearer","issued_token_type":")" +
         access_type + "\"" + more + "}";
}

std::string shown(const Result<Held>& given) {
  if (!given) return "error: " + std::string(name_of(given.error().fault()));
  http::Request request("GET", "/", "backend");
  EXPECT_TRUE((*given)->put_on(request));
  return std::string(request.headers.find("authorization").value_or("-"));
}

std::string form_of(const TokenExchangeSettings& of, const TokenQuestion& question) {
  return TokenExchanger(of).request_for(question, now)->form;
}

TEST(TokenExchanger, asks_for_a_token_for_another) {
  TokenExchangeSettings all = settings();
  all.audiences = {"a 1", "b"};
  all.resources = {"https://r.test/"};
  all.scope = "read write";
  all.requested_type = access_type;
  all.actor_type = "urn:x";
  TokenQuestion question = about("s&t");
  question.actor = "act";
  question.more = {{"tenant", "t=1"}};
  const auto request = TokenExchanger(all).request_for(question, now);
  const std::string type = percent_encode(access_type);
  EXPECT_EQ(request->form,
            "grant_type=" + percent_encode("urn:ietf:params:oauth:grant-type:token-exchange") +
                "&subject_token=s%26t&subject_token_type=" + type +
                "&actor_token=act&actor_token_type=urn%3Ax&requested_token_type=" + type +
                "&audience=a%201&audience=b&scope=read%20write&resource=https%3A%2F%2Fr.test%2F"
                "&tenant=t%3D1");
  EXPECT_EQ(request->authorization, "Basic Z2F0ZSUzQXdheTpzMyUyMGNyZXQ=");
  EXPECT_EQ(form_of(settings(Grant::jwt_bearer), about("t")),
            "grant_type=" + percent_encode("urn:ietf:params:oauth:grant-type:jwt-bearer") +
                "&assertion=t");
}

TEST(TokenExchanger, proves_who_the_gateway_is) {
  TokenExchangeSettings posts = settings(Grant::jwt_bearer);
  posts.client.method = TokenClient::Method::post;
  EXPECT_THAT(form_of(posts, about("t")),
              HasSubstr("&client_id=gate%3Away&client_secret=s3%20cret"));
  posts.client.secret.clear();
  EXPECT_THAT(form_of(posts, about("t")), Not(HasSubstr("client_secret")));

  crypto::PrivateKey key = *crypto::PrivateKey::generate(crypto::KeyFamily::p256);
  Provider judge;
  judge.issuer = "gate:way";
  judge.audiences = {"https://idp.test"};
  judge.keys = std::make_shared<const KeySet>(
      KeySet::parse(public_key_set(key, crypto::Algorithm::es256, "k1")).value());
  TokenExchangeSettings signs = settings(Grant::jwt_bearer);
  signs.client.method = TokenClient::Method::private_key_jwt;
  signs.client.audience = "https://idp.test";
  signs.client.key = std::make_shared<const SigningKey>(
      SigningKey{std::move(key), crypto::Algorithm::es256, "k1"});
  const std::string form = form_of(signs, about("t"));
  const auto parts = base::split(form, '&');
  EXPECT_THAT(form,
              HasSubstr("&client_assertion_type=" +
                        percent_encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")));
  const std::string_view assertion = std::string_view(parts.back()).substr(17);
  const auto verdict = verify(UnverifiedToken::parse(assertion).value(), Trust({judge}), now);
  ASSERT_TRUE(verdict) << name_of(verdict.error());
  EXPECT_EQ((*verdict)->root().find("exp")->as_int(), 1'800'000'060);
  EXPECT_NE(form_of(signs, about("t")), form);  // a `jti` of its own
}

std::string settled(const TokenExchangeSettings& of, int status, const std::string& text) {
  const TokenExchanger exchanger(of);
  return shown(exchanger.settle(exchanger.key_of(about("t")), status, text, now));
}

TEST(TokenExchanger, reads_answers_strictly) {
  const std::string start = R"({"access_token":"new","token_type":"Bearer")";
  const std::string type = R"(,"issued_token_type":")" + access_type + "\"";
  const std::string bad = "error: upstream_failed";
  const std::pair<std::string, std::string> rows[] = {
      {start + type + "}", "Bearer new"},
      {start + type + R"(,"expires_in":3600,"scope":"x","refresh_token":"y"})", "Bearer new"},
      {R"({"access_token":"new","token_type":"bEARER")" + type + "}", "Bearer new"},
      {start + R"(,"issued_token_type":"urn:ietf:params:oauth:token-type:jwt"})", "Bearer new"},
      {start + "}", bad},
      {start + R"(,"issued_token_type":"urn:ietf:params:oauth:token-type:refresh_token"})", bad},
      {start + R"(,"issued_token_type":5})", bad},
      {R"({"access_token":"new")" + type + "}", bad},
      {R"({"access_token":"new","token_type":"DPoP")" + type + "}", bad},
      {R"({"access_token":"new","token_type":"N_A")" + type + "}", bad},
      {R"({"token_type":"Bearer")" + type + "}", bad},
      {R"({"access_token":"","token_type":"Bearer")" + type + "}", bad},
      {R"({"access_token":"a b","token_type":"Bearer")" + type + "}", bad},
      {R"({"access_token":"a\r\nx: y","token_type":"Bearer")" + type + "}", bad},
      {R"({"access_token":")" + std::string(token_size_max + 1, 'x') +
           R"(","token_type":"Bearer")" + type + "}",
       bad},
      {start + type + R"(,"expires_in":"3600"})", bad},
      {start + type + R"(,"expires_in":0})", bad},
      {start + type + R"(,"expires_in":-1})", bad},
      {start + type + R"(,"expires_in":1.5})", bad},
      {start + type + R"(,"access_token":"twice"})", bad},
      {"[]", bad},
      {"", bad},
      {"<html>", bad},
  };
  for (const auto& [text, expected] : rows)
    EXPECT_EQ(settled(settings(), 200, text), expected) << text;
  const TokenExchangeSettings bearer = settings(Grant::jwt_bearer);
  EXPECT_EQ(settled(bearer, 200, start + "}"), "Bearer new");
  TokenExchangeSettings wants = settings();
  wants.requested_type = "urn:ietf:params:oauth:token-type:jwt";
  EXPECT_EQ(settled(wants, 200, start + type + "}"), bad);
}

TEST(TokenExchanger, tells_a_caller_who_gets_no_token_from_a_gateway_that_gets_none) {
  const auto error = [](const std::string& word) { return R"({"error":")" + word + "\"}"; };
  const struct {
    int status;
    std::string text, expected;
  } rows[] = {
      {400, error("invalid_grant"), "error: forbidden"},
      {400, error("invalid_request"), "error: forbidden"},
      {400, error("invalid_target"), "error: forbidden"},
      {400, error("invalid_client"), "error: upstream_failed"},
      {400, error("unsupported_grant_type"), "error: upstream_failed"},
      {400, "what?", "error: upstream_failed"},
      {401, error("invalid_client"), "error: upstream_failed"},
      {401, error("invalid_grant"), "error: upstream_failed"},
      {201, answer("new"), "error: upstream_failed"},
      {302, "", "error: upstream_failed"},
      {429, "", "error: unavailable"},
      {500, answer("new"), "error: upstream_failed"},
      {503, "", "error: unavailable"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(settled(settings(), row.status, row.text), row.expected) << row.status << row.text;
  }
  const TokenExchanger exchanger(settings());
  const auto refused =
      exchanger.settle(exchanger.key_of(about("t")), 400,
                       R"({"error":"invalid_grant","error_description":"tok3n"})", now);
  EXPECT_THAT(refused.error().why(), HasSubstr("400 invalid_grant"));
  EXPECT_THAT(refused.error().why(), Not(HasSubstr("tok3n")));
}

TEST(TokenExchanger, puts_the_token_where_it_belongs_beside_what_is_fixed) {
  TokenExchangeSettings placed = settings();
  placed.place = Location::header("x-token");
  ASSERT_TRUE(placed.fixed.add(Location::bearer(), "fixed"));
  const TokenExchanger exchanger(placed);
  const auto given = exchanger.settle(exchanger.key_of(about("t")), 200, answer("new"), now);
  http::Request request("GET", "/", "backend");
  ASSERT_TRUE((*given)->put_on(request));
  EXPECT_EQ(request.headers.find("x-token"), "new");
  EXPECT_EQ(request.headers.find("authorization"), "Bearer fixed");
}

TEST(TokenExchanger, remembers_a_token_until_it_is_nearly_over) {
  const TokenExchanger exchanger(settings());
  const auto key = exchanger.key_of(about("t"));
  const auto keeps_for = [&](const std::string& more, int kept) {
    ASSERT_TRUE(exchanger.settle(key, 200, answer("new", more), now));
    EXPECT_TRUE(exchanger.find(key, now + seconds(kept - 1))) << more;
    EXPECT_FALSE(exchanger.find(key, now + seconds(kept))) << more;
  };
  keeps_for(R"(,"expires_in":100)", 80);
  keeps_for(R"(,"expires_in":3600)", 3570);
  keeps_for(R"(,"expires_in":9223372036854775807)", 86'370);
  keeps_for("", 270);
  ASSERT_TRUE(exchanger.settle(key, 200, answer("new"), now));
  EXPECT_FALSE(exchanger.find(key, now - seconds(1)));  // a clock that was set back
}

TEST(TokenExchanger, remembers_failures_briefly) {
  const TokenExchanger exchanger(settings());
  const auto key = exchanger.key_of(about("t"));
  EXPECT_FALSE(exchanger.settle(key, 400, R"({"error":"invalid_grant"})", now));
  EXPECT_EQ(shown(*exchanger.find(key, now + seconds(9))), "error: forbidden");
  EXPECT_FALSE(exchanger.find(key, now + seconds(10)));
  EXPECT_FALSE(exchanger.settle(key, 500, "", now));
  EXPECT_EQ(shown(*exchanger.find(key, now + seconds(1))), "error: upstream_failed");
  EXPECT_FALSE(exchanger.find(key, now + seconds(2)));
  EXPECT_FALSE(exchanger.settle(key, 500, "", now));
  EXPECT_TRUE(exchanger.settle(key, 200, answer("new"), now));
  EXPECT_EQ(shown(*exchanger.find(key, now)), "Bearer new");
}

TEST(TokenExchanger, finds_only_what_was_given_for_the_same_tokens) {
  const TokenExchanger exchanger(settings());
  TokenQuestion with_actor = about("alice"), with_more = about("alice"),
                other_more = about("alice");
  with_actor.actor = "robot";
  with_more.more = {{"a", "bc"}};
  other_more.more = {{"ab", "c"}};
  const TokenQuestion questions[] = {about("alice"), about("bob"), with_actor, with_more,
                                     other_more};
  for (std::size_t i = 0; i < std::size(questions); ++i) {
    const auto key = exchanger.key_of(questions[i]);
    EXPECT_FALSE(exchanger.find(key, now));
    ASSERT_TRUE(exchanger.settle(key, 200, answer("t" + std::to_string(i)), now));
  }
  for (std::size_t i = 0; i < std::size(questions); ++i) {
    EXPECT_EQ(shown(*exchanger.find(exchanger.key_of(questions[i]), now)),
              "Bearer t" + std::to_string(i));
  }
}

TEST(TokenExchanger, keeps_no_more_than_it_may) {
  TokenExchangeSettings few = settings();
  few.entries_max = 3;
  const TokenExchanger exchanger(few);
  for (int i = 0; i < 5; ++i) {
    const auto key = exchanger.key_of(about(std::to_string(i)));
    ASSERT_TRUE(exchanger.settle(key, 200, answer("t"), now));
    EXPECT_TRUE(exchanger.find(exchanger.key_of(about("0")), now)) << "used last";
  }
  EXPECT_EQ(exchanger.size(), 3U);
  for (int i = 0; i < 1000; ++i) {
    const auto key = exchanger.key_of(about("bad" + std::to_string(i)));
    EXPECT_FALSE(exchanger.settle(key, 400, "{}", now));
  }
  EXPECT_EQ(exchanger.size(), 3U + 512U);
  EXPECT_TRUE(exchanger.find(exchanger.key_of(about("0")), now));
  few.entries_max = 0;
  const TokenExchanger none(few);
  ASSERT_TRUE(none.settle(none.key_of(about("t")), 200, answer("t"), now));
  EXPECT_FALSE(none.settle(none.key_of(about("u")), 500, "", now));
  EXPECT_EQ(none.size(), 0U);
}

class TokenExchangesTest : public testing::Test {
 protected:
  TokenExchangesTest() { server_.serve(answer("new")); }

  Task<> ask_one(std::string subject) {
    ++waiting_;
    TokenQuestion question = about(subject);
    const auto given = co_await asked_.ask(exchanger_, std::move(question));
    --waiting_;
    said_.push_back(shown(given));
  }
  void ask(const std::string& subject) {
    group_.spawn(ask_one(subject));
    scheduler_.run();
  }
  std::string last() const { return said_.empty() ? "" : said_.back(); }

  ManualScheduler scheduler_;
  TestServer server_;
  http::Pool pool_{scheduler_, server_, http::ClientLimits()};
  HandClock clock_;
  TokenExchanges asked_{scheduler_, pool_, clock_};
  std::shared_ptr<const TokenExchanger> exchanger_ =
      std::make_shared<const TokenExchanger>(settings());
  int waiting_ = 0;
  std::vector<std::string> said_;
  TaskGroup group_{scheduler_};
};

TEST_F(TokenExchangesTest, give_what_the_server_gives) {
  ask("one");
  EXPECT_EQ(last(), "Bearer new");
  EXPECT_THAT(server_.written, HasSubstr("POST /token HTTP/1.1\r\n"));
  EXPECT_THAT(server_.written, HasSubstr("&subject_token=one&"));
  EXPECT_TRUE(exchanger_->find(exchanger_->key_of(about("one")), clock_.at));
  EXPECT_FALSE(exchanger_->find(exchanger_->key_of(about("two")), clock_.at));
}

TEST_F(TokenExchangesTest, ask_once_for_what_many_want) {
  server_.is_silent = true;
  for (int i = 0; i < 50; ++i) ask("one");
  ask("two");
  EXPECT_EQ(server_.fetches, 2);
  EXPECT_EQ(waiting_, 51);
  scheduler_.advance(http::fetch_within);
  EXPECT_EQ(waiting_, 0);
  EXPECT_THAT(said_, testing::Each("error: timed_out"));
}

TEST_F(TokenExchangesTest, say_that_the_server_failed_whatever_its_failure_was) {
  const std::pair<std::function<void()>, std::string> troubles[] = {
      {[this] { server_.is_down = true; }, "error: unavailable"},
      {[this] { server_.serve("{}"); }, "error: upstream_failed"},
      {[this] { server_.serve("", "Location: http://idp.test/other\r\n", "307 Go"); },
       "error: upstream_failed"},
      {[this] { server_.serve(answer(std::string(70'000, 'x'))); }, "error: upstream_failed"},
      {[this] { server_.serve(R"({"error":"invalid_grant"})", "", "400 Bad"); },
       "error: forbidden"},
  };
  int number = 0;
  for (const auto& [trouble, expected] : troubles) {
    server_.is_down = false;
    trouble();
    ask(std::to_string(++number));
    EXPECT_EQ(last(), expected) << number;
  }
}

TEST_F(TokenExchangesTest, go_on_when_who_asked_first_has_gone) {
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
  EXPECT_EQ(server_.fetches, 1);
}

TEST_F(TokenExchangesTest, ask_about_no_more_than_so_many_at_once) {
  server_.is_silent = true;
  for (int i = 0; i < 300; ++i) ask(std::to_string(i));
  EXPECT_EQ(waiting_, 256);
  EXPECT_EQ(said_.size(), 44U);
  EXPECT_THAT(said_, testing::Each("error: unavailable"));
}

}  // namespace
}  // namespace auth
