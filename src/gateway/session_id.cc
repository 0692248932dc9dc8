#include "gateway/session_id.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "gateway/session_state.h"

namespace gateway {
namespace {

constexpr std::string_view purpose = "agentgateway session 2";
constexpr std::size_t number_bytes = 16;
constexpr std::size_t length_bytes = 2;
// Ours are about 200, and 4/3 of the state; more is not worth decoding.
constexpr std::size_t id_bytes_max = 512 + SessionState::bytes_max / 3 * 4 + 4;

// What was sealed: a number, the owner's length, the owner, the state.
class Sealed {
 public:
  static std::optional<Sealed> read(std::string_view text) {
    if (text.size() < number_bytes + length_bytes) return std::nullopt;
    const std::string_view rest = text.substr(number_bytes + length_bytes);
    const auto high = static_cast<std::uint8_t>(text[number_bytes]);
    const auto low = static_cast<std::uint8_t>(text[number_bytes + 1]);
    const std::size_t length = high * std::size_t{256} + low;
    if (length > rest.size()) return std::nullopt;
    return Sealed{text.substr(0, number_bytes), rest.substr(0, length), rest.substr(length)};
  }

  std::string_view number;
  std::string_view owner;
  std::string_view state;
};

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

std::string SessionIds::seal(const SessionNumber& number, const Binding& binding,
                             std::string_view state) const {
  const std::string owner = binding.text();
  std::string text(number.bytes().begin(), number.bytes().end());
  text += static_cast<char>(owner.size() / 256 % 256);
  text += static_cast<char>(owner.size() % 256);
  text += owner;
  text += state;
  return key_.seal(text, purpose, random_);
}

OpenedSession SessionIds::open(std::string_view id, const Binding& binding) const {
  OpenedSession opened;
  if (id.size() > id_bytes_max) return opened;
  const auto text = key_.open(id, purpose);
  const auto sealed = text ? Sealed::read(*text) : std::nullopt;
  if (!sealed) return opened;
  if (!crypto::equal_in_constant_time(sealed->owner, binding.text())) {
    opened.kind = OpenedSession::Kind::foreign;
    return opened;
  }
  SessionNumber::Bytes bytes{};
  std::copy_n(sealed->number.begin(), number_bytes, bytes.begin());
  opened.kind = OpenedSession::Kind::own;
  opened.number = SessionNumber(bytes);
  return opened;
}

std::string SessionIds::state_of(std::string_view id, const Binding& binding) const {
  if (id.size() > id_bytes_max) return {};
  const auto text = key_.open(id, purpose);
  const auto sealed = text ? Sealed::read(*text) : std::nullopt;
  if (!sealed || !crypto::equal_in_constant_time(sealed->owner, binding.text())) return {};
  return std::string(sealed->state);
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
