#include "policy/backend_auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/mint.h"
#include "base/base64.h"
#include "base/text.h"
#include "cel/convert.h"
#include "policy/detail_policy_test.h"
#include "policy/target_auth.h"

namespace policy {
namespace {

constexpr cel::Attribute attributes[] = {
    {"jwt", "", cel::Record::open, cel::Phase::identity, "Claims.", {}}};

class Source final : public cel::AttributeSource {
 public:
  explicit Source(const Exchange& exchange) : exchange_(exchange) {}
  cel::Value get(cel::AttributeIndex, cel::Arena& arena) const override {
    const auto& claims = exchange_.principal().claims();
    return claims ? cel::from_json(claims->root(), arena) : cel::Value::null();
  }

 private:
  const Exchange& exchange_;
};

class BackendAuthTest : public PolicyTest {
 protected:
  BackendAuthTest() : PolicyTest(attributes) {}

  std::unique_ptr<const BackendAuth> make(const std::string& text) {
    return made_of(text, make_backend_auth);
  }

  std::string signs_for_subjects() const {
    std::string text =
        "jwtSign:\n  ttl: 100s\n  claims: {sub: jwt.sub, aud: '\"b\"'}\n  signingKey: |\n";
    const std::string pem = key_.to_pem();
    for (const auto line : base::split(pem, '\n')) {
      text += "    " + std::string(line) + "\n";
    }
    return text;
  }

