#include "gateway/catalogue.h"

#include <gtest/gtest.h>

#include "gateway/detail_test_server.h"

namespace gateway {
namespace {

class CatalogueTest : public testing::Test {
 protected:
  void page(const std::string& text) { heard_.ready.emplace_back(result(text)); }
  template <class T>
  Task<T> begin(Task<T> task) {
    return begin_on(scheduler_, std::move(task));
  }
  Result<bool> knows(const std::string& name) { return run_on(scheduler_, catalogue_.knows(name)); }
  Script& call(std::size_t index) { return *heard_.calls.at(index); }

  ManualScheduler scheduler_;
  Heard heard_;
  ScriptedSession server_{heard_};
  Catalogue catalogue_{scheduler_, server_, "tools"};
};

TEST_F(CatalogueTest, knows_what_stands_on_any_page_and_fetches_them_once) {
  page(R"({"tools":[{"name":"a"},{"title":"no name"}],"nextCursor":"p2"})");
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_TRUE(knows("b").value());
  EXPECT_TRUE(knows("a").value());
  EXPECT_FALSE(knows("c").value());
  ASSERT_EQ(heard_.calls.size(), 2U);
  EXPECT_EQ(call(0).method, "tools/list");
  EXPECT_EQ(call(0).params, "{}");
  EXPECT_EQ(call(1).params, R"({"cursor":"p2"})");
  EXPECT_TRUE(call(0).is_own);
}

TEST_F(CatalogueTest, knows_nothing_of_a_kind_that_the_server_does_not_have) {
  heard_.ready.emplace_back(
      Event(Event::Kind::result,
            message(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}})")));
  EXPECT_FALSE(knows("a").value());
}

TEST_F(CatalogueTest, works_for_a_refused_name_as_for_an_unknown_one) {
  page(R"({"tools":[{"name":"a"}]})");
  EXPECT_TRUE(run_on(scheduler_, catalogue_.refresh()));
  EXPECT_TRUE(run_on(scheduler_, catalogue_.refresh()));
  EXPECT_EQ(heard_.calls.size(), 1U);
  scheduler_.advance(std::chrono::seconds(10));
  page(R"({"tools":[{"name":"a"}]})");
  EXPECT_TRUE(run_on(scheduler_, catalogue_.refresh()));
  EXPECT_EQ(heard_.calls.size(), 2U);
}

TEST_F(CatalogueTest, looks_for_an_unknown_name_every_ten_seconds_at_most) {
  page(R"({"tools":[{"name":"a"}]})");
  EXPECT_FALSE(knows("b").value());
  scheduler_.advance(std::chrono::milliseconds(9999));
  EXPECT_FALSE(knows("b").value());
  EXPECT_FALSE(knows("c").value());
  EXPECT_EQ(heard_.calls.size(), 1U);
  scheduler_.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(knows("a").value());
  EXPECT_EQ(heard_.calls.size(), 1U);
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_TRUE(knows("b").value());
  EXPECT_EQ(heard_.calls.size(), 2U);
}

TEST_F(CatalogueTest, fetches_once_for_all_who_ask_meanwhile) {
  auto first = begin(catalogue_.knows("a"));
  auto second = begin(catalogue_.knows("b"));
  EXPECT_FALSE(first.is_done());
  EXPECT_FALSE(second.is_done());
  EXPECT_EQ(heard_.calls.size(), 1U);
  call(0).say(result(R"({"tools":[{"name":"a"}]})"));
  scheduler_.run();
  ASSERT_TRUE(first.is_done());
  ASSERT_TRUE(second.is_done());
  EXPECT_TRUE(first.take().value());
  EXPECT_FALSE(second.take().value());
  EXPECT_EQ(heard_.calls.size(), 1U);
}

TEST_F(CatalogueTest, remembers_no_fetch_that_failed) {
  page(R"({"tools":[{"name":"a"}],"nextCursor":"p2"})");
  heard_.ready.emplace_back(failed(Fault::timed_out, "scripted"));
  const auto failed_once = knows("a");
  ASSERT_FALSE(failed_once);
  EXPECT_EQ(failed_once.error().fault(), Fault::timed_out);
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_FALSE(knows("a").value());
  EXPECT_TRUE(knows("b").value());
}

TEST_F(CatalogueTest, remembers_no_fetch_whose_asker_went_away) {
  auto first = begin(catalogue_.knows("a"));
  auto second = begin(catalogue_.knows("a"));
  ASSERT_EQ(heard_.calls.size(), 1U);
  first = Task<Result<bool>>();
  page(R"({"tools":[{"name":"a"}]})");
  scheduler_.run();
  ASSERT_TRUE(second.is_done());
  EXPECT_TRUE(second.take().value());
}

TEST_F(CatalogueTest, asks_again_for_a_list_that_changed_while_it_was_fetched) {
  auto asking = begin(catalogue_.knows("b"));
  catalogue_.expire();
  call(0).say(result(R"({"tools":[{"name":"a"}]})"));
  scheduler_.run();
  ASSERT_TRUE(asking.is_done());
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_TRUE(knows("b").value());
}

TEST_F(CatalogueTest, stops_at_a_hundred_pages) {
  for (int i = 0; i < 150; ++i) page(R"({"tools":[],"nextCursor":"more"})");
  EXPECT_FALSE(knows("a").value());
  EXPECT_EQ(heard_.calls.size(), 100U);
}

}  // namespace
}  // namespace gateway
