#include "policy/token_options.h"

#include "base/base64.h"
#include "base/text.h"

namespace policy {
namespace {

constexpr std::chrono::seconds leeway_max{300};

// As tokens have it (auth/token.h).
std::string short_type(const std::string& type) {
  constexpr std::string_view prefix = "application/";
  const std::string text = base::to_lower(type);
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

Result<> check_secret_file(std::string_view text) {
  constexpr std::size_t size_max = 8192;
  if (text.size() > size_max) return failed(Fault::too_large, "too large for a key");
  return {};
}

crypto::Hash hash_of(MacAlgorithm algorithm) {
  switch (algorithm) {
    case MacAlgorithm::hs256:
      return crypto::Hash::sha256;
    case MacAlgorithm::hs384:
      return crypto::Hash::sha384;
    case MacAlgorithm::hs512:
      break;
  }
  return crypto::Hash::sha512;
}

Result<std::string> bytes_of(std::string_view text, SecretEncoding encoding) {
  if (encoding == SecretEncoding::text) return std::string(text);
  auto bytes = encoding == SecretEncoding::base64
                   ? base::base64_decode(text, base::Padding::optional)
                   : base::base64url_decode(text);
  if (bytes) return std::move(*bytes);
  return failed(Fault::bad_request,
                "the key is not in the encoding that `encoding` names (which is " +
                    spellings(encoding)[static_cast<std::size_t>(encoding)] + ")");
}

// Editors end a file with a line break, which is not part of the key.
std::string_view without_line_break(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

void describe(schema::Object<JwtValidationSettings>& o) {
  o.field("requiredClaims", &JwtValidationSettings::required_claims,
          "Claims that must be there. `exp` and `nbf` are honoured wherever they are.");
  o.field("leeway", &JwtValidationSettings::leeway,
          "How far the clocks of issuer and gateway may differ; at most 5m.")
      .check([](const std::chrono::seconds& leeway) {
        return leeway <= leeway_max ? std::string() : "at most 5m";
      });
  o.field("maxAge", &JwtValidationSettings::age_max,
          "How old a token may be, whatever its `exp`. `iat` must be there then.")
      .check([](const std::optional<std::chrono::seconds>& age) {
        return age && age->count() < 1 ? "at least 1s" : std::string();
      });
  o.field("types", &JwtValidationSettings::types,
          "Accepted `typ` of the header, without `application/`. Not given: `JWT`, `at+jwt` and "
          "tokens without `typ`; given: one of these must be there.");
  o.field("algorithms", &JwtValidationSettings::algorithms,
          "Accepted signature algorithms. Not given: all that fit the issuer's keys.")
      .check([](const std::vector<std::string>& names) -> std::string {
        for (const std::string& name : names) {
          if (auth::mac_named(name)) return "`" + name + "` needs `symmetricKey`";
          if (!crypto::algorithm_named(name)) {
            return "`" + name +
                   "` is no algorithm that is known here: RS256, RS384, RS512, PS256, PS384, "
                   "PS512, "
                   "ES256, ES384, ES512, EdDSA";
          }
        }
        return "";
      });
}

std::vector<std::string> spellings(MacAlgorithm) {
  return {"HS256", "HS384", "HS512"};
}

std::vector<std::string> spellings(SecretEncoding) {
  return {"text", "base64", "base64url"};
}

void describe(schema::Object<SymmetricKeySettings>& o) {
  o.doc(
      "A key that issuer and gateway share. Whoever knows it can make tokens: prefer a key set. At "
      "least as long as the hash, so 32, 48 or 64 bytes.");
  o.field("value", &SymmetricKeySettings::value,
          "The key; `${NAME}` takes it from the environment.")
      .secret();
  o.field("file", &SymmetricKeySettings::file,
          "Path of a file that holds the key; read again when it changes.");
  o.field("encoding", &SymmetricKeySettings::encoding, "How the key is written.");
  o.field("algorithm", &SymmetricKeySettings::algorithm, "The only one it is used with.");
  o.exactly_one_of({"value", "file"});
}

void describe(schema::Object<RevocationSettings>& o) {
  o.doc("Tokens and callers that are refused although their tokens are good.");
  o.field(
       "file", &RevocationSettings::file,
       "Path of a list, one entry a line: `jti ID` or `sub NAME`, then optionally `until TIME` or "
       "`before TIME`. Read again when it changes.")
      .required();
}

void apply(const JwtValidationSettings& settings, auth::Provider& provider) {
  provider.required_claims = settings.required_claims;
  provider.leeway = settings.leeway;
  provider.age_max = settings.age_max;
  provider.types.clear();
  for (const std::string& type : settings.types) provider.types.push_back(short_type(type));
  provider.algorithms.clear();
  for (const std::string& name : settings.algorithms) {
    if (const auto algorithm = crypto::algorithm_named(name)) {
      provider.algorithms.push_back(*algorithm);
    }
  }
}

void apply(const SymmetricKeySettings& settings, auth::Provider& provider, BuildContext& context) {
  const std::string what = "symmetricKey of issuer `" + provider.issuer + "`";
  std::string text = settings.value.value_or("");
  if (settings.file) {
    const auto loaded = context.load_file(*settings.file, what, &check_secret_file);
    if (!loaded) return;
    text = without_line_break(*loaded);
  }
  auto bytes = bytes_of(text, settings.encoding);
  if (!bytes) return context.fail(what + ": " + bytes.error().why());
  auto secret = auth::SharedSecret::make(hash_of(settings.algorithm), std::move(*bytes));
  if (!secret) return context.fail(what + ": " + secret.error().why());
  provider.secret = std::make_shared<const auth::SharedSecret>(std::move(*secret));
}

void apply(const RevocationSettings& settings, auth::Provider& provider, BuildContext& context) {
  const std::string what = "revocation of issuer `" + provider.issuer + "`";
  const auto loaded = context.load_file(settings.file, what, &auth::check_revocations);
  if (!loaded) return;
  auto list = auth::Revocations::parse(*loaded);
  if (!list) return context.fail(what + ": " + list.error().why());
  provider.revoked = std::make_shared<const auth::Revocations>(std::move(*list));
}

}  // namespace policy
