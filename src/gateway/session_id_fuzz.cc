// Session ids from bytes: none opens that was not sealed here, a sealed one opens for its own
// binding and for no other, with the state that was sealed, and no alteration of it opens. What a
// core remembers of opened ids says the same.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/session_id.h"
#include "gateway/session_state.h"

namespace {

using Kind = gateway::OpenedSession::Kind;

void require(bool condition) {
  if (!condition) std::abort();
}

// The ids' verdict, the same from a memory that has seen everything before.
gateway::OpenedSession opened(const gateway::SessionIds& ids, std::string_view id,
                              const gateway::Binding& binding) {
  static gateway::OpenedIds memory;
  const gateway::OpenedSession found = ids.open(id, binding);
  for (int i = 0; i < 2; ++i) {
    const gateway::OpenedSession known = memory.open(ids, id, binding);
    require(known.kind == found.kind && known.number == found.number);
  }
  require(found.kind == Kind::own || ids.state_of(id, binding).empty());
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static SystemRandom random;
  static const gateway::SessionIds ids(crypto::SealKey::from_random(random), random);
  // Identity and route are digests in life; much longer ones would make an id that is too long.
  const std::string text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 200));
  // Two owners, cut out of the input: identity, route and target of each.
  const std::size_t half = text.size() / 2;
  const std::size_t cut = half == 0 ? 0 : data[size - 1] % (half + 1);
  const std::size_t other_cut = half == 0 ? 0 : data[0] % (half + 1);
  const std::string_view one = std::string_view(text).substr(0, half);
  const gateway::Binding owner(one.substr(0, cut), one.substr(cut), cut);
  const gateway::Binding other(one.substr(0, other_cut), one.substr(other_cut), cut);
  require((owner.text() == other.text()) == (cut == other_cut));

  require(opened(ids, text, owner).kind == Kind::unknown);
  const gateway::SessionNumber number = ids.make();
  const std::string_view state = std::string_view(text).substr(half);
  std::string id = ids.seal(number, owner, state);
  const auto found = opened(ids, id, owner);
  require(found.kind == Kind::own && found.number == number);
  require(ids.state_of(id, owner) == state);
  static_cast<void>(gateway::SessionState::read(text));  // whatever it says
  require(opened(ids, id, other).kind == (cut == other_cut ? Kind::own : Kind::foreign));
  if (size < 3) return 0;
  char& byte = id[(data[0] * 256U + data[1]) % id.size()];
  const char before = byte;
  byte = static_cast<char>(data[2]);
  require(byte == before || opened(ids, id, owner).kind == Kind::unknown);
  byte = before;
  require(opened(ids, id.substr(0, data[1] % id.size()), owner).kind == Kind::unknown);
  require(opened(ids, id + text, owner).kind == Kind::unknown);
  return 0;
}
