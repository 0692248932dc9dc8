#include "policy/api_key.h"

#include "auth/api_keys.h"
#include "auth/bearer.h"
#include "policy/lockout.h"

namespace policy {

std::vector<std::string> spellings(ApiKeyMode) {
  return {"strict", "optional", "permissive"};
}

void describe(schema::Object<ApiKeySettings>& o) {
  o.field("key", &ApiKeySettings::key, "The key.").secret();
  o.field(
       "keyHash", &ApiKeySettings::key_hash,
       "`sha256:` and the SHA-256 of the key in hexadecimal, so that the key is not in the file.")
      .check([](const std::optional<std::string>& hash) -> std::string {
        return auth::read_key_hash(*hash) ? "" : "expected `sha256:` and 64 hexadecimal digits";
      });
  o.field("metadata", &ApiKeySettings::metadata,
          "A map that rules see as `apiKey`. Its `name` is what the access log calls the key.")
      .check([](const std::optional<schema::Raw>& metadata) -> std::string {
        return metadata->node.is_mapping() ? "" : "expected a map";
      });
  o.not_supported("allowedModels", "Language models that the key may use.");
  o.exactly_one_of({"key", "keyHash"});
  o.check("key", [](const ApiKeySettings& s) -> std::string {
    return s.key && s.key->empty() ? "an empty key lets everybody in" : "";
  });
}

void describe(schema::Object<ApiKeyAuthSettings>& o) {
  o.doc("Knows callers by keys; a key's metadata is `apiKey` in rules.");
  o.field("mode", &ApiKeyAuthSettings::mode,
          "`strict`: one of the keys or 401. `optional`: no key is anonymous, a wrong one is 401. "
          "`permissive`: a wrong one is anonymous, too.");
  o.field("keys", &ApiKeyAuthSettings::keys, "The keys.").required();
  o.field("location", &ApiKeyAuthSettings::location,
          "Where the key is. Not given: in `Authorization`, after `Bearer `.");
}

namespace {

class ApiKeyAuth final : public Policy {
 public:
  ApiKeyAuth(ApiKeyMode mode, auth::ApiKeys keys, CredentialPlace place)
      : mode_(mode), keys_(std::move(keys)), place_(std::move(place)) {}

  Verdict decide(Exchange& exchange) const override {
    const auth::Credential found = place_.read(exchange);
    if (found.kind == Kind::none) return absent(exchange);
    if (found.kind == Kind::other_scheme) {
      place_.withhold(exchange, found);
      return absent(exchange);
    }
    const auto* key = found.kind == Kind::found ? keys_.find(found.value) : nullptr;
    if (!was_shown_before(exchange, key)) {
      if (auto verdict = lock_out(exchange, found)) return std::move(*verdict);
    }
    if (key == nullptr) return wrong(exchange, found);
    if (exchange.last_key != nullptr) *exchange.last_key = (*key)->identity();
    place_.remove(exchange, found);
    exchange.identify(auth::Principal(*key));
    return pass;
  }

 private:
  using Kind = auth::Credential::Kind;

  Verdict absent(Exchange& exchange) const {
    if (mode_ != ApiKeyMode::strict) return pass;
    return refuse(exchange, "no key", "no API Key found");
  }

  // On this connection, so that its caller need not suffer for what others of that address did.
  static bool was_shown_before(const Exchange& exchange,
                               const std::shared_ptr<const auth::ApiKey>* key) {
    return key != nullptr && exchange.last_key != nullptr &&
           *exchange.last_key == (*key)->identity();
  }

  std::optional<Verdict> lock_out(Exchange& exchange, const auth::Credential& found) const {
    if (!locked_for(exchange)) return std::nullopt;
    // Where a wrong key would pass, one that is not judged does, too: as nobody's.
    if (mode_ == ApiKeyMode::permissive) {
      place_.withhold(exchange, found);
      return Verdict(pass);
    }
    auto answer = locked_out(exchange);
    if (!answer) return std::nullopt;
    return Verdict(std::move(*answer));
  }

