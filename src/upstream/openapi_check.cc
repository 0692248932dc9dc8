// Whether arguments fit a schema.

#include <algorithm>
#include <cmath>

#include "upstream/detail_openapi.h"

namespace upstream {
namespace {

constexpr std::size_t depth_max = 64;

Error wrong(const std::string& place, const std::string& why) {
  return {Fault::bad_request, (place.empty() ? "the arguments" : "`" + place + "`") + ": " + why};
}

bool is_of_type(json::Value value, std::string_view type) {
  if (type == "integer") {
    const auto number = value.as_double();
    return number && std::trunc(*number) == *number;
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

bool are_equal(json::Value one, json::Value other) {
  if (one.type() != other.type()) return false;
  if (one.is_string()) return one.as_string() == other.as_string();
  if (one.is_number()) return one.as_double() == other.as_double();
  return one.raw() == other.raw();
}

// Of UTF-8.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xc0') != '\x80'; }));
}

class Check {
 public:
  Result<> value(json::Value schema, json::Value value, const std::string& place) {
    if (schema.as_bool() == false) return tl::unexpected(wrong(place, "is not allowed"));
    if (!schema.is_object()) return {};
    if (++depth_ > depth_max) return tl::unexpected(wrong(place, "is nested too deeply"));
    const Ascent ascent(depth_);
    for (const auto rule : {&Check::type, &Check::choice, &Check::sizes, &Check::all_of,
                            &Check::some_of, &Check::required, &Check::members, &Check::elements}) {
      Result<> fits = (this->*rule)(schema, value, place);
      if (!fits) return fits;
    }
    return {};
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

  Result<> type(json::Value schema, json::Value value, const std::string& place) {
    const auto said = schema.find("type");
    if (!said) return {};
    bool fits = said->is_string() && is_of_type(value, *said->as_string());
    std::string names(said->as_string().value_or(""));
    for (const json::Value one : said->elements()) {
      const std::string_view name = one.as_string().value_or("");
      fits = fits || is_of_type(value, name);
      names += (names.empty() ? "" : " or ") + std::string(name);
    }
    if (fits) return {};
    return tl::unexpected(wrong(place, "must be of type " + names));
  }

  Result<> choice(json::Value schema, json::Value value, const std::string& place) {
    const auto only = schema.find("const");
    if (only && !are_equal(*only, value))
      return tl::unexpected(wrong(place, "is not the one value"));
    const auto list = schema.find("enum");
    if (!list) return {};
    for (const json::Value one : list->elements()) {
      if (are_equal(one, value)) return {};
    }
    return tl::unexpected(wrong(place, "is none of the values that are allowed"));
  }

  // Whether a number keeps to a pair of limits, if the schema has them.
  static bool keeps(json::Value schema, double number, const char* least, const char* most) {
    const auto low = schema.find(least);
    const auto high = schema.find(most);
    return !(low && low->as_double() && number < *low->as_double()) &&
           !(high && high->as_double() && number > *high->as_double());
  }

  Result<> sizes(json::Value schema, json::Value value, const std::string& place) {
    bool fits = true;
    if (const auto number = value.as_double()) {
      fits = keeps(schema, *number, "minimum", "maximum");
      const auto above = schema.find("exclusiveMinimum");
      const auto below = schema.find("exclusiveMaximum");
      fits = fits && !(above && above->as_double() && *number <= *above->as_double());
      fits = fits && !(below && below->as_double() && *number >= *below->as_double());
    } else if (const auto text = value.as_string()) {
      fits = keeps(schema, static_cast<double>(characters(*text)), "minLength", "maxLength");
    } else if (value.is_array()) {
      fits = keeps(schema, static_cast<double>(value.size()), "minItems", "maxItems");
    }
    if (fits) return {};
    return tl::unexpected(wrong(place, "is beyond its limits"));
  }

  Result<> all_of(json::Value schema, json::Value given, const std::string& place) {
    const auto all = schema.find("allOf");
    if (!all) return {};
    for (const json::Value one : all->elements()) {
      Result<> fits = value(one, given, place);
      if (!fits) return fits;
    }
    return {};
  }

  // One of the others may fit as well: that much is left to the service.
  Result<> some_of(json::Value schema, json::Value given, const std::string& place) {
    for (const char* name : {"anyOf", "oneOf"}) {
      const auto some = schema.find(name);
      if (!some || some->size() == 0 || fits_any(*some, given, place)) continue;
      return tl::unexpected(wrong(place, "fits none of the alternatives"));
    }
    return {};
  }

  bool fits_any(json::Value schemas, json::Value given, const std::string& place) {
    bool fits = false;
    for (const json::Value one : schemas.elements()) {
      fits = fits || value(one, given, place).has_value();
    }
    return fits;
  }

  static std::string below(const std::string& place, std::string_view name) {
    return place.empty() ? std::string(name) : place + "." + std::string(name);
  }

  Result<> required(json::Value schema, json::Value object, const std::string& place) {
    const auto names = schema.find("required");
    if (!names || !object.is_object()) return {};
    for (const json::Value one : names->elements()) {
      const std::string_view name = one.as_string().value_or("");
      if (!object.find(name)) return tl::unexpected(wrong(below(place, name), "is missing"));
    }
    return {};
  }

  Result<> members(json::Value schema, json::Value object, const std::string& place) {
    for (const auto [name, one] : object.members()) {
      Result<> fits = member(schema, name, one, below(place, name));
      if (!fits) return fits;
    }
    return {};
  }

  Result<> member(json::Value schema, std::string_view name, json::Value given,
                  const std::string& place) {
    const auto known = schema.find("properties");
    const auto described = known ? known->find(name) : std::nullopt;
    if (described) return value(*described, given, place);
    const auto more = schema.find("additionalProperties");
    if (!more || schema.find("patternProperties")) return {};
    if (more->as_bool() == false) return tl::unexpected(wrong(place, "is not known"));
    return value(*more, given, place);
  }

  Result<> elements(json::Value schema, json::Value list, const std::string& place) {
    const auto items = schema.find("items");
    if (!items || schema.find("prefixItems")) return {};
    std::size_t index = 0;
    for (const json::Value one : list.elements()) {
      TRY(value(*items, one, place + "[" + std::to_string(index++) + "]"));
    }
    return {};
  }

  std::size_t depth_ = 0;
};

}  // namespace

Result<> check_value(json::Value schema, json::Value value, const std::string& place) {
  return Check().value(schema, value, place);
}

}  // namespace upstream
