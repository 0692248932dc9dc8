#include <algorithm>
#include <array>

#include "base/text.h"
#include "cel/detail_library.h"
#include "cel/header_view.h"

namespace cel {
namespace {

constexpr std::string_view redacted_text = "<redacted>";

enum class Form : std::uint8_t { natural, joined, raw, split };

class HeaderMap final : public Map {
 public:
  HeaderMap(const HeaderSource& source, Form form, bool is_redacted)
      : source_(source), form_(form), is_redacted_(is_redacted) {}

  const HeaderSource& source() const { return source_; }
  Form form() const { return form_; }
  bool is_redacted() const { return is_redacted_; }

  // How many different names there are.
  std::size_t size() const override {
    std::size_t count = 0;
    for (std::size_t i = 0; i < source_.size(); ++i) count += is_first_of_name(i) ? 1 : 0;
    return count;
  }

  std::optional<Value> find_field(std::string_view name, Arena& arena) const override {
    std::size_t first = 0;
    while (first < source_.size() && !is_entry(first, name)) ++first;
    if (first == source_.size()) return std::nullopt;
    return value_of(first, name, arena);
  }

  bool next(Cursor& cursor, Arena& arena, Entry& entry) const override {
    while (cursor.index < source_.size()) {
      const std::size_t index = cursor.index++;
      if (!is_first_of_name(index)) continue;
      const std::string_view name = source_.at(index).first;
      entry = {lower_case(name, arena), value_of(index, name, arena)};
      return true;
    }
    return false;
  }

 private:
  bool is_entry(std::size_t index, std::string_view name) const {
    const auto [entry_name, value] = source_.at(index);
    return base::equal_ignoring_case(entry_name, name) && base::is_utf8(value);
  }

  bool is_first_of_name(std::size_t index) const {
    const auto [name, value] = source_.at(index);
    if (!base::is_utf8(value)) return false;
    for (std::size_t i = 0; i < index; ++i) {
      if (is_entry(i, name)) return false;
    }
    return true;
  }

  static Value out_of_memory() {
    return Value::error(ErrorCode::out_of_memory, "memory limit exceeded");
  }

  static Value lower_case(std::string_view name, Arena& arena) {
    char* memory = arena.make_text(name.size());
    if (memory == nullptr) return out_of_memory();
    std::transform(name.begin(), name.end(), memory, base::lower);
    return Value::of_string({memory, name.size()});
  }

  std::string_view shown(std::size_t index) const {
    const auto [name, value] = source_.at(index);
    return is_redacted_ && is_secret_header(name) ? redacted_text : value;
  }

  // `first` is the first entry of that name.
  Value value_of(std::size_t first, std::string_view name, Arena& arena) const {
    std::size_t count = 1;
    for (std::size_t i = first + 1; i < source_.size(); ++i) count += is_entry(i, name) ? 1 : 0;
    if (count == 1 && (form_ == Form::natural || form_ == Form::joined)) {
      return Value::of_string(shown(first));
    }
    if (form_ == Form::joined) return joined(first, name, arena);
    return form_ == Form::split ? split(first, name, arena) : listed(first, name, count, arena);
  }

  static Value of_list(const Value* values, std::size_t count, Arena& arena) {
    const ArrayList* list = arena.make<ArrayList>(values, count);
    return list != nullptr ? Value::of_list(list) : out_of_memory();
  }

  Value listed(std::size_t first, std::string_view name, std::size_t count, Arena& arena) const {
    Value* values = arena.make_values(count);
    if (values == nullptr) return out_of_memory();
    Value* place = values;
    for (std::size_t i = first; i < source_.size(); ++i) {
      if (is_entry(i, name)) *place++ = Value::of_string(shown(i));
    }
    return of_list(values, count, arena);
  }

  Value joined(std::size_t first, std::string_view name, Arena& arena) const {
    std::size_t size = 0;
    for (std::size_t i = first; i < source_.size(); ++i) {
      if (is_entry(i, name)) size += shown(i).size() + 1;
    }
    char* memory = arena.make_text(size);
    if (memory == nullptr) return out_of_memory();
    char* place = memory;
    for (std::size_t i = first; i < source_.size(); ++i) {
      if (!is_entry(i, name)) continue;
      place += shown(i).copy(place, shown(i).size());
      *place++ = ',';
    }
    return Value::of_string({memory, size - 1});  // without the last comma
  }

