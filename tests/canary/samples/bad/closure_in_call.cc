// a closure with captures built in the expression
#include "../shapes.h"
Task<Value> shape() {
  Value kept("kept, and long enough for the heap");
  auto result = co_await call([kept] { return kept; });
  co_return result;
}
int main() { return judge(shape); }