  Verdict wrong(Exchange& exchange, const auth::Credential& found) const {
    place_.withhold(exchange, found);
    if (mode_ == ApiKeyMode::permissive) {
      note_doubt(exchange);
      return pass;
    }
    note_failure(exchange);
    return refuse(exchange, "unknown key", "invalid credentials");
  }

  Verdict refuse(Exchange& exchange, std::string_view why, std::string_view text) const {
    exchange.record.reason = Reason::api_key;
    exchange.record.error = std::string(why);
    http::Response response(401, "text/plain; charset=utf-8",
                            "api key authentication failure: " + std::string(text));
    const bool is_bearer = !place_.is_expression() && place_.location() == auth::Location::bearer();
    // RFC 9110, 15.5.2 demands a challenge; there is no registered scheme for keys.
    response.headers.set("www-authenticate",
                         is_bearer ? auth::write_challenge(auth::Challenge()) : "ApiKey");
    return response;
  }

  ApiKeyMode mode_;
  auth::ApiKeys keys_;
  CredentialPlace place_;
};

// What rules see as `apiKey`: the metadata, and the key as a word.
Result<json::Document> metadata_of(const ApiKeySettings& settings) {
  json::Writer writer;
  writer.begin_object();
  writer.name("key");
  writer.string(schema::redacted_text);
  if (settings.metadata) {
    for (const yaml::Pair& member : settings.metadata->node.members) {
      if (member.key.text == "key") continue;
      writer.name(member.key.text);
      schema::write_node(member.value, writer);
    }
  }
  writer.end_object();
  return json::Document::parse(writer.take());
}

// Never made of the key itself: a name stands in logs.
std::string name_of(const json::Document& metadata, std::size_t index) {
  for (const std::string_view member : {"name", "id"}) {
    const auto name = metadata.root().find_string(member);
    if (name && !name->empty()) return std::string(*name);
  }
  return "keys[" + std::to_string(index) + "]";
}

constexpr std::size_t guessable_size = 16;

}  // namespace

std::unique_ptr<const Policy> make_api_key_auth(const ApiKeyAuthSettings& settings,
                                                BuildContext& context) {
  SystemRandom random;
  auth::ApiKeys keys(random);
  for (std::size_t i = 0; i < settings.keys.size(); ++i) {
    const ApiKeySettings& one = *settings.keys[i];
    const BuildContext::Scope scope(context, "keys[" + std::to_string(i) + "]",
                                    settings.keys[i].place);
    const crypto::Sha256 digest =
        one.key ? crypto::sha256(*one.key) : auth::read_key_hash(*one.key_hash).value();
    if (one.key && one.key->size() < guessable_size) {
      context.warn("a key of less than 16 characters can be guessed");
    }
    Result<json::Document> metadata = metadata_of(one);
    if (!metadata) {
      context.fail("metadata: " + metadata.error().why());
      continue;
    }
    std::string name = name_of(*metadata, i);
    const auto key = std::make_shared<const auth::ApiKey>(
        std::move(name), auth::identity_of_key(digest), std::move(*metadata));
    if (!keys.add(digest, key)) context.fail("the same key stands twice: it would be one caller");
  }
  if (settings.keys.empty()) context.warn("there are no keys: nobody is known by one");
  CredentialPlace place = make_place(settings.location, auth::Location::bearer(), context);
  if (settings.mode != ApiKeyMode::strict) {
    context.warn(settings.mode == ApiKeyMode::optional
                     ? "apiKey mode is `optional` (the default): callers without a key are let in "
                       "as anonymous; set `mode: strict` to refuse them"
                     : "apiKey mode is `permissive`: callers without a valid key are let in as "
                       "anonymous");
  }
  return std::make_unique<ApiKeyAuth>(settings.mode, std::move(keys), std::move(place));
}

}  // namespace policy
