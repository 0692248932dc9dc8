#include "policy/jwt_auth.h"

#include <gtest/gtest.h>

#include "auth/mint.h"
#include "policy/settings.h"

namespace policy {
namespace {

constexpr WallTime now{std::chrono::seconds(1'800'000'000)};

class JwtAuthTest : public testing::Test {
 protected:
  std::string token(std::string_view claims) {
    return *auth::mint(key_, crypto::Algorithm::es256, "k1", claims);
  }
  std::string good_token() {
    return token(R"({"iss":"i","aud":"a","sub":"alice","exp":1800000100})");
  }

  JwtAuthSettings settings(JwtMode mode) const {
    JwtAuthSettings made;
    made.mode = mode;
    made.issuer = "i";
    made.audiences = {"a"};
    made.jwks = JwksSettings();
    made.jwks->text = auth::public_key_set(key_, crypto::Algorithm::es256, "k1");
    return made;
  }

  // What a request with these Authorization headers gets.
  struct Outcome {
    std::optional<http::Response> response;
    std::string subject;
    bool is_forwarded = false;  // the credential is still on the request
  };
  Outcome ask(JwtMode mode, const std::vector<std::string>& headers) {
    const auto policy = make_jwt_auth(settings(mode), context_);
    Exchange exchange(http::Request("POST", "/mcp", "gw"), Peer(), Instant(), now);
    exchange.tokens = &tokens_;
    exchange.last_token = &last_token_;
    for (const std::string& header : headers)
      exchange.change_request().headers.add("authorization", header);
    Outcome outcome;
    outcome.response = policy->decide(exchange).take();
    outcome.subject = std::string(exchange.principal().subject().value_or(""));
    outcome.is_forwarded = exchange.take_request().headers.has("authorization");
    return outcome;
  }

  crypto::PrivateKey key_ = *crypto::PrivateKey::generate(crypto::KeyFamily::p256);
  cel::Environment environment_{cel::AttributeTable()};
  auth::KeyStore keys_;
  auth::TokenCache tokens_;
  auth::LastToken last_token_;
  BuildContext context_{environment_, keys_, true};
};

TEST_F(JwtAuthTest, knows_the_caller_and_takes_the_token_off_the_request) {
  for (const JwtMode mode : {JwtMode::strict, JwtMode::optional, JwtMode::permissive}) {
    const Outcome outcome = ask(mode, {"Bearer " + good_token()});
    EXPECT_FALSE(outcome.response);
    EXPECT_EQ(outcome.subject, "alice");
    EXPECT_FALSE(outcome.is_forwarded);
  }
}

TEST_F(JwtAuthTest, demands_a_token_in_strict_mode_only) {
  const Outcome strict = ask(JwtMode::strict, {});
  ASSERT_TRUE(strict.response);
  EXPECT_EQ(strict.response->status, 401);
  EXPECT_EQ(strict.response->headers.find("www-authenticate"), "Bearer");
  EXPECT_FALSE(ask(JwtMode::optional, {}).response);
  EXPECT_FALSE(ask(JwtMode::permissive, {}).response);
}

TEST_F(JwtAuthTest, refuses_every_bad_token_in_one_shape) {
  const std::vector<std::string> bad = {
      "garbage",
      token(R"({"iss":"i","aud":"a","exp":1799999000})"),
      token(R"({"iss":"other","aud":"a","exp":1800000100})"),
      token(R"({"iss":"i","aud":"other","exp":1800000100})"),
      good_token() + "A",
  };
  for (const JwtMode mode : {JwtMode::strict, JwtMode::optional}) {
    for (const std::string& text : bad) {
      const Outcome outcome = ask(mode, {"Bearer " + text});
      ASSERT_TRUE(outcome.response) << text;
      EXPECT_EQ(outcome.response->status, 401);
      EXPECT_EQ(outcome.response->body.text(), "authentication failure: the token is not accepted");
      EXPECT_EQ(
          outcome.response->headers.find("www-authenticate"),
          R"(Bearer error="invalid_token", error_description="the access token is not accepted")");
    }
  }
}

TEST_F(JwtAuthTest, makes_a_bad_token_anonymous_in_permissive_mode_and_drops_it) {
  const Outcome outcome = ask(JwtMode::permissive, {"Bearer garbage"});
  EXPECT_FALSE(outcome.response);
  EXPECT_EQ(outcome.subject, "");
  EXPECT_FALSE(outcome.is_forwarded);
}

TEST_F(JwtAuthTest, never_passes_another_schemes_credential_on) {
  const Outcome outcome = ask(JwtMode::optional, {"Basic dXNlcjpwYXNz"});
  EXPECT_FALSE(outcome.response);
  EXPECT_EQ(outcome.subject, "");
  EXPECT_FALSE(outcome.is_forwarded);
  EXPECT_EQ(ask(JwtMode::strict, {"Basic dXNlcjpwYXNz"}).response->status, 401);
}

// What a request gets whose token is elsewhere, and what is left of it.
struct Elsewhere {
  int status = 0;
  std::string subject;
  std::string target;
  std::string cookie;
  bool has_field = false;
};

class JwtLocationTest : public JwtAuthTest {
 protected:
  Elsewhere ask(const LocationSettings& location, http::Request request) {
    JwtAuthSettings made = settings(JwtMode::strict);
    made.location = location;
    const auto policy = make_jwt_auth(made, context_);
    EXPECT_FALSE(schema::has_errors(context_.problems()));
    Exchange exchange(std::move(request), Peer(), Instant(), now);
    exchange.tokens = &tokens_;
    exchange.last_token = &last_token_;
    Verdict verdict = policy->decide(exchange);
    Elsewhere found;
    found.status = verdict ? verdict->status : 200;
    found.subject = exchange.principal().subject().value_or("");
    const http::Request left = exchange.take_request();
    found.target = left.target;
    found.cookie = left.headers.find("cookie").value_or("-");
    found.has_field = left.headers.has("x-token");
    return found;
  }
};

TEST_F(JwtLocationTest, finds_the_token_where_it_is_said_to_be_and_cuts_it_out) {
  LocationSettings query;
  query.query_parameter = NamedLocation{"access_token"};
  http::Request asked("GET", "/a?x=1&access_token=" + good_token(), "gw");
  Elsewhere found = ask(query, std::move(asked));
  EXPECT_EQ(found.subject, "alice");
  EXPECT_EQ(found.target, "/a?x=1");

  LocationSettings cookie;
  cookie.cookie = NamedLocation{"sid"};
  asked = http::Request("GET", "/", "gw");
  asked.headers.add("cookie", "a=1; sid=" + good_token());
  found = ask(cookie, std::move(asked));
  EXPECT_EQ(found.subject, "alice");
  EXPECT_EQ(found.cookie, "a=1");

  LocationSettings header;
  header.header = HeaderLocation{"X-Token", "Token "};
  asked = http::Request("GET", "/", "gw");
  asked.headers.add("x-token", "tOKEN " + good_token());
  found = ask(header, std::move(asked));
  EXPECT_EQ(found.subject, "alice");
  EXPECT_FALSE(found.has_field);
}

TEST_F(JwtLocationTest, believes_none_of_two_tokens) {
  LocationSettings query;
  query.query_parameter = NamedLocation{"t"};
  http::Request asked("GET", "/a?t=" + good_token() + "&t=" + good_token(), "gw");
  EXPECT_EQ(ask(query, std::move(asked)).status, 401);
  LocationSettings cookie;
  cookie.cookie = NamedLocation{"sid"};
  asked = http::Request("GET", "/", "gw");
  asked.headers.add("cookie", "sid=" + good_token());
  asked.headers.add("cookie", "sid=" + good_token());
  EXPECT_EQ(ask(cookie, std::move(asked)).status, 401);
}

TEST_F(JwtLocationTest, looks_nowhere_else) {
  LocationSettings cookie;
  cookie.cookie = NamedLocation{"sid"};
  http::Request asked("GET", "/?sid=" + good_token(), "gw");
  asked.headers.add("authorization", "Bearer " + good_token());
  EXPECT_EQ(ask(cookie, std::move(asked)).status, 401);
}

TEST_F(JwtAuthTest, warns_that_anonymous_callers_are_let_in) {
  make_jwt_auth(settings(JwtMode::optional), context_);
  ASSERT_EQ(context_.problems().size(), 1U);
  EXPECT_NE(context_.problems()[0].message.find("anonymous"), std::string::npos);
}

TEST_F(JwtAuthTest, is_an_error_of_the_configuration_without_its_keys) {
  JwtAuthSettings broken = settings(JwtMode::strict);
  broken.jwks->text = "{}";
  make_jwt_auth(broken, context_);
  EXPECT_TRUE(schema::has_errors(context_.problems()));
}

TEST(JwtAuthSettings, are_dumped_as_they_were_given) {
  for (const char* text : {
           "{issuer: a, jwks: '{}'}",
           "{issuer: a, jwks: {url: 'https://a.example/jwks', keepFor: 1h}}",
           "{issuer: a, symmetricKey: {value: 0123456789abcdef0123456789abcdef}}",
           "{providers: [{issuer: a, jwks: {file: k}}, {issuer: b, symmetricKey: {file: s}}]}",
       }) {
    const auto none = [](std::string_view) { return std::optional<std::string>(); };
    const auto read = [&](const std::string& source) {
      return schema::read_text<JwtAuthSettings>(yaml::Source{"c.yaml", source}, none);
    };
    const auto given = read(text);
    ASSERT_FALSE(schema::has_errors(given.problems)) << text;
    const std::string dumped = schema::dump(given.value, schema::Show::plain);
    const auto again = read(dumped);
    EXPECT_FALSE(schema::has_errors(again.problems)) << dumped;
    EXPECT_EQ(again.value, given.value) << dumped;
  }
}

}  // namespace
}  // namespace policy