  Value split(std::size_t first, std::string_view name, Arena& arena) const {
    std::size_t count = 0;
    for (std::size_t i = first; i < source_.size(); ++i) {
      if (!is_entry(i, name)) continue;
      const std::string_view value = shown(i);
      count += 1 + static_cast<std::size_t>(std::count(value.begin(), value.end(), ','));
    }
    Value* values = arena.make_values(count);
    if (values == nullptr) return out_of_memory();
    Value* place = values;
    for (std::size_t i = first; i < source_.size(); ++i) {
      if (is_entry(i, name)) place = add_parts(shown(i), place);
    }
    return of_list(values, count, arena);
  }

  // Where the next part goes.
  static Value* add_parts(std::string_view value, Value* place) {
    for (;;) {
      const std::size_t comma = value.find(',');
      *place++ = Value::of_string(base::trim(value.substr(0, comma)));
      if (comma == std::string_view::npos) return place;
      value.remove_prefix(comma + 1);
    }
  }

  const HeaderSource& source_;
  Form form_;
  bool is_redacted_;
};

// nullptr if the map is any other.
const HeaderMap* header_map(const Value& value) {
  return dynamic_cast<const HeaderMap*>(&value.as_map());
}

Value not_headers() {
  return Value::error(ErrorCode::no_such_overload, "a function of headers");
}

Value changed(Evaluation& evaluation, Arguments arguments, std::optional<Form> form) {
  const HeaderMap* headers = header_map(arguments[0]);
  if (headers == nullptr) return not_headers();
  const HeaderMap* made = evaluation.arena().make<HeaderMap>(
      headers->source(), form.value_or(headers->form()), headers->is_redacted() || !form);
  return made != nullptr ? Value::of_map(made) : evaluation.out_of_memory();
}

Value join(Evaluation& evaluation, Arguments arguments) {
  return changed(evaluation, arguments, Form::joined);
}
Value raw(Evaluation& evaluation, Arguments arguments) {
  return changed(evaluation, arguments, Form::raw);
}
Value split(Evaluation& evaluation, Arguments arguments) {
  return changed(evaluation, arguments, Form::split);
}
Value redacted(Evaluation& evaluation, Arguments arguments) {
  return changed(evaluation, arguments, std::nullopt);
}

// The value of that cookie in one Cookie header (RFC 6265, 4.2.1).
std::optional<std::string_view> find_cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::string_view pair = base::trim(header.substr(0, header.find(';')));
    header.remove_prefix(std::min(header.find(';'), header.size() - 1) + 1);
    const std::size_t sign = pair.find('=');
    if (sign != std::string_view::npos && pair.substr(0, sign) == name) {
      return pair.substr(sign + 1);
    }
  }
  return std::nullopt;
}

Value cookie(Evaluation& evaluation, Arguments arguments) {
  const HeaderMap* headers = header_map(arguments[0]);
  if (headers == nullptr) return not_headers();
  const std::string_view wanted = arguments[1].as_string();
  for (std::size_t i = 0; i < headers->source().size(); ++i) {
    const auto [name, value] = headers->source().at(i);
    if (!base::equal_ignoring_case(name, "cookie") || !base::is_utf8(value)) continue;
    if (!evaluation.spend_bytes(value.size())) return evaluation.out_of_fuel();
    const auto found = find_cookie(value, wanted);
    if (found) return Value::of_string(headers->is_redacted() ? redacted_text : *found);
  }
  return Value::error(ErrorCode::no_such_key, wanted);
}

constexpr std::array table{
    Overload{"join", "map(string, dyn).() -> map(string, dyn)", join},
    Overload{"raw", "map(string, dyn).() -> map(string, dyn)", raw},
    Overload{"split", "map(string, dyn).() -> map(string, dyn)", split},
    Overload{"redacted", "map(string, dyn).() -> map(string, dyn)", redacted},
    Overload{"cookie", "map(string, dyn).(string) -> string", cookie},
};

}  // namespace

std::span<const Overload> header_functions() {
  return table;
}

Value of_headers(const HeaderSource& source, Arena& arena) {
  const HeaderMap* map = arena.make<HeaderMap>(source, Form::natural, false);
  return map != nullptr ? Value::of_map(map)
                        : Value::error(ErrorCode::out_of_memory, "memory limit exceeded");
}

bool is_secret_header(std::string_view name) {
  static constexpr std::array<std::string_view, 8> secrets{
      "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key",
      "api-key",       "x-goog-api-key",      "dpop"};
  return std::any_of(secrets.begin(), secrets.end(), [&](std::string_view secret) {
    return base::equal_ignoring_case(name, secret);
  });
}

}  // namespace cel
