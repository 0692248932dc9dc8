#include "gateway/session_id.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace gateway {
namespace {

constexpr std::string_view purpose = "agentgateway session 1";
constexpr std::size_t id_bytes_max = 512;  // ours are about 200; the rest is not worth decoding
constexpr std::size_t number_bytes = 16;

}  // namespace

std::string SessionNumber::text() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes_) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string Binding::text() const {
  // The length stands in front, so that it is clear where the identity ends.
  std::string text = std::to_string(target_) + ":" + std::to_string(identity_.size()) + ":";
  text += identity_;
  text += route_key_;
  return text;
}

SessionNumber SessionIds::make() const {
  SessionNumber::Bytes bytes{};
  random_.fill(std::as_writable_bytes(std::span(bytes)));
  return SessionNumber(bytes);
}

std::string SessionIds::seal(const SessionNumber& number, const Binding& binding) const {
  std::string text(number.bytes().begin(), number.bytes().end());
  text += binding.text();
  return key_.seal(text, purpose, random_);
}

OpenedSession SessionIds::open(std::string_view id, const Binding& binding) const {
  OpenedSession opened;
  if (id.size() > id_bytes_max) return opened;
  const auto text = key_.open(id, purpose);
  if (!text || text->size() < number_bytes) return opened;
  const std::string_view owner = std::string_view(*text).substr(number_bytes);
  if (!crypto::equal_in_constant_time(owner, binding.text())) {
    opened.kind = OpenedSession::Kind::foreign;
    return opened;
  }
  SessionNumber::Bytes bytes{};
  std::copy_n(text->begin(), number_bytes, bytes.begin());
  opened.kind = OpenedSession::Kind::own;
  opened.number = SessionNumber(bytes);
  return opened;
}

OpenedSession OpenedIds::open(const SessionIds& ids, std::string_view id, const Binding& binding) {
  // The end of an id is the cipher's tag, which is as good as random.
  std::uint64_t spread = 0;
  std::memcpy(&spread, id.data() + id.size() - std::min(id.size(), sizeof(spread)),
              std::min(id.size(), sizeof(spread)));
  std::unique_ptr<Entry>& entry = entries_[spread % places];
  if (entry && entry->is_of(id, binding)) return entry->opened;
  const OpenedSession opened = ids.open(id, binding);
  if (opened.kind == OpenedSession::Kind::own) {
    entry =
        std::make_unique<Entry>(Entry{std::string(id), std::string(binding.identity_),
                                      std::string(binding.route_key_), binding.target_, opened});
  }
  return opened;
}

}  // namespace gateway
