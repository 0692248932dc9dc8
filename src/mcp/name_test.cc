#include "mcp/name.h"

#include <gtest/gtest.h>

namespace mcp {
namespace {

Addressed addressed(const char* target, const char* name) {
  return Addressed{TargetName(target), UpstreamName(name)};
}

TEST(Name, is_split_at_the_first_delimiter) {
  EXPECT_EQ(split(ExposedName("alpha_echo")), addressed("alpha", "echo"));
  EXPECT_EQ(split(ExposedName("alpha_beta_x")), addressed("alpha", "beta_x"));
  EXPECT_EQ(split(ExposedName("alpha__echo")), addressed("alpha", "_echo"));
  EXPECT_EQ(split(ExposedName("alpha_")), addressed("alpha", ""));
  EXPECT_FALSE(split(ExposedName("echo")));
  EXPECT_FALSE(split(ExposedName("_")));
  EXPECT_FALSE(split(ExposedName("")));
}

TEST(Name, is_exposed_so_that_it_splits_again) {
  for (const char* name : {"echo", "_echo", "beta_x", "a.b-c", ""}) {
    const UpstreamName upstream{std::string(name)};
    EXPECT_EQ(split(expose(TargetName("alpha"), upstream)), addressed("alpha", name));
  }
  for (const char* uri : {"file:///a", "beta+file:///a", "ui://x/y+z", "ui://", ""}) {
    const UpstreamName upstream{std::string(uri)};
    EXPECT_EQ(split_uri(expose_uri(TargetName("alpha"), upstream)), addressed("alpha", uri));
  }
}

TEST(Name, of_a_resource_keeps_the_ui_scheme) {
  EXPECT_EQ(expose_uri(TargetName("alpha"), UpstreamName("ui://a")).text(), "ui://alpha+a");
  EXPECT_EQ(expose_uri(TargetName("alpha"), UpstreamName("file:///a")).text(), "alpha+file:///a");
  EXPECT_FALSE(split_uri(ExposedName("file:///secret")));
  EXPECT_FALSE(split_uri(ExposedName("+file:///secret")));
}

TEST(Name, of_a_target_cannot_hold_a_delimiter) {
  EXPECT_TRUE(is_valid_target_name("everything-2.0"));
  for (const char* name : {"", "a_b", "a+b", "a b", "a/b", "\xC3\xA9"}) {
    EXPECT_FALSE(is_valid_target_name(name)) << name;
  }
  EXPECT_FALSE(is_valid_target_name(std::string(65, 'a')));
}

TEST(Name, carries_its_target_as_configured) {
  EXPECT_FALSE(is_prefixed(PrefixMode::conditional, 1));
  EXPECT_TRUE(is_prefixed(PrefixMode::conditional, 2));
  EXPECT_TRUE(is_prefixed(PrefixMode::always, 1));
  EXPECT_FALSE(is_prefixed(PrefixMode::never, 2));
}

}  // namespace
}  // namespace mcp
