#pragma once
// What tests of policies that are made of settings in YAML have in common.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "policy/settings.h"

namespace policy {

inline const yaml::Environment no_variables = [](std::string_view) { return std::nullopt; };

class PolicyTest : public testing::Test {
 protected:
  explicit PolicyTest(cel::AttributeTable variables = {}) : environment_(variables) {}

  // What `make` makes of the settings; null if they or what it found is wrong, which said() tells.
  template <typename Settings, typename Made>
  std::unique_ptr<const Made> made_of(const std::string& text,
                                      std::unique_ptr<const Made> (*make)(const Settings&,
                                                                          BuildContext&)) {
    const yaml::Source source{"test.yaml", text};
    auto reading = schema::read_text<Settings>(source, no_variables);
    problems_ = reading.problems;
    if (schema::has_errors(problems_)) return nullptr;
    BuildContext context(environment_, keys_, true);
    auto made = make(reading.value, context);
    problems_.insert(problems_.end(), context.problems().begin(), context.problems().end());
    return made;
  }
  std::string said() const {
    std::string all;
    for (const auto& problem : problems_) all += problem.message + "\n";
    return all;
  }

  cel::Environment environment_;
  auth::KeyStore keys_;
  schema::Problems problems_;
};

}  // namespace policy
