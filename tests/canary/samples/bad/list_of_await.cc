// a list made of an awaited value
#include "../shapes.h"
Task<Value> shape() {
  std::vector<Value> list{co_await value()};
  co_return list.front();
}
int main() { return judge(shape); }
