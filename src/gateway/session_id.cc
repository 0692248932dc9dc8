#include "gateway/session_id.h"

#include <algorithm>
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

Binding::Binding(std::string_view identity, std::string_view route_key, std::uint64_t target) {
  // The length stands in front, so that no two triples give the same text.
  text_ = std::to_string(target) + ":" + std::to_string(identity.size()) + ":";
  text_ += identity;
  text_ += route_key;
}

SessionNumber SessionIds::make() const {
  SessionNumber::Bytes bytes{};
  random_.fill(std::as_writable_bytes(std::span(bytes)));
  return SessionNumber(bytes);
}

std::string SessionIds::seal(const SessionNumber& number, const Binding& binding) const {
  std::string text(number.bytes().begin(), number.bytes().end());
  text += binding.bytes();
  return key_.seal(text, purpose, random_);
}

OpenedSession SessionIds::open(std::string_view id, const Binding& binding) const {
  OpenedSession opened;
  if (id.size() > id_bytes_max) return opened;
  const auto text = key_.open(id, purpose);
  if (!text || text->size() < number_bytes) return opened;
  const std::string_view owner = std::string_view(*text).substr(number_bytes);
  if (!crypto::equal_in_constant_time(owner, binding.bytes())) {
    opened.kind = OpenedSession::Kind::foreign;
    return opened;
  }
  SessionNumber::Bytes bytes{};
  std::copy_n(text->begin(), number_bytes, bytes.begin());
  opened.kind = OpenedSession::Kind::own;
  opened.number = SessionNumber(bytes);
  return opened;
}

}  // namespace gateway
