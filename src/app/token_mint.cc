#include <charconv>
#include <ostream>

#include "app/configuration.h"
#include "app/token_command.h"
#include "auth/mint.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/random.h"
#include "json/write.h"

namespace app {
namespace {

constexpr std::int64_t time_to_live_default = 900;
constexpr std::int64_t time_to_live_max = std::int64_t{100} * 365 * 86'400;

Result<std::int64_t> seconds_of(std::string_view text) {
  std::int64_t count = 0;
  const auto read = std::from_chars(text.begin(), text.end(), count);
  const std::string_view unit(read.ptr, static_cast<std::size_t>(text.end() - read.ptr));
  std::int64_t size = 0;
  if (unit == "s") size = 1;
  if (unit == "m") size = 60;
  if (unit == "h") size = 3600;
  if (unit == "d") size = 86'400;
  if (read.ec != std::errc() || size == 0 || count <= 0 || count > time_to_live_max / size) {
    return failed(Fault::bad_request, "--ttl: a time like 90s, 15m, 8h or 30d");
  }
  return count * size;
}

// One claim as JSON text.
struct Claim {
  std::string name;
  std::string json;
};

// Claims in the order in which they were given; a later one takes the place of an earlier one.
class ClaimSet {
 public:
  void put(std::string name, std::string json) {
    for (Claim& claim : claims_) {
      if (claim.name != name) continue;
      claim.json = std::move(json);
      return;
    }
    claims_.push_back(Claim{std::move(name), std::move(json)});
  }
  void put_if_missing(std::string name, std::string json) {
    for (const Claim& claim : claims_) {
      if (claim.name == name) return;
    }
    put(std::move(name), std::move(json));
  }
  std::string text() const {
    json::Writer writer;
    writer.begin_object();
    for (const Claim& claim : claims_) writer.name(claim.name).raw(claim.json);
    writer.end_object();
    return writer.take();
  }

 private:
  std::vector<Claim> claims_;
};

Result<> read_object(const std::string& text, ClaimSet& claims) {
  const auto document = json::Document::parse(text);
  if (!document || !document->root().is_object()) {
    return failed(Fault::bad_request, "--claims must be a JSON object" +
                                          (document ? "" : ": " + document.error().why()));
  }
  for (const json::Member& member : document->root().members()) {
    claims.put(std::string(member.name), std::string(member.value.raw()));
  }
  return {};
}

Result<> read_claim(std::string_view text, ClaimSet& claims) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return failed(Fault::bad_request, "--claim: NAME=TEXT or NAME:=JSON");
  }
  const std::string_view value = text.substr(equals + 1);
  if (text[equals - 1] != ':') {
    claims.put(std::string(text.substr(0, equals)), json::quoted(value));
    return {};
  }
  const std::string name(text.substr(0, equals - 1));
  const auto document = json::Document::parse(std::string(value));
  if (!document) {
    return failed(Fault::bad_request, "--claim " + name + ": " + document.error().why() +
                                          " (NAME=TEXT gives text, NAME:=JSON is JSON)");
  }
  claims.put(name, std::string(document->root().raw()));
  return {};
}

Result<std::string> claims_of(const TokenOptions& options) {
  ClaimSet claims;
  if (options.claims) TRY(read_object(*options.claims, claims));
  for (const std::string& claim : options.claim) TRY(read_claim(claim, claims));
  std::int64_t time_to_live = time_to_live_default;
  if (options.time_to_live) {
    TRY(time_to_live, seconds_of(*options.time_to_live));
  }
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(SystemClock().wall().time_since_epoch())
          .count();
  SystemRandom random;
  claims.put_if_missing("iat", std::to_string(now));
  claims.put_if_missing("exp", std::to_string(now + time_to_live));
  claims.put_if_missing("jti", json::quoted(base::base64url_encode(random.bytes(16))));
  return claims.text();
}

Result<std::string> mint(const TokenOptions& options) {
  const std::string path = options.key.value_or("-");
  TRY(const std::string text, read_whole(path));
  auto key = auth::read_signing_key(text);
  if (!key) return tl::unexpected(std::move(key).error().within("key " + path));
  if (options.algorithm) {
    const auto algorithm = crypto::algorithm_named(*options.algorithm);
    if (!algorithm) return failed(Fault::bad_request, "--alg: no such algorithm");
    key->algorithm = *algorithm;
  }
  TRY(const std::string claims, claims_of(options));
  return auth::mint(key->key, key->algorithm, options.key_id.value_or(key->id), claims);
}

}  // namespace

int run_token_mint(const TokenOptions& options, std::ostream& out, std::ostream& err) {
  const Result<std::string> token = mint(options);
  if (!token) {
    err << "agentgateway: " << token.error().why() << '\n';
    return exit_failed;
  }
  out << *token << '\n';
  return exit_fine;
}

}  // namespace app
