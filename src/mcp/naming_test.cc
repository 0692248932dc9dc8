#include "mcp/naming.h"

#include <gtest/gtest.h>

namespace mcp {
namespace {

using Kind = Subject::Kind;

const Naming& naming() {
  static const Naming made({TargetName("a"), TargetName("b.c-1")});
  return made;
}

std::string resolved(Kind kind, std::string_view exposed) {
  const auto place = naming().resolve(kind, exposed);
  return place ? naming().target(place->target).text() + "|" + place->name.text() : "nothing";
}

TEST(Naming, resolves_what_it_exposes) {
  for (const Kind kind : {Kind::tool, Kind::prompt, Kind::resource, Kind::task}) {
    for (const std::size_t target : {0u, 1u}) {
      for (const char* name : {"x", "x_y+z", "", "a_x", "file:///etc/a+b_c", "ui://app/x+y"}) {
        const auto place = naming().resolve(kind, naming().exposed(kind, target, name));
        ASSERT_TRUE(place) << name;
        EXPECT_EQ(place->target, target);
        EXPECT_EQ(place->name.text(), name);
      }
    }
  }
}

TEST(Naming, splits_as_agentgateway_does) {
  const struct {
    Kind kind;
    std::string_view exposed;
    std::string_view says;
  } table[] = {
      {Kind::tool, "a_x", "a|x"},
      {Kind::task, "a+ui://b.c-1+x", "a|ui://b.c-1+x"},
      {Kind::task, "a_x", "nothing"},
      {Kind::tool, "a_b.c-1_x", "a|b.c-1_x"},
      {Kind::tool, "b.c-1_x", "b.c-1|x"},
      {Kind::tool, "a", "nothing"},
      {Kind::tool, "x", "nothing"},
      {Kind::tool, "_x", "nothing"},
      {Kind::tool, "A_x", "nothing"},
      {Kind::tool, "a+x", "nothing"},
      {Kind::tool, "", "nothing"},
      {Kind::prompt, "a_x", "a|x"},
      {Kind::resource, "a+file:///x", "a|file:///x"},
      {Kind::resource, "ui://a+app/x", "a|ui://app/x"},
      {Kind::resource, "a+ui://app", "a|ui://app"},
      {Kind::resource, "file:///a+b", "nothing"},
      {Kind::resource, "a_x", "nothing"},
      {Kind::resource, "c+x", "nothing"},
      {Kind::none, "a_x", "nothing"},
  };
  for (const auto& row : table) EXPECT_EQ(resolved(row.kind, row.exposed), row.says) << row.exposed;
}

}  // namespace
}  // namespace mcp
