#include "auth/introspection.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/base64.h"

namespace auth {
namespace {

constexpr std::size_t answer_size_max = std::size_t{64} * 1024;
// The clocks of issuer and gateway may differ so much about `nbf`.
constexpr std::chrono::seconds leeway{60};
// The end of the year 9999, as in verify().
constexpr double time_max = 253'402'300'799.0;

using Check = std::optional<TokenFault>;

void append(std::string& text, std::string_view field) {
  text += std::to_string(field.size());
  text += ':';
  text += field;
}

crypto::Sha256 digest_of(const IntrospectionSettings& settings) {
  std::string text;
  append(text, settings.uri.text());
  append(text, settings.client_id);
  append(text, settings.client_secret);
  append(text, settings.issuer);
  for (const std::string& audience : settings.audiences) append(text, audience);
  return crypto::sha256(text);
}

// Nothing if there is none. A time that is no time makes the token bad.
tl::expected<std::optional<WallTime>, TokenFault> time_of(json::Value said, std::string_view name) {
  const auto value = said.find(name);
  if (!value || value->is_null()) return std::nullopt;
  const auto number = value->as_double();
  if (!number || !std::isfinite(*number) || *number < 0 || *number > time_max) {
    return tl::unexpected(TokenFault::time_malformed);
  }
  // The clock's range ends before the year 9999.
  constexpr auto last =
      std::chrono::duration_cast<std::chrono::duration<double>>(WallTime::max().time_since_epoch());
  if (*number >= last.count()) return WallTime::max();
  return WallTime(
      std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>(*number)));
}

Check check_audience(json::Value said, const std::vector<std::string>& audiences) {
  if (audiences.empty()) return std::nullopt;
  const auto is_ours = [&](std::optional<std::string_view> audience) {
    return audience && std::find(audiences.begin(), audiences.end(), *audience) != audiences.end();
  };
  const auto audience = said.find("aud");
  if (!audience || audience->is_null()) return TokenFault::audience_missing;
  bool matches = is_ours(audience->as_string());
  for (const json::Value one : audience->elements()) matches = matches || is_ours(one.as_string());
  if (!matches) return TokenFault::audience_wrong;
  return std::nullopt;
}

Check check_claims(json::Value said, const IntrospectionSettings& settings) {
  if (!settings.issuer.empty() && said.find_string("iss") != settings.issuer) {
    return TokenFault::issuer_unknown;
  }
  if (const Check wrong = check_audience(said, settings.audiences)) return wrong;
  if (said.find("sub") && said.find_string("sub").value_or("").empty()) {
    return TokenFault::subject_malformed;
  }
  // Bound to a key that nobody has proved to hold (RFC 7800, RFC 9449, 6.2).
  const bool is_bearer = said.find_string("token_type").value_or("") != "DPoP";
  if (said.find("cnf") || !is_bearer) return TokenFault::proof_missing;
  return std::nullopt;
}

}  // namespace

Introspector::Introspector(IntrospectionSettings settings)
    : settings_(std::move(settings)), digest_(digest_of(settings_)) {}

crypto::Sha256 Introspector::key_of(std::string_view token) const {
  return crypto::sha256(crypto::view_of(digest_), token);
}

http::FetchRequest Introspector::request_for(std::string_view token) const {
  http::FetchRequest request(settings_.uri, http::AddressOrigin::configuration);
  request.bytes_max = answer_size_max;
  request.form = "token=" + percent_encode(token) + "&token_type_hint=access_token";
  const std::string id = percent_encode(settings_.client_id);
  const std::string secret = percent_encode(settings_.client_secret);
  if (settings_.posts_secret) {
    request.form += "&client_id=" + id + "&client_secret=" + secret;
  } else if (!id.empty()) {
    request.authorization = "Basic " + base::base64_encode(id + ":" + secret);
  }
  return request;
}

