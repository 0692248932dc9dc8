#include "gateway/session_tasks.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

class SessionTasksTest : public testing::Test {
 protected:
  SystemRandom random_;
  SessionIds ids_{crypto::SealKey::from_random(random_), random_};
  SessionTasks tasks_{ids_, "me", "route", 1};
};

TEST_F(SessionTasksTest, have_one_id_as_long_as_they_are_known) {
  const std::string sealed = tasks_.made(TaskName{"tool", "a"});

  EXPECT_EQ(tasks_.made(TaskName{"tool", "a"}), sealed);
  ASSERT_NE(tasks_.sealed("a"), nullptr);
  EXPECT_EQ(*tasks_.sealed("a"), sealed);
  EXPECT_EQ(tasks_.open(sealed), (TaskName{"tool", "a"}));
  EXPECT_EQ(tasks_.sealed("b"), nullptr);
  tasks_.presented("b", "as before");
  EXPECT_EQ(*tasks_.sealed("b"), "as before");
}

TEST_F(SessionTasksTest, are_others_where_a_server_uses_an_id_again_for_another_tool) {
  const std::string first = tasks_.made(TaskName{"tool", "a"});
  const std::string second = tasks_.made(TaskName{"other", "a"});

  EXPECT_EQ(tasks_.open(first), (TaskName{"tool", "a"}));
  EXPECT_EQ(tasks_.open(second), (TaskName{"other", "a"}));
  EXPECT_EQ(*tasks_.sealed("a"), second);
  EXPECT_EQ(tasks_.made(TaskName{"other", "a"}), second);
}

TEST_F(SessionTasksTest, are_the_newest) {
  for (std::size_t i = 0; i <= SessionTasks::tasks_max; ++i) {
    tasks_.presented(std::to_string(i), "sealed");
  }

  EXPECT_EQ(tasks_.sealed("0"), nullptr);
  EXPECT_NE(tasks_.sealed("1"), nullptr);
  EXPECT_NE(tasks_.sealed(std::to_string(SessionTasks::tasks_max)), nullptr);
}

TEST_F(SessionTasksTest, are_none_if_their_names_are_too_long) {
  const std::string id(task_id_bytes_max + 1, 'x');

  EXPECT_EQ(tasks_.made(TaskName{"tool", id}), "");
  EXPECT_EQ(tasks_.sealed(id), nullptr);
}

}  // namespace
}  // namespace gateway
