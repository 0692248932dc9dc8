#include "gateway/request_state.h"

#include <algorithm>
#include <charconv>

#include "crypto/digest.h"

namespace gateway {
namespace {

constexpr std::string_view purpose = "agentgateway requestState 1";
constexpr std::size_t state_bytes_max = 1024;  // ours are about 250
constexpr std::size_t number_bytes = 16;

std::string owner_text(const Binding& binding, std::string_view subject) {
  const crypto::Sha256 digest = crypto::sha256(binding.text(), subject);
  return std::string(crypto::view_of(digest));
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::string state_subject(const mcp::Message& request, const mcp::AskCapabilities& asks) {
  const json::Value params = request.params();
  std::string subject = "\n";
  for (const std::string_view name : {"name", "uri", "arguments"}) {
    const auto value = params.find(name);
    subject += value ? mcp::canonical_text(*value) : "-";
    subject += '\n';
  }
  subject += asks.text();
  subject += '\n';
  subject += request.method();
  return subject;
}

std::string seal_state(const SessionIds& ids, const SessionNumber& number, const Binding& binding,
                       std::string_view subject, WallTime end) {
  std::string text(number.bytes().begin(), number.bytes().end());
  text += owner_text(binding, subject);
  text += std::to_string(seconds_of(end));
  return ids.seal_text(text, purpose);
}

std::optional<SessionNumber> open_state(const SessionIds& ids, std::string_view state,
                                        const Binding& binding, std::string_view subject,
                                        WallTime now) {
  if (state.size() > state_bytes_max) return std::nullopt;
  const auto text = ids.open_text(state, purpose);
  const std::string owner = owner_text(binding, subject);
  if (!text || text->size() <= number_bytes + owner.size()) return std::nullopt;
  const std::string_view sealed(*text);
  if (!crypto::equal_in_constant_time(sealed.substr(number_bytes, owner.size()), owner)) {
    return std::nullopt;
  }
  const std::string_view end_text = sealed.substr(number_bytes + owner.size());
  std::int64_t end = 0;
  const auto [last, error] = std::from_chars(end_text.begin(), end_text.end(), end);
  if (error != std::errc() || last != end_text.end() || seconds_of(now) > end) return std::nullopt;
  SessionNumber::Bytes bytes{};
  std::copy_n(text->begin(), number_bytes, bytes.begin());
  return SessionNumber(bytes);
}

}  // namespace gateway
