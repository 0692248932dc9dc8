#pragma once
// For tests and fuzz targets: random expressions, well-typed and ill-typed, over the attributes of
// detail_example_request.h, and requests that lack fields, hold nulls, wrong types, numbers at
// their boundaries, repeated headers and text beyond ASCII. Constants and contents come from the
// same small pool, or everything would be false.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cel {

// Decisions from a seed or from a fuzzer's bytes.
class Choices {
 public:
  explicit Choices(std::uint64_t seed) : state_(seed * 2 + 1) {}
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes), has_bytes_(true) {}

  // 0..count-1
  std::uint32_t below(std::uint32_t count) {
    if (!has_bytes_) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      return static_cast<std::uint32_t>((state_ >> 33) % count);
    }
    if (bytes_.empty()) return 0;
    const std::uint32_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value % count;
  }
  template <std::size_t count>
  std::string_view one_of(const std::string_view (&items)[count]) {
    return items[below(count)];
  }

 private:
  std::uint64_t state_ = 0;
  std::span<const std::uint8_t> bytes_;
  bool has_bytes_ = false;
};

inline constexpr std::string_view random_requests[] = {
    R"({"source": {"address": "10.1.2.3", "port": 5},
        "jwt": {"sub": "alice", "groups": ["dev", "ops", "alice"], "level": 5, "ratio": 0.5,
                "nil": null, "nested": {"key": "value", "n": 1}, "email": "alice@example.com",
                "yes": true, "big": 9223372036854775807, "text": "J\u00fcrgen"},
        "request": {"method": "GET", "path": "/a/b",
                    "headers": {"x-team": "core", "x-many": ["a", "b"]}},
        "mcp": {"tool": {"name": "echo", "target": "alpha", "arguments": {"a": 1, "b": "x"}}}})",
    R"({"source": {"address": "::1", "port": 0},
        "jwt": {"sub": ["alice"], "groups": "dev", "level": "5", "ratio": 9007199254740993,
                "nil": {}, "nested": null, "email": "", "yes": "true",
                "big": 18446744073709551615, "text": ""},
        "request": {"method": "POST", "path": "", "headers": {"x-many": "a"}},
        "mcp": {"tool": {"name": "", "target": "beta"}}})",
    R"({"jwt": null, "request": {"method": "GET", "path": "/", "headers": {}},
        "mcp": {"prompt": {"name": "echo", "target": "alpha"}}})",
    R"({"jwt": {"sub": null, "groups": [], "level": -9223372036854775808, "ratio": 1.0,
                "nested": {"key": ["value"]}, "yes": false, "big": 9223372036854775808.0,
                "text": "a\u0000b\ud83d\ude00"},
        "mcp": {"tool": {"name": "\u00e9cho", "target": "alpha", "arguments": {"a": "alice"}}}})",
    "{}"};

class RandomExpression {
 public:
  explicit RandomExpression(Choices& choices) : choices_(choices) {}

  // A boolean expression most of the time.
  std::string rule() { return truth(4); }

  std::string truth(int depth) {
    if (depth <= 0) return atom(0);
    switch (choices_.below(12)) {
      case 0:
      case 1:
        return "(" + truth(depth - 1) + " && " + truth(depth - 1) + ")";
      case 2:
      case 3:
        return "(" + truth(depth - 1) + " || " + truth(depth - 1) + ")";
      case 4:
        return "!" + truth(depth - 1);
      case 5:
        return "(" + truth(depth - 1) + " ? " + truth(depth - 1) + " : " + truth(depth - 1) + ")";
      case 6:
        return "(" + truth(depth - 2) + " && " + truth(depth - 2) + " && " + truth(depth - 2) + ")";
      case 7:
        return list(depth - 1) + quantifier() + predicate() + ")";
      default:
        return atom(depth - 1);
    }
  }

 private:
  std::string attribute() {
    static constexpr std::string_view paths[] = {"jwt.sub",
                                                 "jwt.sub",
                                                 "mcp.tool.name",
                                                 "mcp.tool.name",
                                                 "jwt.groups",
                                                 "jwt.level",
                                                 "jwt.ratio",
                                                 "jwt.nil",
                                                 "jwt.nested.key",
                                                 "jwt[\"nested\"].key",
                                                 "jwt.nested",
                                                 "jwt.email",
                                                 "jwt.yes",
                                                 "jwt.big",
                                                 "jwt.text",
                                                 "jwt.missing",
                                                 "jwt",
                                                 "mcp.prompt.name",
                                                 "mcp.tool.target",
                                                 "mcp.tool.arguments.a",
                                                 "request.method",
                                                 "request.headers[\"x-team\"]",
                                                 "request.headers[\"x-many\"]",
                                                 "request.headers",
                                                 "source.address",
                                                 "source.port",
                                                 "nowhere.at.all"};
    return std::string(choices_.one_of(paths));
  }

  std::string text() {
    static constexpr std::string_view texts[] = {
        "\"alice\"", "\"echo\"",  "\"dev\"",        "\"a\"",   "\"\"",     "\"5\"",
        "\"value\"", "\"alpha\"", "\"\\u00e9cho\"", "\"GET\"", "\"core\"", "\"10.1.2.3\""};
    return std::string(choices_.one_of(texts));
  }

