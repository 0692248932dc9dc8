#include "yaml/expand.h"

#include <gtest/gtest.h>

namespace yaml {
namespace {

std::optional<std::string> environment(std::string_view name) {
  if (name == "PORT") return "8080";
  if (name == "EMPTY") return "";
  if (name == "TRICKY") return "a: [b] # $PORT\n\"'";
  if (name == "_x1") return "underscore";
  return std::nullopt;
}

// The text of a quoted scalar after expansion.
std::string expanded(std::string text) {
  Node node = scalar(std::move(text), Position{1, 1});
  const std::vector<Mistake> mistakes = expand(node, environment);
  EXPECT_TRUE(mistakes.empty()) << mistakes.front().message;
  return node.text;
}

TEST(Expand, replaces_variables) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"$PORT", "8080"},
      {"${PORT}", "8080"},
      {"http://h:${PORT}/$PORT", "http://h:8080/8080"},
      {"$PORT-x", "8080-x"},
      {"$_x1!", "underscore!"},
      {"${MISSING:-fallback}", "fallback"},
      {"${EMPTY:-fallback}", "fallback"},
      {"${PORT:-fallback}", "8080"},
      {"${MISSING:-}", ""},
      {"[$EMPTY]", "[]"},
      {"$$PORT", "$PORT"},
      {"$$", "$"},
      {"$$$PORT", "$8080"},
      {"$", "$"},
      {"^/a$", "^/a$"},
      {"^(a|b)$|c", "^(a|b)$|c"},
      {"$1 ${1} ${} $-", "$1 ${1} ${} $-"},
      {"plain", "plain"},
      {"$TRICKY", "a: [b] # $PORT\n\"'"},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(expanded(text), value) << text;
}

TEST(Expand, reports_every_unset_variable_at_its_place) {
  Node root = *read("a: x $MISSING y\nb:\n  - \"$PORT ${ALSO_MISSING}\"\n  - ${PORT\n");
  const std::vector<Mistake> mistakes = expand(root, environment);

  ASSERT_EQ(mistakes.size(), 3U);
  EXPECT_EQ(mistakes[0], (Mistake{{1, 6}, "environment variable `MISSING` is not set"}));
  EXPECT_EQ(mistakes[1], (Mistake{{3, 12}, "environment variable `ALSO_MISSING` is not set"}));
  EXPECT_EQ(mistakes[2], (Mistake{{4, 5}, "expected `}` or `:-` after the name in `${`"}));
  EXPECT_EQ(root.find("a")->text, "x $MISSING y");
  EXPECT_TRUE(root.find("a")->is_broken);
}

TEST(Expand, changes_values_only_and_marks_them) {
  Node root = *read("$PORT: $TRICKY\nplain: x\ncost: 5$$\n");
  EXPECT_TRUE(expand(root, environment).empty());

  ASSERT_EQ(root.members.size(), 3U);
  EXPECT_EQ(root.members[0].key.text, "$PORT");
  EXPECT_TRUE(root.members[0].value.is_scalar());
  EXPECT_TRUE(root.members[0].value.is_expanded);
  EXPECT_FALSE(root.find("plain")->is_expanded);
  EXPECT_FALSE(root.find("cost")->is_expanded);
  EXPECT_EQ(root.find("cost")->text, "5$");
  EXPECT_EQ(root.find("cost")->position_of(2), root.find("cost")->at);
}

}  // namespace
}  // namespace yaml
