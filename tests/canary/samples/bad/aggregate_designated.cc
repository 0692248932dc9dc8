// a braced list with names
#include "../shapes.h"
Task<Value> shape() {
  auto result = co_await with_options({.name = Value("x"), .size = 2});
  co_return result;
}
int main() { return judge(shape); }
