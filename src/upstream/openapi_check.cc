// Whether arguments fit a schema.

#include <algorithm>
#include <cmath>

#include "upstream/detail_openapi.h"

namespace upstream {
namespace {

constexpr std::size_t depth_max = 64;
// Of one check: values that are held against a schema, alternatives and enumerated values that are
// tried, members that are looked up. Nobody else on the core is served meanwhile.
constexpr std::size_t steps_max = 200'000;
// Names and pieces of text that are gone through in the time of a step.
constexpr std::size_t names_a_step = 16;
constexpr std::size_t bytes_a_step = 1024;

// Where in the arguments a value is; its text is made only for who is told of it.
struct Place {
  const Place* above;     // null: the arguments themselves
  std::string_view name;  // of a member
  std::size_t index = 0;  // of an element, which has no name
  bool is_element = false;
};

std::string text_of(const Place* place) {
  std::vector<const Place*> steps;
  for (; place != nullptr; place = place->above) steps.push_back(place);
  std::string text;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if ((*step)->is_element) {
      text += "[" + std::to_string((*step)->index) + "]";
    } else {
      text += (text.empty() ? "" : ".") + std::string((*step)->name);
    }
  }
  return text;
}

Error wrong(const Place* place, const std::string& why) {
  const std::string text = text_of(place);
  return {Fault::bad_request, (text.empty() ? "the arguments" : "`" + text + "`") + ": " + why};
}

bool is_of_type(json::Value value, std::string_view type) {
  if (type == "integer") {
    const auto number = value.as_double();
    return number && std::isfinite(*number) && std::trunc(*number) == *number;
  }
  switch (value.type()) {
    case json::Type::null:
      return type == "null";
    case json::Type::boolean:
      return type == "boolean";
    case json::Type::number:
      return type == "number";
    case json::Type::string:
      return type == "string";
    case json::Type::array:
      return type == "array";
    case json::Type::object:
      return type == "object";
  }
  return false;
}

// Doubles are exact below 2^53; beyond that what is written differently is told apart digit by
// digit, which may take one number for two.
bool are_equal_numbers(json::Value one, json::Value other) {
  constexpr double exact_below = 9'007'199'254'740'992.0;
  if (one.number_text() == other.number_text()) return true;
  const double number = one.as_double().value_or(exact_below);
  return std::abs(number) < exact_below && number == other.as_double();
}

// Of UTF-8.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xc0') != '\x80'; }));
}

class Check {
 public:
  Result<> run(json::Value schema, json::Value value) {
    if (fits(schema, value, nullptr)) return {};
    if (is_spent()) return failed(Fault::bad_request, "the arguments: there is too much to check");
    return tl::unexpected<Error>(why_.value());
  }

 private:
  class Ascent {
   public:
    explicit Ascent(std::size_t& depth) : depth_(depth) {}
    Ascent(const Ascent&) = delete;
    Ascent& operator=(const Ascent&) = delete;
    ~Ascent() { --depth_; }

   private:
    std::size_t& depth_;
  };

  // What is wrong with an alternative, nobody is told.
  bool fail(const Place* place, const char* why) {
    if (alternatives_ == 0 && !why_ && !is_spent()) why_ = wrong(place, why);
    return false;
  }

  bool is_spent() const { return steps_ > steps_max; }
  bool spend(std::size_t steps) {
    steps_ += steps;
    return !is_spent();
  }

  bool fits(json::Value schema, json::Value value, const Place* place) {
    if (!spend(1 + schema.size() / names_a_step)) return false;
    if (schema.as_bool() == false) return fail(place, "is not allowed");
    if (!schema.is_object()) return true;
    if (depth_ >= depth_max) return fail(place, "is nested too deeply");
    ++depth_;
    const Ascent ascent(depth_);
    return type(schema, value, place) && choice(schema, value, place) &&
           sizes(schema, value, place) && all_of(schema, value, place) &&
           some_of(schema, value, place) && required(schema, value, place) &&
           members(schema, value, place) && elements(schema, value, place);
  }

  bool type(json::Value schema, json::Value value, const Place* place) {
    const auto said = schema.find("type");
    if (!said || (said->is_string() && is_of_type(value, *said->as_string()))) return true;
    std::string names(said->as_string().value_or(""));
    for (const json::Value one : said->elements()) {
      const std::string_view name = one.as_string().value_or("");
      if (!spend(1)) return false;
      if (is_of_type(value, name)) return true;
      if (alternatives_ == 0) names += (names.empty() ? "" : " or ") + std::string(name);
    }
    return fail(place, ("must be of type " + names).c_str());
  }

  // However either is written, and in whichever order its members are.
  bool are_equal(json::Value one, json::Value other) {
    if (!spend(1) || one.type() != other.type() || one.size() != other.size()) return false;
    switch (one.type()) {
      case json::Type::null:
        return true;
      case json::Type::boolean:
        return one.as_bool() == other.as_bool();
      case json::Type::number:
        return are_equal_numbers(one, other);
      case json::Type::string:
        return one.as_string() == other.as_string();
      case json::Type::array:
        return are_equal_lists(one, other);
      case json::Type::object:
        return are_equal_objects(one, other);
    }
    return false;
  }

