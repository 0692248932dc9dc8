#include "auth/verify.h"

#include <set>

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"
#include "auth/principal.h"

namespace auth {
namespace {

std::string_view name_of(const Verdict& verdict) {
  return verdict ? std::string_view("accept") : auth::name_of(verdict.error());
}

// A token of claims that are good except for the members in `claims`.
std::string_view judged(std::string_view claims, std::int64_t seconds_later = 0) {
  static const TestIssuer issuer;
  return name_of(verify(issuer.sign(claims), issuer.trust(), test_time(seconds_later)));
}

TEST(Verify, accepts_a_good_token_and_gives_its_claims) {
  const TestIssuer issuer;

  const Verdict verdict = verify(issuer.token("alice", 3600, R"(,"n":18446744073709551615)"),
                                 issuer.trust(), test_time());

  ASSERT_TRUE(verdict);
  const Claims& claims = **verdict;
  EXPECT_EQ(claims.issuer(), issuer.name());
  EXPECT_EQ(claims.subject(), "alice");
  EXPECT_EQ(claims.good_until(), test_time(3660));
  EXPECT_EQ(claims.root().find("n")->number_text(), "18446744073709551615");
}

TEST(Verify, works_with_every_algorithm) {
  for (const auto algorithm :
       {crypto::Algorithm::rs256, crypto::Algorithm::rs384, crypto::Algorithm::rs512,
        crypto::Algorithm::ps256, crypto::Algorithm::ps384, crypto::Algorithm::ps512,
        crypto::Algorithm::es256, crypto::Algorithm::es384, crypto::Algorithm::es512,
        crypto::Algorithm::eddsa}) {
    const TestIssuer issuer("https://issuer.test", algorithm);
    EXPECT_EQ(name_of(verify(issuer.token("alice"), issuer.trust(), test_time())), "accept")
        << crypto::name_of(algorithm);
  }
}

TEST(Verify, says_what_is_wrong) {
  struct Case {
    std::string_view claims;
    std::string_view verdict;
  };
  const std::vector<Case> cases{
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000})", "accept"},
      {R"({"iss":"https://issuer.test","aud":["x","gateway"],"exp":1900000000})", "accept"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":1.9e9})", "accept"},
      {"", "claims_not_json"},
      {"[]", "claims_not_json"},
      {R"({"iss":"https://issuer.test","iss":"https://issuer.test"})", "claims_not_json"},
      {R"({"a":{"b":1,"\u0062":2}})", "claims_not_json"},
      {R"({"aud":"gateway","exp":1900000000})", "issuer_missing"},
      {R"({"iss":["https://issuer.test"],"aud":"gateway","exp":1900000000})", "issuer_missing"},
      {R"({"iss":"https://issuer.test/","aud":"gateway","exp":1900000000})", "issuer_unknown"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":"1900000000"})", "time_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":-1})", "time_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":1e400})", "time_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":null})", "time_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":253402300800})", "time_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000,"nbf":1900000001})",
       "time_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000,"iat":"now"})",
       "time_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway"})", "claim_missing"},
      {R"({"iss":"https://issuer.test","exp":1900000000})", "audience_missing"},
      {R"({"iss":"https://issuer.test","aud":[],"exp":1900000000})", "audience_wrong"},
      {R"({"iss":"https://issuer.test","aud":"gateway2","exp":1900000000})", "audience_wrong"},
      {R"({"iss":"https://issuer.test","aud":1,"exp":1900000000})", "audience_malformed"},
      {R"({"iss":"https://issuer.test","aud":["gateway",1],"exp":1900000000})",
       "audience_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000,"sub":7})",
       "subject_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000,"sub":""})",
       "subject_malformed"},
      {R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000,"cnf":{"jkt":"x"}})",
       "proof_missing"},
  };

  for (const Case& one : cases) EXPECT_EQ(judged(one.claims), one.verdict) << one.claims;
}

TEST(Verify, honours_times_with_a_leeway_of_60_seconds) {
  const std::string claims =
      R"({"iss":"https://issuer.test","aud":"gateway","nbf":1800000000,"exp":1800001000})";

  EXPECT_EQ(judged(claims, -61), "not_yet_valid");
  EXPECT_EQ(judged(claims, -60), "accept");
  EXPECT_EQ(judged(claims, 1059), "accept");
  EXPECT_EQ(judged(claims, 1060), "expired");
}

TEST(Verify, survives_deep_and_wide_claims) {
  EXPECT_EQ(judged(R"({"iss":)" + std::string(6000, '[')), "claims_not_json");
  std::string deep = R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000,"x":)";
  deep += std::string(60, '[') + std::string(60, ']') + "}";
  EXPECT_EQ(judged(deep), "accept");
}

TEST(Verify, without_audiences_configured_looks_at_no_audience) {
  const TestIssuer issuer;
  Provider provider = issuer.provider();
  provider.audiences.clear();
  const Trust trust({provider});

  EXPECT_EQ(name_of(verify(issuer.token("alice"), trust, test_time())), "accept");
}

TEST(Verify, asks_for_the_required_claims) {
  const TestIssuer issuer;
  Provider provider = issuer.provider();
  provider.required_claims = {"sub", "scope"};
  const Trust trust({provider});

  const auto verdict = [&](std::string_view claims) {
    return name_of(verify(issuer.sign(claims), trust, test_time()));
  };

  EXPECT_EQ(verdict(R"({"iss":"https://issuer.test","aud":"gateway","sub":"a","scope":"x"})"),
            "accept")
      << "exp is no longer required";
  EXPECT_EQ(verdict(R"({"iss":"https://issuer.test","aud":"gateway","sub":"a"})"), "claim_missing");
  EXPECT_EQ(verdict(R"({"iss":"https://issuer.test","aud":"gateway","sub":"a","scope":null})"),
            "claim_missing");
  EXPECT_EQ(
      verdict(R"({"iss":"https://issuer.test","aud":"gateway","sub":"a","scope":"x","exp":1})"),
      "expired")
      << "but honoured where present";
}

TEST(Verify, accepts_only_the_listed_algorithms) {
  const TestIssuer issuer;
  Provider provider = issuer.provider();

  provider.algorithms = {crypto::Algorithm::rs256, crypto::Algorithm::es256};
  EXPECT_EQ(name_of(verify(issuer.token("a"), Trust({provider}), test_time())), "accept");

  provider.algorithms = {crypto::Algorithm::rs256};
  EXPECT_EQ(name_of(verify(issuer.token("a"), Trust({provider}), test_time())),
            "algorithm_not_accepted");
}

TEST(Verify, judges_a_token_by_the_issuer_it_names_and_no_other) {
  const TestIssuer a("https://a.test");
  const TestIssuer b("https://b.test");  // with the same key id
  Provider for_b = b.provider();
  for_b.audiences = {"other"};
  const Trust trust({a.provider(), for_b});
  const std::string says_b = R"({"iss":"https://b.test","aud":"gateway","exp":1900000000})";

  EXPECT_EQ(name_of(verify(a.token("alice"), trust, test_time())), "accept");
  EXPECT_EQ(name_of(verify(b.sign(says_b), trust, test_time())), "audience_wrong");
  EXPECT_EQ(name_of(verify(a.sign(says_b), trust, test_time())), "signature_wrong");
  EXPECT_EQ(name_of(verify(b.token("alice"), a.trust(), test_time())), "issuer_unknown");
}

TEST(Verify, without_keys_accepts_nothing) {
  const TestIssuer issuer;
  Provider provider = issuer.provider();

  provider.keys = nullptr;
  EXPECT_EQ(name_of(verify(issuer.token("a"), Trust({provider}), test_time())), "keys_missing");
  provider.keys = std::make_shared<const KeySet>(KeySet::parse(R"({"keys":[]})").value());
  EXPECT_EQ(name_of(verify(issuer.token("a"), Trust({provider}), test_time())), "key_unknown");
  EXPECT_EQ(name_of(verify(issuer.token("a"), Trust({}), test_time())), "issuer_unknown");
}

TEST(Verify, without_a_key_id_takes_the_only_key_that_fits) {
  const TestIssuer issuer;
  const TestIssuer other;
  const TestIssuer rsa("https://issuer.test", crypto::Algorithm::rs256);
  const std::string token = issuer.sign_with_header(
      R"({"alg":"ES256"})", R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000})");
  const auto verdict = [&](const std::string& keys) {
    Provider provider = issuer.provider();
    provider.keys =
        std::make_shared<const KeySet>(KeySet::parse(R"({"keys":[)" + keys + "]}").value());
    return name_of(verify(token, Trust({provider}), test_time()));
  };

  EXPECT_EQ(verdict(rsa.jwk("r") + "," + issuer.jwk("e")), "accept");
  EXPECT_EQ(verdict(rsa.jwk("r") + "," + issuer.jwk("")), "accept");
  EXPECT_EQ(verdict(issuer.jwk("1") + "," + other.jwk("2")), "key_ambiguous");
  EXPECT_EQ(verdict(rsa.jwk("r")), "algorithm_not_accepted");
}

// Every byte of a token, changed to every other value.
TEST(Verify, never_accepts_a_token_with_one_byte_changed) {
  for (const auto algorithm : {crypto::Algorithm::es256, crypto::Algorithm::eddsa}) {
    const TestIssuer issuer("https://issuer.test", algorithm);
    const Trust trust = issuer.trust();
    const std::string token = issuer.token("alice");
    TokenFault seen{};

    for (std::size_t i = 0; i < token.size(); ++i) {
      for (int value = 0; value < 256; ++value) {
        std::string altered = token;
        altered[i] = static_cast<char>(value);
        if (altered == token) continue;
        const Verdict verdict = verify(altered, trust, test_time());
        ASSERT_FALSE(verdict) << "byte " << i << " as " << value;
        seen = verdict.error();
      }
    }

    EXPECT_EQ(seen, TokenFault::not_base64url);
  }
}

TEST(Verify, never_accepts_a_token_that_was_cut_or_joined) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice");
  const std::string other = issuer.token("bob");

  for (std::size_t i = 0; i < token.size(); ++i) {
    EXPECT_FALSE(verify(token.substr(0, i), trust, test_time()));
    EXPECT_FALSE(verify(token.substr(i + 1), trust, test_time()));
    EXPECT_FALSE(verify(token.substr(0, i) + token.substr(i + 1), trust, test_time()));
    const std::string mixed = token.substr(0, i) + other.substr(std::min(i, other.size()));
    if (mixed != token && mixed != other) {
      EXPECT_FALSE(verify(mixed, trust, test_time())) << i;
    }
  }
}

TEST(Claims, identify_a_caller_across_tokens) {
  const TestIssuer a("https://a.test");
  const TestIssuer b("https://b.test");
  const auto claims = [&](const TestIssuer& issuer, std::string_view subject, int seconds) {
    return verify(issuer.token(subject, seconds), issuer.trust(), test_time()).value();
  };

  EXPECT_EQ(claims(a, "alice", 10)->identity(), claims(a, "alice", 20)->identity());
  EXPECT_NE(claims(a, "alice", 10)->identity(), claims(a, "alicf", 10)->identity());
  EXPECT_NE(claims(a, "alice", 10)->identity(), claims(b, "alice", 10)->identity());
}

TEST(Claims, without_a_subject_identify_one_token_only) {
  const TestIssuer issuer;
  const auto identity = [&](std::string_view claims) {
    return verify(issuer.sign(claims), issuer.trust(), test_time()).value()->identity();
  };
  const std::string_view one = R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000})";
  const std::string_view two = R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000001})";

  // Two signatures of the same claims are the same token to its bearer.
  EXPECT_EQ(identity(one), identity(one));
  EXPECT_NE(identity(one), identity(two));
}

TEST(Principal, is_anonymous_or_who_the_claims_say) {
  const TestIssuer issuer;
  const Principal nobody;
  const Principal alice(verify(issuer.token("alice"), issuer.trust(), test_time()).value());
  const Principal alice_again(
      verify(issuer.token("alice", 7), issuer.trust(), test_time()).value());
  const Principal bob(verify(issuer.token("bob"), issuer.trust(), test_time()).value());

  EXPECT_TRUE(nobody.is_anonymous());
  EXPECT_EQ(nobody.kind(), Principal::Kind::anonymous);
  EXPECT_EQ(nobody.subject(), std::nullopt);
  EXPECT_EQ(alice.kind(), Principal::Kind::jwt);
  EXPECT_EQ(alice.subject(), "alice");
  EXPECT_EQ(alice.issuer(), issuer.name());
  EXPECT_EQ(alice, alice_again);
  EXPECT_NE(alice, bob);
  EXPECT_NE(alice, nobody);
  EXPECT_EQ(nobody, Principal());
}

std::shared_ptr<const ApiKey> key_named(const std::string& name) {
  return std::make_shared<const ApiKey>(name, "key:" + name, *json::Document::parse("{}"));
}

TEST(Principal, is_all_that_it_has_shown) {
  const TestIssuer issuer;
  const Principal alice(verify(issuer.token("alice"), issuer.trust(), test_time()).value());
  const Principal alice_again(
      verify(issuer.token("alice", 7), issuer.trust(), test_time()).value());
  const Principal bob(verify(issuer.token("bob"), issuer.trust(), test_time()).value());
  const Principal one(key_named("one"));
  const Principal two(key_named("two"));
  const Principal user(std::make_shared<const User>("alice", "realm"));
  const std::vector<std::vector<Principal>> callers = {
      {},           {alice},      {bob},      {one},         {two},       {user},
      {alice, one}, {alice, two}, {bob, one}, {alice, user}, {user, one}, {alice, user, one},
      {alice, bob}, {bob, alice}, {one, two}};
  std::set<std::string> identities;
  for (const auto& shown : callers) {
    Principal caller;
    Principal again;
    for (const Principal& credential : shown) {
      caller.add(credential);
      again.add(credential == alice ? alice_again : credential);
      again.add(credential);  // the same credential, judged twice
    }
    EXPECT_EQ(caller, again) << caller.identity();
    EXPECT_TRUE(identities.insert(std::string(caller.identity())).second) << caller.identity();
  }
  EXPECT_EQ(identities.size(), callers.size());
}

TEST(Principal, says_what_it_has_shown) {
  Principal caller(key_named("one"));
  EXPECT_EQ(caller.kind(), Principal::Kind::api_key);
  caller.add(Principal(std::make_shared<const User>("alice", "realm")));
  EXPECT_EQ(caller.kind(), Principal::Kind::several);
  EXPECT_EQ(caller.api_key()->name(), "one");
  EXPECT_EQ(caller.user()->name(), "alice");
  EXPECT_NE(User("alice", "realm").identity(), User("alice", "other").identity());
}

TEST(Trust, has_a_digest_of_all_that_decides) {
  const TestIssuer issuer;
  const TestIssuer other;
  const Provider same = issuer.provider();
  std::vector<crypto::Sha256> digests{Trust({same}).digest, Trust({}).digest,
                                      Trust({same, same}).digest};
  Provider changed = same;
  changed.issuer += "x";
  digests.push_back(Trust({changed}).digest);
  changed = same;
  changed.leeway = std::chrono::seconds(61);
  digests.push_back(Trust({changed}).digest);
  changed.age_max = std::chrono::seconds(61);
  digests.push_back(Trust({changed}).digest);
  changed.types = {"jwt"};
  digests.push_back(Trust({changed}).digest);
  changed.takes_proofs = true;
  digests.push_back(Trust({changed}).digest);
  for (const auto* list : {"jti a", "jti b"}) {
    changed.revoked = std::make_shared<const Revocations>(Revocations::parse(list).value());
    digests.push_back(Trust({changed}).digest);
  }
  for (const auto* key : {"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdeg"}) {
    changed.secret =
        std::make_shared<const SharedSecret>(SharedSecret::make(crypto::Hash::sha256, key).value());
    digests.push_back(Trust({changed}).digest);
  }
  changed = same;
  changed.audiences = {"gate", "way"};
  digests.push_back(Trust({changed}).digest);
  changed = same;
  changed.required_claims.clear();
  digests.push_back(Trust({changed}).digest);
  changed = same;
  changed.algorithms = {crypto::Algorithm::es256};
  digests.push_back(Trust({changed}).digest);
  changed = same;
  changed.keys = other.provider().keys;
  digests.push_back(Trust({changed}).digest);

  for (std::size_t i = 0; i < digests.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(digests[i], digests[j]) << i << " " << j;
  }
  EXPECT_EQ(Trust({same}).digest, Trust({issuer.provider()}).digest);
}

}  // namespace
}  // namespace auth
