#pragma once
// An issuer with a key of its own, for this room's tests only.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "auth/mint.h"
#include "auth/verify.h"

namespace auth {

inline constexpr std::chrono::seconds issuer_clock{1'800'000'000};

inline WallTime test_time(std::int64_t seconds_later = 0) {
  return WallTime(issuer_clock + std::chrono::seconds(seconds_later));
}

class TestIssuer {
 public:
  explicit TestIssuer(std::string name = "https://issuer.test",
                      crypto::Algorithm algorithm = crypto::Algorithm::es256)
      : name_(std::move(name)),
        algorithm_(algorithm),
        key_(crypto::PrivateKey::generate(family_of(algorithm)).value()) {}

  const std::string& name() const { return name_; }
  std::string key_set() const { return public_key_set(key_, algorithm_, "key"); }
  std::string jwk(std::string_view id) const { return public_jwk(key_, algorithm_, id); }

  Provider provider() const {
    Provider provider;
    provider.issuer = name_;
    provider.audiences = {"gateway"};
    provider.keys = std::make_shared<const KeySet>(KeySet::parse(key_set()).value());
    return provider;
  }
  Trust trust() const { return Trust({provider()}); }

  // Signs exactly these claims.
  std::string sign(std::string_view claims) const {
    return mint(key_, algorithm_, "key", claims).value();
  }
  std::string sign_with_header(std::string_view header, std::string_view claims) const {
    return mint_with_header(key_, algorithm_, header, claims).value();
  }
  // A good token of that subject that expires at `seconds` after test_time(). `more` is further
  // members, each after a comma.
  std::string token(std::string_view subject, std::int64_t seconds = 3600,
                    std::string_view more = "") const {
    return sign(R"({"iss":")" + name_ + R"(","aud":"gateway","sub":")" + std::string(subject) +
                R"(","exp":)" + std::to_string(issuer_clock.count() + seconds) + std::string(more) +
                "}");
  }

 private:
  static crypto::KeyFamily family_of(crypto::Algorithm algorithm) {
    for (const auto family : {crypto::KeyFamily::rsa, crypto::KeyFamily::p256,
                              crypto::KeyFamily::p384, crypto::KeyFamily::p521}) {
      if (crypto::fits(algorithm, family)) return family;
    }
    return crypto::KeyFamily::ed25519;
  }

  std::string name_;
  crypto::Algorithm algorithm_;
  crypto::PrivateKey key_;
};

}  // namespace auth
