#include "auth/scope.h"

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"

namespace auth {
namespace {

std::shared_ptr<const Claims> claims_with(const TestIssuer& issuer, std::string_view more) {
  return verify(issuer.token("alice", 3600, more), issuer.trust(), test_time()).value();
}

TEST(Scope, is_found_as_a_word_of_scope_or_an_item_of_scp) {
  const TestIssuer issuer;
  struct Case {
    const char* more;
    bool has_read;
  };
  for (const Case& c : {
           Case{R"(,"scope":"read")", true},
           Case{R"(,"scope":"write read admin")", true},
           Case{R"(,"scope":" read")", true},
           Case{R"(,"scope":"write  read ")", true},
           Case{R"(,"scp":["write","read"])", true},
           Case{R"(,"scp":"write read")", true},
           Case{R"(,"scope":"write","scp":["read"])", true},
           Case{R"(,"scope":"reader pread read:all READ")", false},
           Case{R"(,"scope":"")", false},
           Case{R"(,"scope":["rea","d"])", false},
           Case{R"(,"scp":["write read"])", false},
           Case{R"(,"scp":[["read"],{"read":true},null])", false},
           Case{R"(,"scp":{"read":true})", false},
           Case{R"(,"scopes":"read")", false},
           Case{"", false},
       }) {
    EXPECT_EQ(is_granted(*claims_with(issuer, c.more), "read"), c.has_read) << c.more;
  }
}

TEST(Scope, wants_all_that_are_asked_for) {
  const TestIssuer issuer;
  const auto claims = claims_with(issuer, R"(,"scope":"a b")");
  const std::vector<std::string> none;
  const std::vector<std::string> both = {"b", "a"};
  const std::vector<std::string> more = {"a", "c"};
  EXPECT_TRUE(are_granted(*claims, none));
  EXPECT_TRUE(are_granted(*claims, both));
  EXPECT_FALSE(are_granted(*claims, more));
}

TEST(Scope, is_printable_ascii_that_a_quoted_string_can_hold) {
  for (const char* good : {"read", "api://x/y.z", "!", "~", "a:b"}) EXPECT_TRUE(is_scope(good));
  for (const char* bad : {"", "a b", "a\"b", "a\\b", "a\nb", "\xc3\xa4"})
    EXPECT_FALSE(is_scope(bad));
}

}  // namespace
}  // namespace auth
