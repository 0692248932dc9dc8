#include "gateway/task_id.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

class TaskIdTest : public testing::Test {
 protected:
  SystemRandom random_;
  SessionIds ids_{crypto::SealKey::from_random(random_), random_};
  Binding mine_{"me", "route", 1};
  TaskName task_{"alpha_research", "alpha+786512e2"};
  std::string sealed_ = seal_task(ids_, mine_, task_);
};

TEST_F(TaskIdTest, opens_for_whom_it_was_made) {
  EXPECT_EQ(open_task(ids_, sealed_, mine_), task_);
  EXPECT_NE(seal_task(ids_, mine_, task_), sealed_);
  EXPECT_EQ(sealed_.find("786512e2"), std::string::npos);
  for (const TaskName& odd : {TaskName{"", ""}, TaskName{std::string(300, 't'), "i"},
                              TaskName{"t", std::string(task_id_bytes_max, 'i')}}) {
    const std::string sealed = seal_task(ids_, mine_, odd);
    EXPECT_LE(sealed.size(), sealed_task_bytes_max);
    EXPECT_EQ(open_task(ids_, sealed, mine_), odd);
  }
}

TEST_F(TaskIdTest, is_of_no_use_to_others_or_elsewhere) {
  EXPECT_FALSE(open_task(ids_, sealed_, Binding("you", "route", 1)));
  EXPECT_FALSE(open_task(ids_, sealed_, Binding("me", "other", 1)));
  EXPECT_FALSE(open_task(ids_, sealed_, Binding("me", "route", 2)));
  const SessionIds others(crypto::SealKey::from_random(random_), random_);
  EXPECT_FALSE(open_task(others, sealed_, mine_));
}

TEST_F(TaskIdTest, cannot_be_made_up_or_altered) {
  EXPECT_FALSE(open_task(ids_, "", mine_));
  EXPECT_FALSE(open_task(ids_, task_.id, mine_));
  EXPECT_FALSE(open_task(ids_, std::string(1 << 20, 'A'), mine_));
  EXPECT_FALSE(open_task(ids_, sealed_ + "A", mine_));
  EXPECT_FALSE(open_task(ids_, ids_.seal(ids_.make(), mine_), mine_));
  EXPECT_FALSE(open_task(ids_, ids_.seal_text("", "agentgateway taskId 1"), mine_));
  for (std::size_t at = 0; at < sealed_.size(); ++at) {
    std::string altered = sealed_;
    altered[at] = altered[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(open_task(ids_, altered, mine_)) << at;
    EXPECT_FALSE(open_task(ids_, sealed_.substr(0, at), mine_)) << at;
  }
}

TEST_F(TaskIdTest, is_not_made_of_names_that_are_too_long) {
  const std::string too_long(task_id_bytes_max + 1, 'x');
  EXPECT_EQ(seal_task(ids_, mine_, TaskName{"t", too_long}), "");
  EXPECT_EQ(seal_task(ids_, mine_, TaskName{too_long, "i"}), "");
}

TEST_F(TaskIdTest, keeps_cursors_apart_from_ids_and_from_others) {
  const std::string sealed = seal_task_cursor(ids_, mine_, "786512e2");

  EXPECT_EQ(open_task_cursor(ids_, sealed, mine_), "786512e2");
  EXPECT_EQ(sealed.find("786512e2"), std::string::npos);
  EXPECT_EQ(open_task_cursor(ids_, seal_task_cursor(ids_, mine_, ""), mine_), "");
  const std::string longest(task_cursor_bytes_max, 'c');
  EXPECT_EQ(open_task_cursor(ids_, seal_task_cursor(ids_, mine_, longest), mine_), longest);
  EXPECT_EQ(seal_task_cursor(ids_, mine_, longest + "c"), "");
  EXPECT_FALSE(open_task_cursor(ids_, sealed, Binding("you", "route", 1)));
  EXPECT_FALSE(open_task_cursor(ids_, sealed_, mine_));
  EXPECT_FALSE(open_task(ids_, sealed, mine_));
  EXPECT_FALSE(open_task_cursor(ids_, "786512e2", mine_));
  EXPECT_FALSE(open_task_cursor(ids_, std::string(1 << 20, 'A'), mine_));
}

}  // namespace
}  // namespace gateway
