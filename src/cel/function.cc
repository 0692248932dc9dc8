#include "cel/function.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>

#include "cel/detail_library.h"
#include "cel/number.h"

namespace cel {
namespace {

struct TypeName {
  std::string_view name;
  Kind kind;
};
constexpr std::array<TypeName, 15> type_names{{{"null_type", Kind::null},
                                               {"bool", Kind::boolean},
                                               {"int", Kind::integer},
                                               {"uint", Kind::uinteger},
                                               {"double", Kind::real},
                                               {"string", Kind::string},
                                               {"bytes", Kind::bytes},
                                               {"list", Kind::list},
                                               {"map", Kind::map},
                                               {"google.protobuf.Timestamp", Kind::timestamp},
                                               {"google.protobuf.Duration", Kind::duration},
                                               {"net.IP", Kind::ip},
                                               {"net.CIDR", Kind::cidr},
                                               {"optional_type", Kind::optional},
                                               {"type", Kind::type}}};

// What signatures call the types with long names.
constexpr std::array<TypeName, 5> short_names{{{"timestamp", Kind::timestamp},
                                               {"duration", Kind::duration},
                                               {"ip", Kind::ip},
                                               {"cidr", Kind::cidr},
                                               {"optional", Kind::optional}}};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// The kinds of values that a type written like "list(A)" stands for.
Kinds kinds_named(std::string_view type) {
  const std::string_view head = type.substr(0, type.find('('));
  for (const TypeName& candidate : type_names) {
    if (candidate.name == head) return kinds_of(candidate.kind);
  }
  for (const TypeName& candidate : short_names) {
    if (candidate.name == head) return kinds_of(candidate.kind);
  }
  return any_kind;  // dyn or a type parameter
}

// Takes what stands before the next comma outside parentheses.
std::string_view take_type(std::string_view& list) {
  int depth = 0;
  std::size_t end = 0;
  while (end < list.size() && (depth > 0 || list[end] != ',')) {
    depth += list[end] == '(' ? 1 : list[end] == ')' ? -1 : 0;
    ++end;
  }
  const std::string_view type = trimmed(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return type;
}

// "string.(string, int) -> bool" taken apart.
Signature read_signature(const Overload& overload) {
  const std::string_view text = overload.signature;
  const std::size_t arrow = text.rfind("->");
  const std::size_t dot = text.find(".(");
  assert(arrow != std::string_view::npos);
  Signature signature;
  signature.overload = &overload;
  signature.is_method = dot != std::string_view::npos;
  signature.result = trimmed(text.substr(arrow + 2));
  if (signature.is_method) signature.types.push_back(trimmed(text.substr(0, dot)));
  const std::size_t open = signature.is_method ? dot + 1 : 0;
  const std::size_t close = text.rfind(')', arrow);
  std::string_view list = trimmed(text.substr(open + 1, close - open - 1));
  while (!list.empty()) signature.types.push_back(take_type(list));
  if (!signature.types.empty() && signature.types.back().ends_with("...")) {
    signature.repeats_last = true;
    signature.types.back().remove_suffix(3);
  }
  for (const std::string_view type : signature.types) {
    signature.parameters.push_back(kinds_named(type));
  }
  return signature;
}

class Library {
 public:
  Library() {
    for (const auto part :
         {standard_functions(), conversion_functions(), time_functions(), string_functions(),
          format_functions(), math_functions(), bit_functions(), network_functions(),
          optional_functions(), pattern_functions(), encoding_functions(), form_functions(),
          digest_functions(), gateway_functions(), header_functions()}) {
      for (const Overload& overload : part) add(overload);
    }
    for (std::size_t i = 0; i < functions_.size(); ++i) {
      const Function& function = functions_[i];
      numbers_.emplace(std::pair(function.name, function.is_method), i);
    }
  }

  static const Library& get() {
    static const Library library;
    return library;
  }

  const Function* find(std::string_view name, bool is_method) const {
    const auto found = numbers_.find(std::pair(name, is_method));
    return found == numbers_.end() ? nullptr : &functions_[found->second];
  }
  std::span<const Function> functions() const { return functions_; }

 private:
  void add(const Overload& overload) {
    Signature signature = read_signature(overload);
    const auto same =
        std::find_if(functions_.begin(), functions_.end(), [&](const Function& known) {
          return known.name == overload.name && known.is_method == signature.is_method;
        });
    if (same != functions_.end()) {
      same->overloads.push_back(std::move(signature));
      return;
    }
    functions_.push_back({overload.name, signature.is_method, {}});
    functions_.back().overloads.push_back(std::move(signature));
  }

  std::vector<Function> functions_;
  std::map<std::pair<std::string_view, bool>, std::size_t> numbers_;
};

}  // namespace

bool Signature::fits(Arguments arguments) const {
  if (!fits_count(arguments.size())) return false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Kinds allowed = parameters[std::min(i, parameters.size() - 1)];
    if ((allowed & kinds_of(arguments[i].kind())) == 0) return false;
  }
  return true;
}

const Function* find_function(std::string_view name, bool is_method) {
  return Library::get().find(name, is_method);
}

std::span<const Function> all_functions() {
  return Library::get().functions();
}

bool is_function_namespace(std::string_view name) {
  const auto functions = all_functions();
  return std::any_of(functions.begin(), functions.end(), [&](const Function& function) {
    return function.name.size() > name.size() && function.name.starts_with(name) &&
           function.name[name.size()] == '.';
  });
}

Value call_function(const Function& function, Evaluation& evaluation, Arguments arguments) {
  for (const Value& argument : arguments) {
    if (argument.is_error()) return argument;
  }
  for (const Signature& signature : function.overloads) {
    if (signature.fits(arguments)) return signature.overload->call(evaluation, arguments);
  }
  return Value::error(ErrorCode::no_such_overload, function.name);
}

std::string_view type_name(const Value& value) {
  for (const TypeName& candidate : type_names) {
    if (candidate.kind == value.kind()) return candidate.name;
  }
  return "error";
}

std::optional<Value> find_type(std::string_view name) {
  for (const TypeName& candidate : type_names) {
    if (candidate.name == name) return Value::of_type(candidate.name);
  }
  return std::nullopt;
}

Value ListBuilder::finish() {
  if (evaluation_.is_aborted()) return evaluation_.out_of_fuel();
  Value* values = evaluation_.arena().make_values(values_.size());
  if (values == nullptr) return evaluation_.out_of_memory();
  std::copy(values_.begin(), values_.end(), values);
  return evaluation_.list(values, values_.size());
}

Value* MapBuilder::find(const Value& key) {
  for (Entry& entry : entries_) {
    if (same_key(entry.key, key)) return &entry.value;
  }
  return nullptr;
}

Value MapBuilder::finish() {
  if (evaluation_.is_aborted()) return evaluation_.out_of_fuel();
  auto* entries = static_cast<Entry*>(
      evaluation_.arena().allocate(entries_.size() * sizeof(Entry), alignof(Entry)));
  if (entries == nullptr) return evaluation_.out_of_memory();
  std::copy(entries_.begin(), entries_.end(), entries);
  return evaluation_.map(entries, entries_.size());
}

}  // namespace cel
