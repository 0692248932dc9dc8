// The verdicts of the Wycheproof vectors on signatures, keys and codes. Payloads here are bytes and
// no claims, so tokens are judged below the claims: parsed, their key chosen, their signature
// verified.

#include <map>

#include <gtest/gtest.h>

#include "auth/detail_corpus.h"
#include "auth/jwks.h"
#include "auth/token.h"
#include "base/base64.h"
#include "crypto/digest.h"
#include "crypto/signature.h"

namespace auth {
namespace {

std::filesystem::path folder() {
  return corpus_folder("wycheproof-jose");
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string hex_member(json::Value test, std::string_view name) {
  return from_hex(*test.find_string(name));
}

// How many tests of a file there were, and how many were taken as good.
struct Count {
  std::size_t tests = 0;
  std::size_t accepted = 0;
};

// Calls judge(group, test) -> bool for every test; compares with what expected(group, test) -> the
// corpus' word says, where "valid" must be accepted, "invalid" refused and "acceptable" may be
// either.
template <class Judge, class Expected>
Count run(std::string_view file, Judge judge, const Expected& expected) {
  Count count;
  const json::Document document = read_json(read_text(folder() / file));
  for (const json::Value group : document.root().find("testGroups")->elements()) {
    for (const json::Value test : group.find("tests")->elements()) {
      const bool accepted = judge(group, test);
      const std::string_view word = expected(group, test);
      if (word != "acceptable") {
        EXPECT_EQ(accepted, word == "valid")
            << file << " " << test.find("tcId")->raw() << " " << test.find("comment")->raw();
      }
      ++count.tests;
      if (accepted) ++count.accepted;
    }
  }
  EXPECT_EQ(count.tests, *document.root().find("numberOfTests")->as_uint()) << file;
  return count;
}

std::string_view result_of(json::Value /*group*/, json::Value test) {
  return *test.find_string("result");
}
std::string_view never_valid(json::Value /*group*/, json::Value /*test*/) {
  return "invalid";
}

// The file of signatures with an empty salt has one with a salt of 32 bytes, invalid there: that is
// what PS256 asks for.
std::string_view valid_as_ps256(json::Value /*group*/, json::Value test) {
  return test.find_string("comment") == "s_len changed to 32" ? "valid" : "invalid";
}

// The key of a group, through the same reader that key sets go through.
std::optional<KeySet> key_set_of(json::Value jwk) {
  std::string text(jwk.raw());
  if (!jwk.find("keys")) text = R"({"keys":[)" + text + "]}";
  auto set = KeySet::parse(text);
  if (!set) return std::nullopt;
  return std::move(*set);
}

std::string rsa_jwk(json::Value group, std::string_view algorithm) {
  const json::Value key = *group.find("publicKey");
  const auto number = [&](std::string_view name) {
    std::string bytes = hex_member(key, name);
    if (bytes.size() > 1 && bytes.front() == '\0') bytes.erase(0, 1);
    return base::base64url_encode(bytes);
  };
  return R"({"kty":"RSA","alg":")" + std::string(algorithm) + R"(","n":")" + number("modulus") +
         R"(","e":")" + number("publicExponent") + R"("})";
}

// From the point as it is written without compression: some groups have no JWK.
std::string ec_jwk(json::Value group, crypto::KeyFamily curve) {
  const std::string point = hex_member(*group.find("publicKey"), "uncompressed");
  const std::size_t size = (point.size() - 1) / 2;
  return R"({"kty":"EC","crv":")" + std::string(crypto::name_of(curve)) + R"(","x":")" +
         base::base64url_encode(point.substr(1, size)) + R"(","y":")" +
         base::base64url_encode(point.substr(1 + size)) + R"("})";
}

// Verifies msg and sig with the group's key under one algorithm.
class Verifier {
 public:
  explicit Verifier(std::string_view algorithm)
      : algorithm_(crypto::algorithm_named(algorithm).value()) {}

  bool operator()(json::Value group, json::Value test) {
    if (group.raw().data() != group_) {
      group_ = group.raw().data();
      keys_ = KeySet::parse(R"({"keys":[)" + jwk(group) + "]}");
    }
    if (!*keys_) return false;
    const auto key = (*keys_)->choose(std::nullopt, algorithm_);
    return key && crypto::verify((*key)->key, algorithm_, hex_member(test, "msg"),
                                 hex_member(test, "sig"));
  }

 private:
  std::string jwk(json::Value group) const {
    if (crypto::fits(algorithm_, crypto::KeyFamily::rsa)) {
      return rsa_jwk(group, crypto::name_of(algorithm_));
    }
    for (const auto curve :
         {crypto::KeyFamily::p256, crypto::KeyFamily::p384, crypto::KeyFamily::p521}) {
      if (crypto::fits(algorithm_, curve)) return ec_jwk(group, curve);
    }
    return std::string(group.find("publicKeyJwk")->raw());
  }