Result<Verdict> Introspector::judge(std::string answer, std::string_view token,
                                    WallTime now) const {
  auto document = json::Document::parse(std::move(answer));
  const auto active = document ? document->root().find("active") : std::nullopt;
  const auto is_active = active ? active->as_bool() : std::nullopt;
  if (!is_active) return failed(Fault::upstream_failed, "no answer of token introspection");
  if (!*is_active) return tl::unexpected(TokenFault::inactive);
  const json::Value said = document->root();
  const auto until = time_of(said, "exp");
  const auto from = time_of(said, "nbf");
  if (!until || !from) return tl::unexpected(TokenFault::time_malformed);
  if (*until && **until <= now) return tl::unexpected(TokenFault::expired);
  if (*from && **from > now + leeway) return tl::unexpected(TokenFault::not_yet_valid);
  if (const Check wrong = check_claims(said, settings_)) return tl::unexpected(*wrong);
  // make_shared cannot reach the private constructor.
  std::shared_ptr<Claims> claims(new Claims(std::move(*document)));
  const json::Value root = claims->root();
  claims->issuer_ = std::string(root.find_string("iss").value_or(""));
  if (const auto subject = root.find_string("sub")) claims->subject_.emplace(*subject);
  claims->good_until_ = until->value_or(WallTime::max());
  std::string who;
  append(who, settings_.uri.text());
  append(who, claims->issuer_);
  append(who, claims->subject_ ? "subject" : "token");
  append(who, claims->subject_ ? std::string_view(*claims->subject_) : token);
  claims->identity_ =
      "introspected:" + base::base64url_encode(crypto::view_of(crypto::sha256(who)));
  return Verdict(std::shared_ptr<const Claims>(std::move(claims)));
}

// The digest is as good as random already.
std::size_t Introspections::Spread::operator()(const crypto::Sha256& key) const {
  std::size_t spread = 0;
  std::memcpy(&spread, key.data(), sizeof(spread));
  return spread;
}

Introspections::Introspections(Scheduler& scheduler, http::Pool& pool, const Clock& clock)
    : scheduler_(scheduler), pool_(pool), clock_(clock), flying_(scheduler) {}

const Verdict* Introspections::find(const Introspector& introspector, std::string_view token,
                                    WallTime now) {
  const auto found = index_.find(introspector.key_of(token));
  if (found == index_.end()) return nullptr;
  const auto entry = found->second;
  // A clock that was set back says nothing about the time before: ask again.
  if (now < entry->since || now >= entry->until) {
    index_.erase(found);
    order_.erase(entry);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, entry);
  return &entry->verdict;
}

void Introspections::remember(const Introspector& introspector, const crypto::Sha256& key,
                              const Verdict& verdict) {
  const IntrospectionSettings& settings = introspector.settings();
  const WallTime now = clock_.wall();
  WallTime until = now + (verdict ? settings.active_for : settings.inactive_for);
  if (verdict) until = std::min(until, (*verdict)->good_until());
  if (until <= now || settings.entries_max == 0) return;
  if (const auto old = index_.find(key); old != index_.end()) {
    order_.erase(old->second);
    index_.erase(old);
  }
  while (order_.size() >= settings.entries_max) {
    index_.erase(order_.back().key);
    order_.pop_back();
  }
  order_.push_front(Entry{key, verdict, now, until});
  index_.emplace(key, order_.begin());
}

Task<Result<Verdict>> Introspections::ask(std::shared_ptr<const Introspector> introspector,
                                          std::string token) {
  const crypto::Sha256 key = introspector->key_of(token);
  std::shared_ptr<Flight> flight;
  if (const auto found = flights_.find(key); found != flights_.end()) {
    flight = found->second;
  } else if (flights_.size() >= flights_max) {
    co_return failed(Fault::too_many, "too many tokens are asked about at once");
  } else {
    // A task of its own: whoever asked first may go before the answer comes.
    flight = std::make_shared<Flight>();
    flights_.emplace(key, flight);
    flying_.spawn(fly(std::move(introspector), std::move(token), flight));
  }
  while (!flight->outcome) {
    co_await flight->over.wait();
  }
  co_return *flight->outcome;
}

// Ends in time, since fetching does.
Task<> Introspections::fly(std::shared_ptr<const Introspector> introspector, std::string token,
                           std::shared_ptr<Flight> flight) {
  const crypto::Sha256 key = introspector->key_of(token);
  Result<Verdict> outcome = co_await fetch(*introspector, token);
  if (outcome) remember(*introspector, key, *outcome);
  flight->outcome = std::move(outcome);
  flights_.erase(key);
  flight->over.notify_all();
}

Task<Result<Verdict>> Introspections::fetch(const Introspector& introspector,
                                            std::string_view token) {
  const Deadline deadline = Deadline::in(scheduler_.now(), http::fetch_within);
  CO_TRY(http::Response response,
         co_await http::fetch_json(pool_, introspector.request_for(token), deadline));
  CO_TRY(std::string text, response.body.take_whole(answer_size_max));
  co_return introspector.judge(std::move(text), token, clock_.wall());
}

}  // namespace auth
