// a statement expression that awaits
#include "../shapes.h"
Task<Value> shape() {
  auto result = ({
    auto inner = co_await value();
    inner;
  });
  co_return result;
}
int main() { return judge(shape); }