  crypto::Algorithm algorithm_;
  const char* group_ = nullptr;
  std::optional<Result<KeySet>> keys_;
};

struct SignatureFile {
  std::string_view file;
  std::string_view algorithm;
  std::size_t tests;
};

TEST(WycheproofCorpus, signatures_are_judged_as_it_says) {
  SKIP_WITHOUT_CORPUS(folder());
  const std::vector<SignatureFile> files{
      {"ecdsa_secp256r1_sha256_p1363_test.json", "ES256", 204},
      {"ecdsa_secp384r1_sha384_p1363_test.json", "ES384", 226},
      {"ecdsa_secp521r1_sha512_p1363_test.json", "ES512", 256},
      {"ed25519_test.json", "EdDSA", 113},
      {"rsa_signature_2048_sha256_test.json", "RS256", 204},
      {"rsa_signature_2048_sha384_test.json", "RS384", 201},
      {"rsa_signature_2048_sha512_test.json", "RS512", 206},
      {"rsa_signature_3072_sha256_test.json", "RS256", 218},
      {"rsa_signature_4096_sha512_test.json", "RS512", 203},
      {"rsa_pss_2048_sha256_mgf1_32_test.json", "PS256", 94},
      {"rsa_pss_2048_sha384_mgf1_48_test.json", "PS384", 113},
      {"rsa_pss_3072_sha256_mgf1_32_test.json", "PS256", 81},
      {"rsa_pss_4096_sha384_mgf1_48_test.json", "PS384", 118},
      {"rsa_pss_4096_sha512_mgf1_64_test.json", "PS512", 138},
  };

  for (const SignatureFile& file : files) {
    const Count count = run(file.file, Verifier(file.algorithm), result_of);
    EXPECT_EQ(count.tests, file.tests) << file.file;
    EXPECT_GT(count.accepted, 0U) << file.file;
  }
}

// A salt of another length than the hash, MGF1 with another hash, and curves that are not offered:
// refused, however right the signature is.
TEST(WycheproofCorpus, signatures_under_other_parameters_are_all_refused) {
  SKIP_WITHOUT_CORPUS(folder());
  const std::vector<SignatureFile> files{
      {"rsa_pss_2048_sha256_mgf1sha1_20_test.json", "PS256", 86},
      {"ecdsa_secp256k1_sha256_p1363_test.json", "ES256", 205},
      {"ed448_test.json", "EdDSA", 69},
  };

  for (const SignatureFile& file : files) {
    const Count count = run(file.file, Verifier(file.algorithm), never_valid);
    EXPECT_EQ(count.tests, file.tests) << file.file;
  }
  const Count empty_salt =
      run("rsa_pss_2048_sha256_mgf1_0_test.json", Verifier("PS256"), valid_as_ps256);
  EXPECT_EQ(empty_salt.tests, 75U);
  EXPECT_EQ(empty_salt.accepted, 1U);
  EXPECT_FALSE(crypto::algorithm_named("ES256K"));
}

TEST(WycheproofCorpus, message_authentication_codes_are_as_it_says) {
  SKIP_WITHOUT_CORPUS(folder());
  const std::vector<std::tuple<std::string_view, crypto::Hash, std::size_t>> files{
      {"hmac_sha256_test.json", crypto::Hash::sha256, 143},
      {"hmac_sha384_test.json", crypto::Hash::sha384, 136},
      {"hmac_sha512_test.json", crypto::Hash::sha512, 133},
  };

  for (const auto& [file, hash, tests] : files) {
    const auto judge = [algorithm = hash](json::Value group, json::Value test) {
      const std::string code =
          crypto::hmac(algorithm, hex_member(test, "key"), hex_member(test, "msg"));
      const std::size_t size = *group.find("tagSize")->as_uint() / 8;  // some groups cut the code
      return crypto::equal_in_constant_time(code.substr(0, size), hex_member(test, "tag"));
    };
    EXPECT_EQ(run(file, judge, result_of).tests, tests) << file;
  }
}

// The public key where there is one; shared secrets stand only under "private".
json::Value keys_of(json::Value group) {
  if (const auto key = group.find("public")) return *key;
  return *group.find("private");
}

bool is_symmetric(json::Value key) {
  if (const auto keys = key.find("keys")) {
    for (const json::Value one : keys->elements()) {
      if (is_symmetric(one)) return true;
    }
  }
  return key.find_string("kty") == "oct";
}

// "jws" or "jwe"; what stands there is no text where the serialization is not the compact one.
std::string token_text(json::Value test) {
  for (const std::string_view name : {"jws", "jwe"}) {
    const auto token = test.find(name);
    if (token) return std::string(token->as_string().value_or(token->raw()));
  }
  ADD_FAILURE() << "a test without a token";
  return {};
}