  // What a request of that subject (nobody if empty) has at a time; "-" if there is no credential.
  std::string authorization(const BackendAuth& policy, const std::string& subject, int second = 0) {
    const WallTime now(std::chrono::seconds(1'800'000'000 + second));
    Exchange exchange(http::Request("GET", "/", "gw"), Peer(), Instant(), now);
    const Source source(exchange);
    exchange.attributes = &source;
    exchange.last_token = &last_token_;
    if (!subject.empty()) identify(exchange, subject);
    return shown(policy, exchange);
  }
  // "waits" if somebody has to be asked first.
  static std::string shown(const BackendAuth& policy, Exchange& exchange) {
    const auto credentials = policy.credentials(exchange);
    if (!credentials) return "waits";
    if (!*credentials) return "error: " + credentials->error().why();
    http::Request request("GET", "/", "backend");
    if (**credentials) {
      EXPECT_TRUE((**credentials)->put_on(request));
    }
    return std::string(request.headers.find("authorization").value_or("-"));
  }
  void identify(Exchange& exchange, const std::string& subject) {
    const std::string token =
        *auth::mint(key_, crypto::Algorithm::es256, "k",
                    R"({"iss":"i","exp":1900000000,"sub":")" + subject + "\"}");
    auth::Provider provider;
    provider.issuer = "i";
    provider.keys = *keys_.load(auth::KeySource(
        auth::KeySource::Kind::text, auth::public_key_set(key_, crypto::Algorithm::es256, "k")));
    const auth::Trust trust({provider});
    shown_ = "Bearer " + token;
    const auto verdict = tokens_.verdict(token, trust, exchange.time, shown_, last_token_);
    ASSERT_TRUE(verdict);
    exchange.identify(auth::Principal(*verdict));
  }

  crypto::PrivateKey key_ = *crypto::PrivateKey::generate(crypto::KeyFamily::p256);
  auth::TokenCache tokens_;
  auth::LastToken last_token_;
  std::string shown_;
};

TEST_F(BackendAuthTest, gives_a_key_to_everybody) {
  const auto made = make("key: secret-1");
  ASSERT_TRUE(made) << said();
  EXPECT_EQ(authorization(*made, "alice"), "Bearer secret-1");
  EXPECT_EQ(authorization(*made, ""), "Bearer secret-1");
}

TEST_F(BackendAuthTest, passes_on_the_token_that_was_accepted_and_no_other) {
  const auto made = make("passthrough: {}");
  ASSERT_TRUE(made) << said();
  const std::string passed = authorization(*made, "alice");
  EXPECT_EQ(passed, shown_);
  EXPECT_EQ(authorization(*made, ""), "-");
  EXPECT_NE(authorization(*made, "bob"), passed);
}

TEST_F(BackendAuthTest, lets_nobody_without_a_token_fill_the_place_of_one) {
  const auto made = make("passthrough: {location: {header: {name: x-token}}}");
  ASSERT_TRUE(made) << said();
  Exchange exchange(http::Request("GET", "/", "gw"), Peer(), Instant(), WallTime());
  const auto held = made->credentials(exchange);
  ASSERT_TRUE(held && *held);
  http::Request request("GET", "/", "backend");
  request.headers.add("x-token", "made up");
  request.headers.add("x-other", "stays");
  ASSERT_TRUE((**held)->put_on(request));
  EXPECT_FALSE(request.headers.has("x-token"));
  EXPECT_TRUE(request.headers.has("x-other"));
}

TEST_F(BackendAuthTest, signs_a_token_for_each_caller_and_uses_it_for_most_of_its_time) {
  const auto made = make(signs_for_subjects());
  ASSERT_TRUE(made) << said();
  const std::string first = authorization(*made, "alice");
  const auto parts = base::split(first, '.');
  ASSERT_EQ(parts.size(), 3U) << first;
  EXPECT_EQ(*base::base64url_decode(parts[1]),
            R"({"aud":"b","sub":"alice","iat":1800000000,"exp":1800000100})");
  EXPECT_EQ(authorization(*made, "alice", 79), first);
  EXPECT_NE(authorization(*made, "bob", 79), first);
  EXPECT_NE(authorization(*made, "alice", 81), first);
  // A clock that was set back makes a new one.
  EXPECT_NE(authorization(*made, "alice", -5), first);
  EXPECT_EQ(authorization(*made, "").find("error: jwtSign: claim `sub`"), 0U);
}

TEST_F(BackendAuthTest, exchanges_the_token_that_was_accepted) {
  const auto made = make("oauthTokenExchange: {host: 'localhost:1', path: /token}");
  ASSERT_TRUE(made) << said();
  EXPECT_EQ(authorization(*made, "alice"), "waits");
  EXPECT_THAT(authorization(*made, ""), testing::HasSubstr("no verified token"));
}

TEST_F(BackendAuthTest, exchanges_what_stands_elsewhere_and_keeps_it_from_the_backend) {
  const auto made = make(
      "oauthTokenExchange:\n"
      "  host: localhost:1\n"
      "  subjectToken: {source: {header: {name: x-user}}}\n"
      "  actorToken: {source: {cookie: {name: actor}}}\n");
  ASSERT_TRUE(made) << said();
  const struct {
    std::vector<std::pair<std::string, std::string>> fields;
    std::string expected;
  } rows[] = {
      {{{"x-user", "alice"}, {"cookie", "actor=robot; b=c"}}, "waits"},
      {{{"x-user", "alice"}}, "no token"},
      {{{"cookie", "actor=robot"}}, "no token"},
      {{{"x-user", "alice"}, {"x-user", "bob"}, {"cookie", "actor=robot"}}, "no token"},
      {{{"x-user", ""}, {"cookie", "actor=robot"}}, "no token"},
      {{{"x-user", std::string(16'385, 'x')}, {"cookie", "actor=robot"}}, "no token"},
  };
  for (const auto& row : rows) {
    http::Request request("GET", "/", "gw");
    for (const auto& [name, value] : row.fields) request.headers.add(name, value);
    Exchange exchange(std::move(request), Peer(), Instant(), WallTime());
    const Source source(exchange);
    exchange.attributes = &source;
    exchange.last_token = &last_token_;
    EXPECT_THAT(shown(*made, exchange), testing::HasSubstr(row.expected));
    if (row.expected != "waits") continue;
    const http::Request sent = exchange.take_request();
    EXPECT_FALSE(sent.headers.has("x-user"));
    EXPECT_EQ(sent.headers.find("cookie"), "b=c");
  }
}

TEST_F(BackendAuthTest, gives_each_of_several_targets_its_own) {
  Exchange exchange(http::Request("GET", "/", "gw"), Peer(), Instant(),
                    WallTime(std::chrono::seconds(1'800'000'000)));
  const Source source(exchange);
  exchange.attributes = &source;
  exchange.last_token = &last_token_;
  std::map<std::string, SharedAuth> of_targets;
  of_targets.emplace("one", make("key: k1"));
  of_targets.emplace("two", make("passthrough: {}"));
  const SharedAuth all = make_target_auth(make("key: k0"), std::move(of_targets));
  EXPECT_TRUE(all->differs_by_token());
  const auto given = all->credentials(exchange);
  ASSERT_TRUE(given && *given);
  const auto whole = std::make_shared<auth::CurrentCredentials>();
  whole->set(**given);
  const auto at = [&](const std::string& target) {
    http::Request request("GET", "/", "backend");
    EXPECT_TRUE(auth::CurrentCredentials(whole, target).put_on(request));
    return std::string(request.headers.find("authorization").value_or("-"));
  };
  EXPECT_EQ(at("one"), "Bearer k1");
  EXPECT_EQ(at("two"), "-") << "a caller without a token has none to pass on";
  EXPECT_EQ(at("three"), "Bearer k0");
  whole->set(nullptr);
  EXPECT_EQ(at("one"), "-");
}

TEST_F(BackendAuthTest, says_for_which_target_there_is_nothing) {
  Exchange exchange(http::Request("GET", "/", "gw"), Peer(), Instant(),
                    WallTime(std::chrono::seconds(1'800'000'000)));
  const Source source(exchange);
  exchange.attributes = &source;
  std::map<std::string, SharedAuth> of_targets;
  of_targets.emplace("one", make(signs_for_subjects()));
  const SharedAuth all = make_target_auth(nullptr, std::move(of_targets));
  const auto given = all->credentials(exchange);
  ASSERT_TRUE(given && !*given);
  EXPECT_THAT(given->error().why(), testing::StartsWith("target one: "));
}

TEST_F(BackendAuthTest, fails_where_the_settings_are_wrong_without_telling_secrets) {
  const struct {
    std::string text, said;
  } table[] = {
      {"{}", "give one of"},
      {"key: secret-1\npassthrough: {}", "exclude each other"},
      {"key: {value: secret-1, file: ./x}", "one of `value` and `file`"},
      {"key: {file: ./no-such-file}", "no-such-file"},
      {"credentials: [{key: \"a;secret\", location: {cookie: {name: a}}}]", "no cookie can hold"},
      {"key: {value: secret-1, location: {header: {name: a b}}}", "no valid name"},
      {"key: {value: secret-1, location: {expression: 'a'}}", "expression"},
      {"jwtSign: {signingKey: secret-1}", "signingKey"},
      {"jwtSign: {signingKey: {file: ./no-such-file}}", "no-such-file"},
      {"jwtSign: {signingKey: secret-1, ttl: 1s}", "from 10s to 24h"},
      {"oauthTokenExchange: {}", "required"},
      {"oauthTokenExchange: {host: 'ftp://x'}", "not http or https"},
      {"oauthTokenExchange: {host: 'https://x/a', path: /b}", "stands in `host` and in `path`"},
      {"oauthTokenExchange: {host: x, path: b}", "begins with"},
      {"oauthTokenExchange: {host: x, grantType: password}", "tokenExchange, jwtBearer"},
      {"oauthTokenExchange: {host: x, grantType: jwtBearer, requestedTokenType: 'urn:x'}",
       "is for `grantType: tokenExchange`"},
      {"oauthTokenExchange: {host: x, requestedTokenType: access_token}", "absolute URI"},
      {"oauthTokenExchange: {host: x, resources: ['https://x/#a']}", "absolute URI"},
      {"oauthTokenExchange: {host: x, scopes: ['a b']}", "no scope"},
      {"oauthTokenExchange: {host: x, additionalParams: {Client_Id: '\"a\"'}}", "gateway's own"},
      {"oauthTokenExchange: {host: x, additionalParams: {a: 'nonsense.x'}}", "nonsense"},
      {"oauthTokenExchange: {host: x, additionalParams: {a: '1 + 1'}}", "must be a string"},
      {"oauthTokenExchange: {host: x, clientAuth: {clientId: a}}", "needs `clientSecret`"},
      {"oauthTokenExchange: {host: x, clientAuth: {clientId: a, method: privateKeyJwt}}",
       "needs `signingKey` and"},
      {"oauthTokenExchange: {host: x, clientAuth: {clientId: a, clientSecret: secret-1, kid: b}}",
       "are for `privateKeyJwt`"},
      {"oauthTokenExchange: {host: x, clientAuth: {clientId: a, method: privateKeyJwt, "
       "assertionAudience: b, signingKey: secret-1}}",
       "signingKey"},
      {"oauthTokenExchange: {host: x, cache: {defaultTtl: 0s}}", "from 1s to 24h"},
      {"oauthTokenExchange: {host: x}\npassthrough: {}", "exclude each other"},
      {"oauthTokenExchange: {backend: x, host: x}", "not supported yet"},
      {"aws: {}", "not supported yet"},
      {"copilot: {}", "not supported yet"},
  };
  for (const auto& row : table) {
    make(row.text);
    EXPECT_TRUE(schema::has_errors(problems_)) << row.text;
    EXPECT_NE(said().find(row.said), std::string::npos) << row.text << "\n" << said();
    EXPECT_EQ(said().find("secret-1"), std::string::npos) << said();
    EXPECT_EQ(said().find("a;secret"), std::string::npos) << said();
  }
}

TEST_F(BackendAuthTest, keeps_secrets_out_of_dumps) {
  for (const std::string text :
       {"key: secret-1", "key: {value: secret-1}", "credentials: [{key: secret-1}]",
        "jwtSign: {signingKey: secret-1}",
        "oauthTokenExchange: {host: x, clientAuth: {clientId: a, clientSecret: secret-1}}"}) {
    const yaml::Source source{"test.yaml", text};
    const auto reading = schema::read_text<BackendAuthSettings>(source, no_variables);
    const std::string dump = schema::dump(reading.value, schema::Show::redacted);
    EXPECT_EQ(dump.find("secret-1"), std::string::npos) << dump;
  }
}

}  // namespace
}  // namespace policy
