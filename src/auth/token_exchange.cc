#include "auth/token_exchange.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "auth/token.h"
#include "base/base64.h"
#include "base/random.h"
#include "base/text.h"
#include "json/write.h"

namespace auth {
namespace {

using Grant = TokenExchangeSettings::Grant;

constexpr std::size_t answer_size_max = std::size_t{64} * 1024;
// A token is asked for anew after a day, whatever its server says.
constexpr std::int64_t ttl_max = std::int64_t{24} * 60 * 60;
// The backend's clock may be ahead, and the request takes its time.
constexpr std::chrono::seconds leeway_max{30};
// Of an assertion by which the gateway says who it is: it is used at once.
constexpr std::int64_t assertion_seconds = 60;
// The server's clock may be behind.
constexpr std::int64_t assertion_back_dated = 10;

constexpr std::string_view access_token_type = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view jwt_type = "urn:ietf:params:oauth:token-type:jwt";

void append_counted(std::string& text, std::string_view field) {
  text += std::to_string(field.size());
  text += ':';
  text += field;
}

void add_parameter(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form += percent_encode(name) + '=' + percent_encode(value);
}

// What is asked for, without who asks.
std::string form_of(const TokenExchangeSettings& settings, const TokenQuestion& question) {
  std::string form;
  if (settings.grant == Grant::jwt_bearer) {
    add_parameter(form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    add_parameter(form, "assertion", question.subject);
  } else {
    add_parameter(form, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
    add_parameter(form, "subject_token", question.subject);
    add_parameter(form, "subject_token_type", settings.subject_type);
    if (!question.actor.empty()) {
      add_parameter(form, "actor_token", question.actor);
      add_parameter(form, "actor_token_type", settings.actor_type);
    }
    if (!settings.requested_type.empty()) {
      add_parameter(form, "requested_token_type", settings.requested_type);
    }
  }
  for (const std::string& audience : settings.audiences) add_parameter(form, "audience", audience);
  if (!settings.scope.empty()) add_parameter(form, "scope", settings.scope);
  for (const std::string& resource : settings.resources) add_parameter(form, "resource", resource);
  for (const auto& [name, value] : question.more) add_parameter(form, name, value);
  return form;
}

// Anything that can stand in a header.
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= token_size_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// The server's own word for what is wrong (RFC 6749, 5.2; RFC 8693, 2.2.2); empty if it has none
// that could stand in a log.
std::string error_word(std::string answer) {
  const auto document = json::Document::parse(std::move(answer));
  const auto word = document ? document->root().find_string("error") : std::nullopt;
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  if (!word || word->size() > 40 || !std::all_of(word->begin(), word->end(), is_plain)) return "";
  return std::string(*word);
}

// What says of the caller's token, and not of the gateway, that it is no good.
bool is_about_caller(std::string_view word) {
  constexpr std::array<std::string_view, 5> words = {
      "invalid_grant", "invalid_request", "invalid_target", "invalid_scope", "access_denied"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

Error refusal(int status, std::string answer) {
  const std::string word = error_word(std::move(answer));
  std::string why = "the authorization server answered " + std::to_string(status);
  if (!word.empty()) why += " " + word;
  if (status == 400 && is_about_caller(word)) return {Fault::forbidden, std::move(why)};
  const bool is_overloaded = status == 429 || status == 503;
  return {is_overloaded ? Fault::unavailable : Fault::upstream_failed, std::move(why)};
}

// What a failure to ask is for the caller: neither its request was too large, say, nor was it
// forbidden anything.
Error failure(const Error& error) {
  const Fault fault = error.fault();
  const bool is_plain = fault == Fault::unavailable || fault == Fault::timed_out;
  Error outward(is_plain ? fault : Fault::upstream_failed, error.why());
  return std::move(outward).within("asking the authorization server");
}

Error useless(const char* why) {
  return {Fault::upstream_failed, std::string("the authorization server's answer: ") + why};
}

}  // namespace

// What a good answer says.
class TokenExchanger::Granted {
 public:
  std::string token;
  std::chrono::seconds ttl;
};

TokenExchanger::TokenExchanger(TokenExchangeSettings settings)
    : settings_(std::move(settings)),
      given_{settings_.entries_max, {}, {}},
      refused_{settings_.entries_max == 0 ? 0 : refusals_max, {}, {}} {}

crypto::Sha256 TokenExchanger::key_of(const TokenQuestion& question) const {
  std::string text;
  append_counted(text, question.subject);
  append_counted(text, question.actor);
  for (const auto& [name, value] : question.more) {
    append_counted(text, name);
    append_counted(text, value);
  }
  return crypto::sha256(text);
}

Result<> TokenExchanger::sign_for_client(std::string& form, WallTime now) const {
  const TokenClient& client = settings_.client;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  SystemRandom random;
  json::Writer claims;
  claims.begin_object();
  claims.name("iss").string(client.id);
  claims.name("sub").string(client.id);
  claims.name("aud").string(client.audience);
  claims.name("jti").string(base::base64url_encode(random.bytes(16)));
  claims.name("iat").integer(seconds - assertion_back_dated);
  claims.name("exp").integer(seconds + assertion_seconds);
  claims.end_object();
  TRY(const std::string assertion,
      mint(client.key->key, client.key->algorithm, client.key->id, claims.take()));
  add_parameter(form, "client_id", client.id);
  add_parameter(form, "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  add_parameter(form, "client_assertion", assertion);
  return {};
}

Result<http::FetchRequest> TokenExchanger::request_for(const TokenQuestion& question,
                                                       WallTime now) const {
  http::FetchRequest request(settings_.uri, http::AddressOrigin::configuration);
  request.bytes_max = answer_size_max;
  request.form = form_of(settings_, question);
  std::string& form = request.form;
  const TokenClient& client = settings_.client;
  if (client.method == TokenClient::Method::basic) {
    const std::string pair = percent_encode(client.id) + ":" + percent_encode(client.secret);
    request.authorization = "Basic " + base::base64_encode(pair);
  } else if (client.method == TokenClient::Method::post) {
    add_parameter(form, "client_id", client.id);
    if (!client.secret.empty()) add_parameter(form, "client_secret", client.secret);
  } else if (client.method == TokenClient::Method::private_key_jwt) {
    TRY(sign_for_client(form, now));
  }
  return request;
}

// RFC 6749, 5.1, and RFC 8693, 2.2.1.
Result<TokenExchanger::Granted> TokenExchanger::read(std::string answer) const {
  const auto document = json::Document::parse(std::move(answer));
  if (!document) return tl::unexpected(useless("no JSON"));
  const json::Value said = document->root();
  const auto token = said.find_string("access_token");
  if (!token || !is_token(*token)) return tl::unexpected(useless("no `access_token`"));
  const std::string kind = base::to_lower(said.find_string("token_type").value_or(""));
  if (kind != "bearer") return tl::unexpected(useless("the token is no bearer token"));
  if (settings_.grant == Grant::token_exchange) {
    const std::string_view issued = said.find_string("issued_token_type").value_or("");
    const std::string& wanted = settings_.requested_type;
    const bool fits =
        wanted.empty() ? issued == access_token_type || issued == jwt_type : issued == wanted;
    if (!fits) return tl::unexpected(useless("not the `issued_token_type` that is wanted"));
  }
  std::chrono::seconds ttl = settings_.default_ttl;
  if (const auto lifetime = said.find("expires_in"); lifetime && !lifetime->is_null()) {
    const auto seconds = lifetime->as_int();
    if (!seconds || *seconds <= 0) {
      return tl::unexpected(useless("an `expires_in` that is no time"));
    }
    ttl = std::chrono::seconds(std::min(*seconds, ttl_max));
  }
  return Granted{std::string(*token), ttl};
}

Result<TokenExchanger::Held> TokenExchanger::settle(const crypto::Sha256& key, int status,
                                                    std::string answer, WallTime now) const {
  if (status != 200) {
    Error error = refusal(status, std::move(answer));
    settle(key, error, now);
    return tl::unexpected(std::move(error));
  }
  const auto granted = read(std::move(answer));
  Credentials all = settings_.fixed;
  const Result<> added =
      granted ? all.add(settings_.place, granted->token) : tl::unexpected<Error>(granted.error());
  if (!added) {
    Error error(Fault::upstream_failed, added.error().why());
    settle(key, error, now);
    return tl::unexpected(std::move(error));
  }
  auto held = std::make_shared<const Credentials>(std::move(all));
  remember(key, held, now, granted->ttl - std::min(granted->ttl / 5, leeway_max));
  return held;
}

void TokenExchanger::settle(const crypto::Sha256& key, const Error& error, WallTime now) const {
  const bool is_refused = error.fault() == Fault::forbidden;
  remember(key, tl::unexpected(error), now, is_refused ? refused_for : failed_for);
}

std::optional<Result<TokenExchanger::Held>> TokenExchanger::find(const crypto::Sha256& key,
                                                                 WallTime now) const {
  const std::lock_guard lock(mutex_);
  if (auto given = given_.find(key, now)) return given;
  return refused_.find(key, now);
}

void TokenExchanger::remember(const crypto::Sha256& key, Result<Held> outcome, WallTime now,
                              std::chrono::seconds ttl) const {
  const std::lock_guard lock(mutex_);
  given_.remove(key);
  refused_.remove(key);
  Shelf& shelf = outcome ? given_ : refused_;
  shelf.put(Entry{key, std::move(outcome), now, now + ttl});
}

std::size_t TokenExchanger::size() const {
  const std::lock_guard lock(mutex_);
  return given_.order.size() + refused_.order.size();
}

// The digest is as good as random already.
std::size_t TokenExchanger::Spread::operator()(const crypto::Sha256& key) const {
  std::size_t spread = 0;
  std::memcpy(&spread, key.data(), sizeof(spread));
  return spread;
}

std::optional<Result<TokenExchanger::Held>> TokenExchanger::Shelf::find(const crypto::Sha256& key,
                                                                        WallTime now) {
  const auto found = index.find(key);
  if (found == index.end()) return std::nullopt;
  const auto entry = found->second;
  // A clock that was set back says nothing about the time before: ask again.
  if (now < entry->since || now >= entry->until) {
    index.erase(found);
    order.erase(entry);
    return std::nullopt;
  }
  order.splice(order.begin(), order, entry);
  return entry->outcome;
}

void TokenExchanger::Shelf::put(Entry entry) {
  if (max == 0 || entry.until <= entry.since) return;
  while (order.size() >= max) {
    index.erase(order.back().key);
    order.pop_back();
  }
  order.push_front(std::move(entry));
  index.emplace(order.front().key, order.begin());
}

void TokenExchanger::Shelf::remove(const crypto::Sha256& key) {
  const auto found = index.find(key);
  if (found == index.end()) return;
  order.erase(found->second);
  index.erase(found);
}

TokenExchanges::TokenExchanges(Scheduler& scheduler, http::Pool& pool, const Clock& clock)
    : scheduler_(scheduler), pool_(pool), clock_(clock), flying_(scheduler) {}

Task<Result<TokenExchanges::Held>> TokenExchanges::ask(
    std::shared_ptr<const TokenExchanger> exchanger, TokenQuestion question) {
  const Key key(exchanger.get(), exchanger->key_of(question));
  std::shared_ptr<Flight> flight;
  if (const auto found = flights_.find(key); found != flights_.end()) {
    flight = found->second;
  } else if (flights_.size() >= flights_max) {
    co_return failed(Fault::unavailable, "too many tokens are asked for at once");
  } else {
    // A task of its own: whoever asked first may go before the answer comes.
    flight = std::make_shared<Flight>();
    flights_.emplace(key, flight);
    flying_.spawn(fly(std::move(exchanger), std::move(question), flight));
  }
  while (!flight->outcome) {
    co_await flight->over.wait();
  }
  co_return *flight->outcome;
}

// Ends in time, since fetching does.
Task<> TokenExchanges::fly(std::shared_ptr<const TokenExchanger> exchanger, TokenQuestion question,
                           std::shared_ptr<Flight> flight) {
  const crypto::Sha256 key = exchanger->key_of(question);
  Result<http::Response> response = co_await fetch(*exchanger, question);
  Result<std::string> text =
      response ? response->body.take_whole(answer_size_max) : tl::unexpected(response.error());
  if (text) {
    flight->outcome = exchanger->settle(key, response->status, std::move(*text), clock_.wall());
  } else {
    Error error = failure(text.error());
    exchanger->settle(key, error, clock_.wall());
    flight->outcome = tl::unexpected(std::move(error));
  }
  flights_.erase(Key(exchanger.get(), key));
  flight->over.notify_all();
}

Task<Result<http::Response>> TokenExchanges::fetch(const TokenExchanger& exchanger,
                                                   const TokenQuestion& question) {
  const Deadline deadline = Deadline::in(scheduler_.now(), http::fetch_within);
  CO_TRY(http::FetchRequest request, exchanger.request_for(question, clock_.wall()));
  co_return co_await http::fetch(pool_, std::move(request), deadline);
}

}  // namespace auth
