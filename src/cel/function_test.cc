// What expressions mean, case by case, on the reference interpreter: the rules that are easy to get
// wrong and agentgateway's own functions. The specification's own tests are in conformance_test.cc.

#include "cel/function.h"

#include <array>

#include <gtest/gtest.h>

#include "cel/convert.h"
#include "cel/header_view.h"
#include "cel/reference.h"

namespace cel {
namespace {

class Headers final : public HeaderSource {
 public:
  std::size_t size() const override { return entries.size(); }
  std::pair<std::string_view, std::string_view> at(std::size_t index) const override {
    return entries[index];
  }
  std::vector<std::pair<std::string_view, std::string_view>> entries{
      {"X-Team", "core"}, {"x-many", "a, b"},
      {"X-MANY", "c"},    {"Cookie", "first=1; session=abc"},
      {"x-bad", "\xff"},  {"Authorization", "Bearer secret"}};
};

constexpr std::array attributes{
    Attribute{.path = "headers", .record = Record::open},
    Attribute{.path = "mcp", .record = Record::closed},
    Attribute{.path = "mcp.tool", .record = Record::closed},
    Attribute{.path = "mcp.tool.name"},
    Attribute{.path = "mcp.prompt", .record = Record::closed},
    Attribute{.path = "mcp.prompt.name"},
    Attribute{.path = "jwt", .record = Record::open},
    Attribute{.path = "nobody", .record = Record::open},
};

class Source final : public AttributeSource {
 public:
  Source()
      : claims_(json::Document::parse(
                    R"({"sub":"me","n":null,"groups":["a","b"],"big":18446744073709551615,)"
                    R"("one":1,"real":1.0,"nested":{"key":"value"}})")
                    .value()) {}
  Value get(AttributeIndex index, Arena& arena) const override {
    const std::string_view path = attributes[index].path;
    if (path == "headers") return of_headers(headers_, arena);
    if (path == "mcp.tool.name") return Value::of_string("add");
    if (path == "jwt") return from_json(claims_.root(), arena);
    return Value::error(ErrorCode::no_such_key, path);
  }