  // Of one length, as the next two.
  bool are_equal_lists(json::Value one, json::Value other) {
    auto at = other.elements().begin();
    for (const json::Value element : one.elements()) {
      if (!are_equal(element, *at)) return false;
      ++at;
    }
    return true;
  }

  bool are_equal_objects(json::Value one, json::Value other) {
    for (const auto [name, member] : one.members()) {
      const auto same = look_up(other, name);
      if (!same || !are_equal(member, *same)) return false;
    }
    return true;
  }

  bool choice(json::Value schema, json::Value value, const Place* place) {
    const auto only = schema.find("const");
    if (only && !are_equal(*only, value)) return fail(place, "is not the one value");
    const auto list = schema.find("enum");
    if (!list) return true;
    for (const json::Value one : list->elements()) {
      if (are_equal(one, value)) return true;
      if (is_spent()) return false;
    }
    return fail(place, "is none of the values that are allowed");
  }

  // Whether a number keeps to a pair of limits, if the schema has them.
  static bool keeps(json::Value schema, double number, const char* least, const char* most) {
    const auto low = schema.find(least);
    const auto high = schema.find(most);
    return !(low && low->as_double() && number < *low->as_double()) &&
           !(high && high->as_double() && number > *high->as_double());
  }

  bool text_keeps(json::Value schema, std::string_view text) {
    if (!schema.find("minLength") && !schema.find("maxLength")) return true;
    return spend(text.size() / bytes_a_step) &&
           keeps(schema, static_cast<double>(characters(text)), "minLength", "maxLength");
  }

  bool sizes(json::Value schema, json::Value value, const Place* place) {
    bool fits = true;
    if (const auto number = value.as_double()) {
      fits = keeps(schema, *number, "minimum", "maximum");
      const auto above = schema.find("exclusiveMinimum");
      const auto below = schema.find("exclusiveMaximum");
      fits = fits && !(above && above->as_double() && *number <= *above->as_double());
      fits = fits && !(below && below->as_double() && *number >= *below->as_double());
    } else if (const auto text = value.as_string()) {
      fits = text_keeps(schema, *text);
    } else if (value.is_array()) {
      fits = keeps(schema, static_cast<double>(value.size()), "minItems", "maxItems");
    }
    return fits || fail(place, "is beyond its limits");
  }

  bool all_of(json::Value schema, json::Value given, const Place* place) {
    const auto all = schema.find("allOf");
    if (!all) return true;
    for (const json::Value one : all->elements()) {
      if (!fits(one, given, place)) return false;
    }
    return true;
  }

  // One of the others may fit as well: that much is left to the service.
  bool some_of(json::Value schema, json::Value given, const Place* place) {
    for (const char* name : {"anyOf", "oneOf"}) {
      const auto some = schema.find(name);
      if (!some || some->size() == 0 || fits_any(*some, given, place)) continue;
      return fail(place, "fits none of the alternatives");
    }
    return true;
  }

  bool fits_any(json::Value schemas, json::Value given, const Place* place) {
    ++alternatives_;
    const Ascent ascent(alternatives_);
    for (const json::Value one : schemas.elements()) {
      if (fits(one, given, place)) return true;
      if (is_spent()) return false;
    }
    return false;
  }

  // A member of either, which may have many.
  std::optional<json::Value> look_up(json::Value object, std::string_view name) {
    spend(1 + object.size() / names_a_step);
    return is_spent() ? std::nullopt : object.find(name);
  }

  bool required(json::Value schema, json::Value object, const Place* place) {
    const auto names = schema.find("required");
    if (!names || !object.is_object()) return true;
    for (const json::Value one : names->elements()) {
      const std::string_view name = one.as_string().value_or("");
      const Place missing{place, name};
      if (!look_up(object, name)) return fail(&missing, "is missing");
    }
    return true;
  }

  bool members(json::Value schema, json::Value object, const Place* place) {
    for (const auto [name, one] : object.members()) {
      const Place below{place, name};
      if (!member(schema, name, one, &below)) return false;
    }
    return true;
  }

  bool member(json::Value schema, std::string_view name, json::Value given, const Place* place) {
    const auto known = schema.find("properties");
    const auto described = known ? look_up(*known, name) : std::nullopt;
    if (is_spent()) return false;
    if (described) return fits(*described, given, place);
    const auto more = schema.find("additionalProperties");
    if (!more || schema.find("patternProperties")) return true;
    if (more->as_bool() == false) return fail(place, "is not known");
    return fits(*more, given, place);
  }

  bool elements(json::Value schema, json::Value list, const Place* place) {
    const auto items = schema.find("items");
    if (!items || schema.find("prefixItems")) return true;
    std::size_t index = 0;
    for (const json::Value one : list.elements()) {
      const Place below{place, {}, index++, true};
      if (!fits(*items, one, &below)) return false;
    }
    return true;
  }

  std::size_t depth_ = 0;
  std::size_t alternatives_ = 0;  // that are being tried, one within the other
  std::size_t steps_ = 0;
  std::optional<Error> why_;
};

}  // namespace

Result<> check_value(json::Value schema, json::Value value) {
  return Check().run(schema, value);
}

}  // namespace upstream
