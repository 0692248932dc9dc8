#include "net/detail_order.h"

#include <cstring>
#include <utility>

namespace net::detail {
namespace {

void put(std::string& to, std::uint64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  to.append(bytes, sizeof bytes);
}

void put(std::string& to, const std::string& text) {
  put(to, text.size());
  to += text;
}

void put(std::string& to, const std::vector<std::string>& texts) {
  put(to, texts.size());
  for (const std::string& text : texts) put(to, text);
}

class Reader {
 public:
  explicit Reader(std::string_view from) : rest_(from) {}

  bool is_good() const { return is_good_; }
  bool is_at_end() const { return rest_.empty(); }

  std::uint64_t number() {
    std::uint64_t value = 0;
    const std::string_view bytes = take(sizeof value);
    if (is_good_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(number())); }
  std::vector<std::string> texts() {
    std::vector<std::string> all;
    const std::uint64_t count = number();
    for (std::uint64_t i = 0; i < count && is_good_; ++i) all.push_back(text());
    return all;
  }

 private:
  std::string_view take(std::uint64_t size) {
    is_good_ = is_good_ && size <= rest_.size();
    if (!is_good_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool is_good_ = true;
};

}  // namespace

std::string pack(const Command& command) {
  std::string order;
  put(order, command.program);
  put(order, command.arguments);
  put(order, command.environment);
  put(order, command.folder);
  put(order, static_cast<std::uint64_t>(command.grace.count()));
  put(order, command.limits.size());
  for (const ChildLimit& limit : command.limits) {
    put(order, static_cast<std::uint64_t>(limit.resource()));
    put(order, limit.value());
  }
  return order;
}

std::optional<Command> unpack(std::string_view order) {
  Reader reader(order);
  Command command(reader.text());
  command.arguments = reader.texts();
  command.environment = reader.texts();
  command.folder = reader.text();
  command.grace = Duration(static_cast<Duration::rep>(reader.number()));
  const std::uint64_t count = reader.number();
  for (std::uint64_t i = 0; i < count && reader.is_good(); ++i) {
    const auto resource = static_cast<int>(reader.number());
    command.limits.emplace_back(resource, reader.number());
  }
  if (!reader.is_good() || !reader.is_at_end()) return std::nullopt;
  return command;
}

}  // namespace net::detail
