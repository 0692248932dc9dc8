#include "policy/basic_auth.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/manual_scheduler.h"
#include "policy/detail_policy_test.h"

namespace policy {
namespace {

const std::string list =
    "htpasswd: |\n"
    "  alice:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n"
    "  bob:$$2y$$04$$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n";

// Compares at once, and counts.
class Judge final : public auth::PasswordJudge {
 public:
  Task<Result<bool>> matches(crypto::PasswordHash hash, std::string password) override {
    ++asked;
    if (is_busy) co_return failed(Fault::too_many, "busy");
    co_return hash.matches(password);
  }
  int asked = 0;
  bool is_busy = false;
};

class BasicAuthTest : public PolicyTest {
 protected:
  std::unique_ptr<const Policy> policy(const std::string& text) {
    return made_of(text, make_basic_auth);
  }

  struct Outcome {
    int status = 200;
    std::string user;
    std::string challenge;
    bool is_forwarded = false;
  };
  Outcome ask(const Policy& policy, const std::vector<std::string>& values) {
    Exchange exchange(http::Request("GET", "/", "gw"), Peer(), Instant(std::chrono::seconds(1)),
                      WallTime());
    exchange.failed_logins = &failed_logins_;
    exchange.logins = &logins_;
    exchange.passwords = &judge_;
    for (const std::string& value : values)
      exchange.change_request().headers.add("authorization", value);
    Verdict verdict = policy.decide(exchange);
    if (verdict.is_undecided()) {
      Task<Verdict> task = policy.on_request(exchange);
      task.start(scheduler_, std::noop_coroutine());
      scheduler_.run();
      verdict = task.take();
    }
    Outcome outcome;
    if (verdict) {
      outcome.status = verdict->status;
      outcome.challenge = verdict->headers.find("www-authenticate").value_or("");
    }
    if (exchange.principal().user()) outcome.user = exchange.principal().user()->name();
    outcome.is_forwarded = exchange.take_request().headers.has("authorization");
    return outcome;
  }
  static std::string basic(const std::string& login) {
    return "Basic " + base::base64_encode(login);
  }

  class Nowhere final : public LogSink {
    void write(std::string_view) override {}
  };
  static auth::FailedLoginLimits limits() {
    auth::FailedLoginLimits made;
    made.failures_max = 20;
    return made;
  }
  ManualScheduler scheduler_;
  Judge judge_;
  auth::LoginCache logins_;
  Nowhere nowhere_;
  auth::FailedLogins failed_logins_{limits(), Log(nowhere_, LogFormat::text, LogLevel::info)};
};

TEST_F(BasicAuthTest, knows_the_user_and_takes_the_password_off_the_request) {
  const auto made = policy(list + "mode: strict\n");
  ASSERT_TRUE(made) << said();
  for (const std::string name : {"alice", "bob"}) {
    const Outcome found = ask(*made, {basic(name + ":correct horse")});
    EXPECT_EQ(found.status, 200);
    EXPECT_EQ(found.user, name);
    EXPECT_FALSE(found.is_forwarded);
  }
}

TEST_F(BasicAuthTest, compares_a_right_password_once_and_a_wrong_one_each_time) {
  const auto made = policy(list + "mode: strict\n");
  for (int i = 0; i < 3; ++i) ask(*made, {basic("bob:correct horse")});
  EXPECT_EQ(judge_.asked, 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*made, {basic("bob:wrong")}).status, 401);
  EXPECT_EQ(judge_.asked, 4);
  // What was right under another list is not right under this one.
  const auto other = policy("htpasswd: 'bob:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A='\nmode: strict\n");
  EXPECT_EQ(ask(*other, {basic("bob:correct horse")}).status, 200);
  EXPECT_EQ(judge_.asked, 5);
}

TEST_F(BasicAuthTest, compares_for_an_unknown_user_too_and_refuses_in_one_shape) {
  const auto made = policy(list + "mode: strict\nrealm: Lab 1\n");
  const std::string_view challenge = R"(Basic realm="Lab 1", charset="UTF-8")";
  const std::vector<std::vector<std::string>> bad = {
      {},
      {basic("carol:correct horse")},
      {basic("alice:wrong")},
      {basic("alice")},
      {basic(":")},
      {basic("")},
      {"Basic ***"},
      {"Basic"},
      {"Bearer abc"},
      {basic("alice:correct horse"), basic("alice:correct horse")},
  };
  for (const auto& values : bad) {
    const Outcome outcome = ask(*made, values);
    EXPECT_EQ(outcome.status, 401);
    EXPECT_EQ(outcome.challenge, challenge);
    EXPECT_EQ(outcome.user, "");
  }
  EXPECT_EQ(judge_.asked, 3);
}

TEST_F(BasicAuthTest, lets_callers_without_a_password_in_if_it_is_optional) {
  const auto made = policy(list);
  EXPECT_NE(said().find("anonymous"), std::string::npos);
  EXPECT_EQ(ask(*made, {}).status, 200);
  const Outcome other = ask(*made, {"Bearer abc"});
  EXPECT_EQ(other.status, 200);
  EXPECT_FALSE(other.is_forwarded);
  EXPECT_EQ(ask(*made, {basic("alice:wrong")}).status, 401);
}

TEST_F(BasicAuthTest, says_so_if_it_is_too_busy_and_lets_nobody_in) {
  const auto made = policy(list + "mode: strict\n");
  judge_.is_busy = true;
  const Outcome outcome = ask(*made, {basic("alice:correct horse")});
  EXPECT_EQ(outcome.status, 503);
  EXPECT_EQ(outcome.user, "");
}

TEST_F(BasicAuthTest, locks_out_who_guesses_but_not_who_was_known_before) {
  const auto made = policy(list + "mode: strict\n");
  EXPECT_EQ(ask(*made, {basic("alice:correct horse")}).status, 200);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(*made, {basic("bob:guess")}).status, 401);
  EXPECT_EQ(ask(*made, {basic("bob:correct horse")}).status, 429);
  EXPECT_EQ(ask(*made, {basic("alice:correct horse")}).status, 200);
  EXPECT_EQ(ask(*made, {}).status, 401);
}

TEST_F(BasicAuthTest, fails_where_the_settings_are_wrong_without_telling_hashes) {
  const struct {
    std::string text, said;
  } table[] = {
      {"mode: strict", "`htpasswd`"},
      {"htpasswd: {file: ./no-such-file}", "no-such-file"},
      {"htpasswd: 'bob:plain-secret'", "line 1: passwords in plain text"},
      {"htpasswd: |\n  a:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n  bob:$$9$$secret\n",
       "line 2: unknown scheme"},
      {"mode: permissive\n" + list, "one of"},
      {"realm: 'a\"b'\n" + list, "printable ASCII"},
  };
  for (const auto& row : table) {
    policy(row.text);
    EXPECT_TRUE(schema::has_errors(problems_)) << row.text;
    EXPECT_NE(said().find(row.said), std::string::npos) << row.text << "\n" << said();
    EXPECT_EQ(said().find("secret"), std::string::npos) << said();
  }
}

TEST_F(BasicAuthTest, keeps_hashes_out_of_dumps) {
  const yaml::Source source{"test.yaml", list};
  const auto reading = schema::read_text<BasicAuthSettings>(source, no_variables);
  EXPECT_EQ(schema::dump(reading.value, schema::Show::redacted).find("$2y$"), std::string::npos);
}

}  // namespace
}  // namespace policy
