#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_environment.h"

namespace upstream {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> own = {"PATH=/usr/bin:/bin", "HOME=/root",      "SESSION_KEY=secret",
                                      "LC_ALL=C",           "NODE_OPTIONS=-x", "LANG=C",
                                      "AWS_SECRET=secret",  "PATHX=1"};

TEST(ChildEnvironment, inherits_only_what_is_on_the_list) {
  EXPECT_THAT(child_environment(StdioSettings(), own),
              ElementsAre("PATH=/usr/bin:/bin", "HOME=/root", "LC_ALL=C", "LANG=C"));
}

TEST(ChildEnvironment, adds_what_is_configured_which_wins) {
  StdioSettings settings;
  settings.environment = {{"HOME", "/tmp"}, {"SESSION_KEY", "its own"}};

  EXPECT_THAT(
      child_environment(settings, own),
      ElementsAre("PATH=/usr/bin:/bin", "LC_ALL=C", "LANG=C", "HOME=/tmp", "SESSION_KEY=its own"));
}

TEST(ChildEnvironment, is_only_what_is_configured_if_cleared) {
  StdioSettings settings;
  settings.clear_environment = true;
  EXPECT_THAT(child_environment(settings, own), IsEmpty());
  settings.environment = {{"A", "1"}};
  EXPECT_THAT(child_environment(settings, own), ElementsAre("A=1"));
}

TEST(FindProgram, uses_the_gateways_path_only_if_the_child_has_none) {
  const std::vector<std::string> none, with_path = {"PATH=/nowhere"};

  EXPECT_EQ(find_program("sh", with_path, own), "sh");
  EXPECT_THAT(find_program("sh", none, own), testing::EndsWith("bin/sh"));
  EXPECT_EQ(find_program("./sh", none, own), "./sh");
  EXPECT_EQ(find_program("no-such-program", none, own), "no-such-program");
  EXPECT_EQ(find_program("sh", none, none), "sh");
}

}  // namespace
}  // namespace upstream