// The one shared secret, as an operator would configure it.
std::optional<SharedSecret> secret_of(json::Value key) {
  if (key.find_string("kty") != "oct") return std::nullopt;
  const auto hash = mac_named(key.find_string("alg").value_or(""));
  if (!hash) return std::nullopt;
  const auto bytes = base::base64url_decode(key.find_string("k").value_or(""));
  auto secret = SharedSecret::make(*hash, bytes.value_or(""));
  if (!secret) return std::nullopt;
  return std::move(*secret);
}

bool is_good_token(json::Value group, json::Value test) {
  const auto token = UnverifiedToken::parse(token_text(test));
  if (!token) return false;
  if (const auto secret = secret_of(keys_of(group))) return token->signed_by(*secret);
  const auto keys = key_set_of(keys_of(group));
  if (!keys || !token->algorithm()) return false;
  const auto key = keys->choose(token->key_id(), *token->algorithm());
  return key && token->signed_by((*key)->key);
}

// Where the corpus' own word cannot hold for a gateway that knows public keys only.
std::string_view expected_of_tokens(json::Value group, json::Value test) {
  const json::Value key = keys_of(group);
  // A shared secret in a key set is refused; one that stands alone is configured as what it is.
  if (is_symmetric(key) && !secret_of(key)) return "invalid";
  // RFC 7518, 3.1 has ES512 and no ES521; a name that is not known does not mean "any".
  if (key.find_string("alg") == "ES521") return "invalid";
  // The key says PS256 and the token PS384. RFC 7517, 4.4: `alg` is the algorithm the key is for.
  if (key.find_string("alg") == "PS256" && test.find("tcId")->as_int() == 350) return "invalid";
  return *test.find_string("result");
}

TEST(WycheproofCorpus, compact_tokens_are_judged_as_it_says) {
  SKIP_WITHOUT_CORPUS(folder());

  const Count signatures = run("json_web_signature_test.json", is_good_token, expected_of_tokens);
  const Count keys = run("json_web_key_test.json", is_good_token, expected_of_tokens);

  EXPECT_EQ(signatures.tests, 327U);
  // 41 are valid, less 6 whose shared secret is all zeros, which nobody is let configure, and 3 for
  // the name of their algorithm.
  EXPECT_EQ(signatures.accepted, 32U);
  EXPECT_EQ(keys.tests, 20U);
  EXPECT_EQ(keys.accepted, 1U);
}

// The three signatures above that are refused for the algorithm their key names are right
// otherwise.
TEST(WycheproofCorpus, keys_with_a_wrong_algorithm_name_are_refused_for_that_alone) {
  SKIP_WITHOUT_CORPUS(folder());
  const json::Document document = read_json(read_text(folder() / "json_web_signature_test.json"));
  std::size_t count = 0;

  for (const json::Value group : document.root().find("testGroups")->elements()) {
    for (const json::Value test : group.find("tests")->elements()) {
      const std::int64_t id = *test.find("tcId")->as_int();
      if (id != 347 && id != 350 && id != 351) continue;
      std::string jwk(keys_of(group).raw());
      const std::string name(*keys_of(group).find_string("alg"));
      jwk.replace(jwk.find(name), name.size(), id == 350 ? "PS384" : "ES512");
      const KeySet keys = KeySet::parse(R"({"keys":[)" + jwk + "]}").value();
      const auto token = UnverifiedToken::parse(token_text(test)).value();
      EXPECT_TRUE(token.signed_by(keys.keys().front().key)) << id;
      ++count;
    }
  }

  EXPECT_EQ(count, 3U);
}

// Encrypted tokens are refused by their form, before any key is derived or anything inflated; of
// the mixed file only the signed ones remain, less one with shared secrets in a key set.
TEST(WycheproofCorpus, encrypted_tokens_are_all_refused) {
  SKIP_WITHOUT_CORPUS(folder());
  const auto expected = [](json::Value group, json::Value test) {
    return test.find("jwe") ? std::string_view("invalid") : expected_of_tokens(group, test);
  };

  const Count encryption = run("json_web_encryption_test.json", is_good_token, never_valid);
  const Count mixed = run("json_web_crypto_test.json", is_good_token, expected);

  EXPECT_EQ(encryption.tests, 113U);
  EXPECT_EQ(mixed.tests, 65U);
  EXPECT_EQ(mixed.accepted, 3U);
}

TEST(WycheproofCorpus, has_all_its_files) {
  SKIP_WITHOUT_CORPUS(folder());
  std::size_t files = 0;
  std::uint64_t tests = 0;

  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() != ".json") continue;
    ++files;
    tests += *read_json(read_text(entry.path())).root().find("numberOfTests")->as_uint();
  }

  EXPECT_EQ(files, 25U);
  EXPECT_EQ(tests, 3747U);
}

}  // namespace
}  // namespace auth
