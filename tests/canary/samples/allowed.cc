// The spellings that the await rule allows; both compilers must get each right.
#include "canary.h"

#define CO_TRY(declaration, expression)   \
  auto outcome = (expression);            \
  if (!outcome) co_return Value("error"); \
  declaration = std::move(*outcome)

struct Options {
  Value name;
  int size = 0;
};
class Limits {  // a class with a constructor may stand in the expression as a plain call
 public:
  explicit Limits(Value name) : name_(std::move(name)) {}
  const Value& name() const { return name_; }

 private:
  Value name_;
};

Task<Value> echo(Value value) {
  co_await Pause();
  co_return value;
}
Task<Value> by_reference(const Value& value) {
  co_await Pause();
  co_return value;
}
Task<Value> with_options(Options options) {
  co_await Pause();
  co_return options.name;
}
Task<Value> with_limits(Limits limits) {
  co_await Pause();
  co_return limits.name();
}
Task<std::optional<Value>> maybe(Value value) {
  co_await Pause();
  co_return std::optional<Value>(value);
}
Task<std::pair<Value, Value>> both(Value value) {
  co_await Pause();
  co_return std::pair<Value, Value>(value, value);
}
Task<Options> aggregate(Value value) {
  co_await Pause();
  co_return Options{value, 2};
}

Task<Value> named_aggregate_moved() {
  Options options{Value("x"), 3};
  co_return co_await with_options(std::move(options));
}
Task<Value> plain_calls() {
  const Value made = co_await echo(Value("temporary string, long enough for the heap"));
  co_await echo(made);
  Value again("again");
  again = co_await by_reference(made);
  expect(again.text() == made.text(), "assignment from a co_await");
  co_return again;
}
Task<Value> constructor_in_call() {
  auto value = co_await with_limits(Limits(Value("limits")));
  expect(value.text() == "limits", "a class with a constructor");
  co_return value;
}
Task<Value> bindings() {
  auto [a, b] = co_await both(Value("pair"));
  expect(a.text() == b.text(), "structured binding");
  auto options = co_await aggregate(a);
  co_return std::move(options.name);
}
Task<Value> tried() {
  CO_TRY(auto value, co_await maybe(Value("tried")));
  expect(value.text() == "tried", "CO_TRY");
  co_return value;
}
Task<Value> loops() {
  Value last("none");
  for (int i = 0; i < 3; ++i) {
    auto value = co_await echo(Value("loop"));
    if (value.text() == "loop") last = co_await by_reference(value);
  }
  expect(last.text() == "loop", "loop");
  co_return last;
}
Task<Value> if_over_name() {
  const auto value = co_await echo(Value("name"));
  if (value.text() == "name") {
    co_return co_await echo(value);
  }
  co_return Value("no");
}

int main() {
  int status = 0;
  status |= judge(named_aggregate_moved);
  status |= judge(plain_calls);
  status |= judge(constructor_in_call);
  status |= judge(bindings);
  status |= judge(tried);
  status |= judge(loops);
  status |= judge(if_over_name);
  return status;
}