 private:
  Headers headers_;
  json::Document claims_;
};

// The value as an expression, `error: ...`, or the first problem of the parser.
std::string evaluated(std::string_view source, std::uint64_t fuel = default_fuel) {
  const Parsed parsed = parse(source);
  if (!parsed.ok()) return "problem: " + parsed.problems[0].text;
  Evaluation evaluation(fuel);
  const Source host;
  const Value value = evaluate_reference(parsed.ast, {attributes, host}, evaluation);
  return to_text(value, evaluation.arena());
}

struct Case {
  std::string_view source;
  std::string_view result;
};

void check(std::initializer_list<Case> cases) {
  for (const Case& wanted : cases) {
    EXPECT_EQ(evaluated(wanted.source), wanted.result) << wanted.source;
  }
}

TEST(Semantics, a_deciding_operand_absorbs_errors_on_both_sides) {
  check({{"1/0 == 1 || true", "true"},
         {"true || 1/0 == 1", "true"},
         {"false && missing", "false"},
         {"1 && false", "false"},
         {"true && 1/0 == 1", "error: division by zero"},
         {"false || 'a'", "error: no such overload: ||"},
         {"[0, 1].exists(x, 1 / x == 1)", "true"},
         {"[0, 2].all(x, 1 / x == 1)", "false"},
         {"[0, 1].all(x, 1 / x == 1)", "error: division by zero"},
         {"[0, 1].exists_one(x, 1 / x == 1)", "error: division by zero"},
         {"(1/0 == 1 ? true : true) || true", "true"},
         {"true ? 1 : 1/0", "1"}});
}

TEST(Semantics, equality_compares_numbers_and_never_fails) {
  check({{"1 == 1.0 && 1u == 1 && 1.0 == 1u", "true"},
         {"1 == '1'", "false"},
         {"[1, 2.0] == [1u, 2]", "true"},
         {"{1: 'a'} == {1u: 'a'}", "true"},
         {"double('NaN') == double('NaN')", "false"},
         {"[double('NaN')] == [double('NaN')]", "false"},
         {"null == null", "true"}});
}

TEST(Semantics, order_is_defined_for_numbers_texts_bools_and_times_only) {
  check({{"1 < 1.5 && 2u > 1 && -1 < 0u", "true"},
         {"9223372036854775807 < 9223372036854775808.0", "false"},
         {"'a' < 'b' && b'a' < b'b' && false < true", "true"},
         {"[1] < [2]", "error: no such overload: <"},
         {"null < null", "error: no such overload: <"},
         {"1 < double('NaN')", "error: bad argument: NaN has no order"}});
}

TEST(Semantics, arithmetic_is_checked) {
  check({{"9223372036854775807 + 1", "error: overflow"},
         {"-9223372036854775808 / -1", "error: overflow"},
         {"-9223372036854775808 * -1", "error: overflow"},
         {"-(-9223372036854775808)", "error: overflow"},
         {"0u - 1u", "error: overflow"},
         {"-7 / 2", "-3"},
         {"-7 % 2", "-1"},
         {"7.0 % 2.0", "error: no such overload: %"},
         {"1.0 / 0.0", "double(\"Infinity\")"},
         {"1 + 1u", "error: no such overload: +"},
         {"int(9223372036854775808.0)", "error: overflow"},
         {"int(double('NaN'))", "error: overflow"},
         {"double('1e-400')", "0.0"},
         {"string(0.1)", "\"0.1\""},
         {"bool('T')", "error: bad argument: bool() of text that is neither true nor false"},
         {"string(b'\\xff')", "error: bad argument: string() of bytes that are no UTF-8"}});
}

TEST(Semantics, map_keys_are_found_across_numeric_types) {
  check({{"{1: 'a'}[1u] + {1: 'b'}[1.0]", "\"ab\""},
         {"{1: 'a'}[1.5]", "error: no such key"},
         {"{9223372036854775807: 1}[9223372036854775808.0]", "error: no such key"},
         {"{1: 1, 1u: 2}", "error: duplicate key"},
         {"{1.0: 1}", "error: unsupported key type"},
         {"[1, 2][1u] + [1, 2][0.0]", "3"},
         {"[1][1]", "error: out of range: list index"},
         {"'a' in 'abc'", "error: no such overload: in"}});
}

TEST(Semantics, has_asks_for_the_last_field_only) {
  check({{"has(jwt.sub)", "true"},
         {"has(jwt.n)", "true"},
         {"has(jwt.none)", "false"},
         {"has(jwt.none.none)", "error: no such key: none"},
         {"has(jwt.sub.x)", "error: no such overload: x"},
         {"has(jwt.nested.key) && !has(jwt.nested.other)", "true"}});
}

TEST(Attributes, are_absent_without_being_null_inside_a_chain) {
  check({{"nobody == null", "true"},
         {"nobody.sub", "error: no such key: nobody"},
         {"has(nobody.sub)", "false"},
         {"nobody.sub == 'x' || true", "true"},
         {"unknown", "error: undeclared reference: unknown"},
         {"mcp.tool.name", "\"add\""},
         {"has(mcp.tool.name)", "true"},
         {"has(mcp.prompt.name)", "false"},
         {"has(mcp.prompt)", "false"},
         {"mcp.prompt.name", "error: no such key: mcp.prompt.name"},
         {"mcp", "{\"tool\": {\"name\": \"add\"}}"},
         {"mcp.tool['name']", "\"add\""}});
}

TEST(Attributes, json_integers_are_ints) {
  check({{"type(jwt.one) == int && type(jwt.big) == uint && type(jwt.real) == double", "true"},
         {"jwt.one + 1", "2"},
         {"json('{\"a\":1}').a + 1", "2"},
         {"json('[1, 2.5]')", "[1, 2.5]"},
         {"jwt.groups[1]", "\"b\""},
         {"'b' in jwt.groups && jwt.groups.exists(g, g == 'a')", "true"},
         {"jwt.map(k, k).size()", "7"}});
}

TEST(Headers, are_a_string_or_a_list_whatever_way_they_are_written) {
  check({{"headers['x-team'] + headers['X-Team']", "\"corecore\""},
         {"headers['x-many']", "[\"a, b\", \"c\"]"},
         {"headers.raw()['x-team']", "[\"core\"]"},
         {"headers.join()['x-many']", "\"a, b,c\""},
         {"headers.split()['x-many']", "[\"a\", \"b\", \"c\"]"},
         {"headers.raw().join()['x-many']", "\"a, b,c\""},
         {"headers.authorization", "\"Bearer secret\""},
         {"headers.redacted().authorization", "\"<redacted>\""},
         {"headers.redacted().raw().authorization", "[\"<redacted>\"]"},
         {"headers.cookie('session')", "\"abc\""},
         {"headers.cookie('none')", "error: no such key: none"},
         {"'x-bad' in headers || has(headers.none)", "false"},
         {"headers.size()", "4"},
         {"headers.exists(name, name == 'x-many')", "true"},
         {"{'a': 'b'}.raw()", "error: no such overload: a function of headers"}});
}

TEST(Functions, of_the_gateway_do_what_their_names_say) {
  check({{"default(jwt.none, 'd') + default(jwt.n, 'e') + default(jwt.sub, 'f')", "\"deme\""},
         {"default(unknown.x, 'd')", "\"d\""},
         {"default(1/0, 1)", "error: division by zero"},
         {"coalesce(1/0, jwt.none, jwt.sub)", "\"me\""},
         {"coalesce(1/0, null)", "null"},
         {"coalesce(1/0)", "error: division by zero"},
         {"jwt.sub.with(s, s + s)", "\"meme\""},
         {"{'a': 1, 'b': 2}.mapValues(v, v * 2)", "{\"a\": 2, \"b\": 4}"},
         {"{'a': 1, 'b': 2}.filterKeys(k, k == 'a')", "{\"a\": 1}"},
         {"{'a': 1, 'b': 2}.merge({'b': 3})", "{\"a\": 1, \"b\": 3}"},
         {"'aXbX'.regexReplace('X(b)', '<$1${1}$$>')", "\"a<bb$>X\""},
         {"'a'.regexReplace('(', '')", "error: bad argument: bad regular expression: ("},
         {"'/api/x'.stripPrefix('/api').stripSuffix('x')", "\"/\""},
         {"fail('no')", "error: fail() called: no"},
         {"min(3, 1.5, 2u)", "1.5"},
         {"max([])", "null"},
         {"size(uuid())", "36"},
         {"random() <= 1.0", "true"}});
}

TEST(Functions, of_encodings_round_trip) {
  check({{"toJson({'a': [1, 2u, 1.5, null, true, b'hi'], 'd': duration('1.5s')})",
          "\"{\\\"a\\\":[1,2,1.5,null,true,\\\"aGk=\\\"],\\\"d\\\":\\\"1.5s\\\"}\""},
         {"base64.decode('aGk') == b'hi' && base64Encode('hi') == 'aGk='", "true"},
         {"base64.decode('aGl')", "error: bad argument: base64.decode(): bad text"},
         {"url.encode('a b/~')", "\"a%20b%2F~\""},
         {"url.decode('a+b%2f')", "\"a+b/\""},
         {"form.decode('a=1&b=x+y&a=2')", "{\"a\": [\"1\", \"2\"], \"b\": \"x y\"}"},
         {"form.encode({'b': ['x', 'y z'], 'a': 1, 'n': null})", "\"a=1&b=x&b=y+z\""},
         {"'/p?a=1&a=%202#f'.query('a')", "[\"1\", \" 2\"]"},
         {"'/p?a=1#f'.addQuery('b', 'x y')", "\"/p?a=1&b=x+y#f\""},
         {"'/p?a=1&b=2'.setQuery('a', '3')", "\"/p?b=2&a=3\""},
         {"sha256.encode('abc')",
          "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""},
         {"md5.encode(b'')", "\"d41d8cd98f00b204e9800998ecf8427e\""},
         {"unvalidatedJwtPayload('e30.eyJhIjoxfQ.x')", "{\"a\": 1}"},
         {"json('{')", "error: bad argument: json() of text that is not JSON"},
         {"toJson(type(1))", "error: bad argument: toJson() of a value that has no JSON form"},
         {"unvalidatedJwtPayload('a.b')",
          "error: bad argument: unvalidatedJwtPayload() of text without three parts"}});
}

TEST(Functions, of_time_know_zones) {
  check({{"timestamp('2024-03-10T12:00:00Z').getHours('America/New_York')", "8"},
         {"timestamp('2024-03-10T12:00:00Z').getHours('+05:30')", "17"},
         {"timestamp('2024-03-10T12:00:00Z').getHours('../../etc/passwd')",
          "error: bad argument: there is no such time zone"},
         {"timestamp('2024-03-10T12:00:00Z').getHours('Mars/Olympus')",
          "error: bad argument: there is no such time zone"},
         {"timestamp('2024-02-30T12:00:00Z')",
          "error: bad argument: timestamp() of text that is no RFC 3339 time"},
         {"timestamp('2024-02-29T12:00:00.125+01:00')", "timestamp(\"2024-02-29T11:00:00.125Z\")"},
         {"duration('1h30m') - duration('1.5s')", "duration(\"5398.5s\")"},
         {"duration('1h rest')", "error: bad argument: duration() of text that is no duration"},
         {"duration('-1.000000001s')", "duration(\"-1.000000001s\")"}});
}

TEST(Functions, of_networks_see_through_mapped_addresses) {
  check({{"cidr('192.168.0.0/16').containsIP('::ffff:c0a8:1')", "true"},
         {"cidr('::ffff:c0a8:0/112').containsIP('192.168.0.1')", "true"},
         {"cidr('127.0.0.1/8').ip() == ip('127.0.0.1')", "true"},
         {"cidr('10.0.0.0/33')", "error: bad argument: cidr(): a bad length of a network's prefix"},
         {"ip('fe80::1%eth0')", "error: bad argument: ip(): an IP address with a zone"},
         {"ip('010.0.0.1')", "error: bad argument: ip(): not an IP address"}});
}

TEST(Budget, cannot_be_absorbed) {
  for (const std::string_view source :
       {"[1,2,3,4,5,6,7,8].all(a, [1,2,3,4].all(b, a + b > 0)) || true",
        "default([1,2,3,4,5,6,7,8].map(a, [1,2,3,4].map(b, a + b)), 1)",
        "coalesce([1,2,3,4,5,6,7,8].map(a, [1,2,3,4].map(b, a + b)), 1)",
        "[1].exists(x, [1,2,3,4,5,6,7,8].all(a, [1,2,3,4].all(b, a + b > 0)) || true)"}) {
    EXPECT_EQ(evaluated(source, 50), "error: budget exceeded") << source;
  }
}

// A list of two of a list of two ... of 1: few values, but 2^depth elements when it is written out.
std::string doubled_list(int depth, const std::string& use) {
  std::string source = use;
  for (int i = 1; i <= depth; ++i) {
    const std::string inner = i == depth ? "1" : "a" + std::to_string(i + 1);
    source = "[" + inner + "," + inner + "].with(a" + std::to_string(i) + ", " + source + ")";
  }
  return source;
}

TEST(Budget, bounds_what_is_written) {
  EXPECT_EQ(evaluated(doubled_list(2, "toJson(a1)")), "\"[[1,1],[1,1]]\"");
  EXPECT_EQ(evaluated(doubled_list(30, "toJson(a1)")),
            "error: bad argument: toJson() of a value that has no JSON form");
  EXPECT_EQ(evaluated(doubled_list(30, "'%s'.format([a1])")), "error: budget exceeded");
  EXPECT_EQ(evaluated(doubled_list(30, "a1 == a1")), "error: budget exceeded");
}

TEST(Budget, bounds_memory) {
  EXPECT_EQ(evaluated("cel.bind(a, '0123456789012345678901234567890123456789',"
                      "cel.bind(b, a+a+a+a+a+a+a+a, cel.bind(c, b+b+b+b+b+b+b+b,"
                      "cel.bind(d, c+c+c+c+c+c+c+c, cel.bind(e, d+d+d+d+d+d+d+d, size(e) > 0 ||"
                      "true)))))"),
            "error: memory limit exceeded");
}

TEST(Library, has_a_readable_signature_for_every_function) {
  EXPECT_GT(all_functions().size(), 100U);
  for (const Function& function : all_functions()) {
    for (const Signature& signature : function.overloads) {
      EXPECT_FALSE(signature.result.empty()) << function.name;
      for (const std::string_view type : signature.types) EXPECT_FALSE(type.empty());
      EXPECT_EQ(signature.is_method, function.is_method) << function.name;
    }
  }
}

}  // namespace
}  // namespace cel
