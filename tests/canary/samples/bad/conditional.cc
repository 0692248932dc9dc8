// one arm of ?: awaits a class
#include "../shapes.h"
Task<Value> shape() {
  Value other("other, and long enough for the heap");
  bool choice = co_await yes();
  Value result = choice ? co_await value() : other;
  expect(result.text() == "value", "the chosen arm");
  co_return result;
}
int main() { return judge(shape); }
