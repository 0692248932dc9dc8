// a braced list for a vector parameter
#include "../shapes.h"
Task<Value> shape() {
  Value a("a, and long enough for the heap");
  auto result = co_await of_list({a, a});
  co_return result;
}
int main() { return judge(shape); }
