// form.decode() and form.encode() (application/x-www-form-urlencoded), and the query of a URI.

#include <algorithm>
#include <array>
#include <map>

#include "base/base64.h"
#include "cel/detail_library.h"

namespace cel {
namespace {

struct Pair {
  std::string name;
  std::string value;
};

constexpr std::size_t pairs_max = 1000;

// Nothing if a part is not UTF-8, or if there are too many.
std::optional<std::vector<Pair>> read_pairs(std::string_view text) {
  std::vector<Pair> pairs;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    const std::size_t sign = std::min(part.find('='), part.size());
    auto name = percent_decoded(part.substr(0, sign), true);
    auto value = percent_decoded(part.substr(std::min(sign + 1, part.size())), true);
    if (!name || !value || pairs.size() >= pairs_max) return std::nullopt;
    pairs.push_back({std::move(*name), std::move(*value)});
  }
  return pairs;
}

void append_pair(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += '&';
  append_percent_encoded(out, name, true);
  out += '=';
  append_percent_encoded(out, value, true);
}

Value bad_form(Evaluation& evaluation) {
  return bad_argument(evaluation, "form data that cannot be decoded");
}

// All values of one name.
Value values_of(Evaluation& evaluation, const std::vector<Pair>& pairs, std::string_view name) {
  ListBuilder list(evaluation);
  for (const Pair& pair : pairs) {
    if (pair.name == name && !list.add(evaluation.string(pair.value))) break;
  }
  return list.finish();
}

// The value of that name, or the list of its values; an error if there is no room.
Value one_or_all(Evaluation& evaluation, const std::vector<Pair>& pairs, std::string_view name) {
  const Value all = values_of(evaluation, pairs, name);
  if (all.is_error() || all.as_list().size() > 1) return all;
  return all.as_list().at(0, evaluation.arena());
}

Value form_decode(Evaluation& evaluation, Arguments arguments) {
  if (!evaluation.spend_bytes(arguments[0].text().size())) return evaluation.out_of_fuel();
  const auto pairs = read_pairs(arguments[0].text());
  if (!pairs) return bad_form(evaluation);
  MapBuilder map(evaluation);
  for (const Pair& pair : *pairs) {
    if (!evaluation.spend(1 + pairs->size() / 8)) return evaluation.out_of_fuel();
    if (map.find(Value::of_string(pair.name)) != nullptr) continue;
    const Value key = evaluation.string(pair.name);
    const Value value = one_or_all(evaluation, *pairs, pair.name);
    if (key.is_error()) return key;
    if (value.is_error()) return value;
    if (!map.add(key, value)) break;
  }
  return map.finish();
}

// A scalar as the text that stands in a form; nothing if it has none.
std::optional<std::string> form_text(const Value& value) {
  switch (value.kind()) {
    case Kind::string:
      return std::string(value.as_string());
    case Kind::boolean:
      return value.as_bool() ? "true" : "false";
    case Kind::integer:
      return std::to_string(value.as_int());
    case Kind::uinteger:
      return std::to_string(value.as_uint());
    case Kind::bytes:
      return base::base64_encode(value.as_bytes());
    default:
      return std::nullopt;
  }
}

// Adds the value, or each of a list of them; false if one has no text.
bool collect(Evaluation& evaluation, const std::string& name, const Value& value,
             std::multimap<std::string, std::string>& pairs) {
  if (value.is_null()) return true;
  if (!value.is(Kind::list)) {
    auto text = form_text(value);
    if (text) pairs.emplace(name, std::move(*text));
    return text.has_value();
  }
  Cursor cursor;
  Value element;
  while (value.as_list().next(cursor, evaluation.arena(), element)) {
    if (element.is_null()) continue;
    auto text = form_text(element);
    if (!text || !evaluation.spend(1)) return false;
    pairs.emplace(name, std::move(*text));
  }
  return true;
}

Value form_encode(Evaluation& evaluation, Arguments arguments) {
  std::multimap<std::string, std::string> pairs;  // values of one name keep their order
  Cursor cursor;
  Entry entry;
  while (arguments[0].as_map().next(cursor, evaluation.arena(), entry)) {
    const auto name = form_text(entry.key);
    if (!evaluation.spend(1)) return evaluation.out_of_fuel();
    if (!name || !collect(evaluation, *name, entry.value, pairs)) {
      if (evaluation.is_aborted()) return evaluation.out_of_fuel();
      return bad_argument(evaluation, "form.encode() of a value that is no text or number");
    }
  }
  std::string text;
  for (const auto& [name, value] : pairs) append_pair(text, name, value);
  if (!evaluation.spend_bytes(text.size())) return evaluation.out_of_fuel();
  return evaluation.string(text);
}

// A URI's parts around its query.
struct Split {
  std::string_view before;
  std::string_view query;
  std::string_view fragment;  // with its #
};

Split split_uri(std::string_view uri) {
  Split split;
  const std::size_t hash = std::min(uri.find('#'), uri.size());
  split.fragment = uri.substr(hash);
  uri = uri.substr(0, hash);
  const std::size_t mark = std::min(uri.find('?'), uri.size());
  split.before = uri.substr(0, mark);
  split.query = uri.substr(std::min(mark + 1, uri.size()));
  return split;
}

// uri.query(name): the decoded values; that there is none is an error.
Value query(Evaluation& evaluation, Arguments arguments) {
  if (!evaluation.spend_bytes(arguments[0].text().size())) return evaluation.out_of_fuel();
  const auto pairs = read_pairs(split_uri(arguments[0].as_string()).query);
  if (!pairs) return bad_form(evaluation);
  const Value values = values_of(evaluation, *pairs, arguments[1].as_string());
  if (values.is_error() || values.as_list().size() > 0) return values;
  return Value::error(ErrorCode::no_such_key, arguments[1].as_string());
}

Value changed_query(Evaluation& evaluation, Arguments arguments, bool removes_old) {
  if (!evaluation.spend_bytes(arguments[0].text().size())) return evaluation.out_of_fuel();
  const Split split = split_uri(arguments[0].as_string());
  const auto pairs = read_pairs(split.query);
  if (!pairs) return bad_form(evaluation);
  std::string text;
  for (const Pair& pair : *pairs) {
    if (removes_old && pair.name == arguments[1].as_string()) continue;
    append_pair(text, pair.name, pair.value);
  }
  append_pair(text, arguments[1].as_string(), arguments[2].as_string());
  return evaluation.string(std::string(split.before) + '?' + text + std::string(split.fragment));
}

Value add_query(Evaluation& evaluation, Arguments arguments) {
  return changed_query(evaluation, arguments, false);
}

Value set_query(Evaluation& evaluation, Arguments arguments) {
  return changed_query(evaluation, arguments, true);
}

constexpr std::array table{
    Overload{"form.decode", "(string) -> map(string, dyn)", form_decode},
    Overload{"form.decode", "(bytes) -> map(string, dyn)", form_decode},
    Overload{"form.encode", "(map(A, B)) -> string", form_encode},
    Overload{"query", "string.(string) -> list(string)", query},
    Overload{"addQuery", "string.(string, string) -> string", add_query},
    Overload{"setQuery", "string.(string, string) -> string", set_query},
};

}  // namespace

std::span<const Overload> form_functions() {
  return table;
}

}  // namespace cel
