// a capturing lambda coroutine that is called at once
#include "../shapes.h"
Task<Value> shape() {
  Value kept("kept, and long enough for the heap");
  auto result = co_await [kept]() -> Task<Value> {
    co_await Pause();
    co_return kept;
  }();
  co_return result;
}
int main() { return judge(shape); }