  std::string constant() {
    static constexpr std::string_view constants[] = {"0",
                                                     "1",
                                                     "5",
                                                     "-1",
                                                     "5u",
                                                     "5.0",
                                                     "0.5",
                                                     "-0.0",
                                                     "9007199254740993",
                                                     "9007199254740992.0",
                                                     "9223372036854775807",
                                                     "-9223372036854775808",
                                                     "18446744073709551615u",
                                                     "9223372036854775808.0",
                                                     "0.0 / 0.0",
                                                     "true",
                                                     "false",
                                                     "null",
                                                     "b\"a\"",
                                                     "[]",
                                                     "{}",
                                                     "[\"alice\"]",
                                                     "{\"key\": \"value\"}",
                                                     "duration(\"1s\")",
                                                     "timestamp(\"2020-01-01T00:00:00Z\")",
                                                     "1 / 0",
                                                     "string"};
    return choices_.below(2) == 0 ? text() : std::string(choices_.one_of(constants));
  }

  std::string quantifier() {
    static constexpr std::string_view names[] = {".exists(e, ", ".all(e, ", ".exists_one(e, ",
                                                 ".exists(k, e, ", ".all(k, e, "};
    return std::string(choices_.one_of(names));
  }

  std::string predicate() {
    static constexpr std::string_view predicates[] = {
        "e == \"dev\"",           "e.startsWith(\"a\")", "e > 1", "e in [\"alice\", \"ops\"]",
        "e == jwt.sub",           "1 / e > 0",           "e",     "e.matches(\"^o\")",
        "has(e.x) || e == \"a\"", "e != 1 && e != 2.0",  "!e",    "size(e) > 2"};
    return std::string(choices_.one_of(predicates));
  }

  std::string list(int depth) {
    switch (choices_.below(6)) {
      case 0:
        return "[" + constant() + ", " + constant() + "]";
      case 1:
        return "[\"alice\", \"echo\", \"bob\"]";
      case 2:
        return "[\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"alice\", \"echo\", \"dev\", \"x\"]";
      case 3:
        return depth > 0 ? "[" + value(depth - 1) + ", " + value(depth - 1) + "]" : "jwt.groups";
      default:
        return attribute();
    }
  }

  std::string value(int depth) {
    if (depth <= 0) return choices_.below(2) == 0 ? attribute() : constant();
    static constexpr std::string_view arithmetic[] = {" + ", " - ", " * ", " / ", " % "};
    static constexpr std::string_view functions[] = {"size(", "string(", "int(",    "double(",
                                                     "type(", "dyn(",    "toJson(", "uint("};
    switch (choices_.below(12)) {
      case 0:
        return "(" + value(depth - 1) + std::string(choices_.one_of(arithmetic)) +
               value(depth - 1) + ")";
      case 1:
        return std::string(choices_.one_of(functions)) + value(depth - 1) + ")";
      case 2:
        return "(" + truth(depth - 1) + " ? " + value(depth - 1) + " : " + value(depth - 1) + ")";
      case 3:
        return "default(" + value(depth - 1) + ", " + value(depth - 1) + ")";
      case 4:
        return "coalesce(" + value(depth - 1) + ", " + value(depth - 1) + ")";
      case 5:
        return "cel.bind(v, " + value(depth - 1) + ", [v, v][0])";
      case 6:
        return list(depth - 1) + ".filter(e, " + predicate() + ")";
      case 7:
        return list(depth - 1) + ".map(e, [e, " + value(depth - 1) + "])";
      case 8:
        return attribute() + ".?key.orValue(" + value(depth - 1) + ")";
      case 9:
        return list(depth - 1) + "[" + value(depth - 1) + "]";
      case 10:
        return "{" + text() + ": " + value(depth - 1) + ", \"k\": " + value(depth - 1) + "}";
      default:
        return attribute();
    }
  }

  std::string atom(int depth) {
    static constexpr std::string_view comparisons[] = {" == ", " == ", " != ", " < ",
                                                       " <= ", " > ",  " >= ", " in "};
    static constexpr std::string_view methods[] = {".startsWith(", ".endsWith(", ".contains("};
    static constexpr std::string_view patterns[] = {"^alice$", "^a",     "e$",   "[a-z]+",
                                                    "lic",     "^(a|e)", "a.c",  "(",
                                                    "^\\\\.$", "",       "^ech", "^e.*o$"};
    static constexpr std::string_view asked[] = {
        "jwt.sub",       "jwt.missing",     "jwt.nested.key",
        "jwt.missing.x", "mcp.tool.name",   "mcp.prompt.name",
        "jwt.nil.x",     "request.headers", "mcp.tool.arguments.a",
        "source.address"};
    switch (choices_.below(13)) {
      case 0:
      case 1:
      case 2:
        return attribute() + " == " + text();
      case 3:
        return attribute() + std::string(choices_.one_of(comparisons)) + constant();
      case 4:
        return "(" + value(depth) + std::string(choices_.one_of(comparisons)) + value(depth) + ")";
      case 5:
        return attribute() + " in " + list(depth);
      case 6:
        return constant() + " in " + attribute();
      case 7:
        return attribute() + std::string(choices_.one_of(methods)) + text() + ")";
      case 8:
        return attribute() + ".matches(\"" + std::string(choices_.one_of(patterns)) + "\")";
      case 9:
        return "has(" + std::string(choices_.one_of(asked)) + ")";
      case 10:
        return choices_.below(2) == 0 ? "true" : "false";
      case 11:
        return "cidr(\"10.0.0.0/8\").containsIP(" + attribute() + ")";
      default:
        return attribute();
    }
  }

  Choices& choices_;
};

}  // namespace cel
