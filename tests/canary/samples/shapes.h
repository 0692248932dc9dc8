#pragma once
// The callees of the refused spellings.
#include "canary.h"

struct Options {
  Value name;
  int size = 0;
};
struct Reply {
  int status = 0;
  Value body;
};
[[maybe_unused]] static Task<Value> with_options(Options options) {
  co_await Pause();
  co_return options.name;
}
[[maybe_unused]] static Task<Value> by_reference(const Options& options) {
  co_await Pause();
  co_return options.name;
}
[[maybe_unused]] static Task<Value> call(std::function<Value()> function) {
  co_await Pause();
  co_return function();
}
[[maybe_unused]] static Task<Value> value() {
  co_await Pause();
  co_return Value("value");
}
[[maybe_unused]] static Task<bool> yes() {
  co_await Pause();
  co_return true;
}
[[maybe_unused]] static Task<Value> of_list(std::vector<Value> list) {
  co_await Pause();
  co_return list.front();
}
