// a condition that awaits in a body without local variables
#include "../shapes.h"
Task<int> shape() {
  if (co_await yes()) {
    co_return 1;
  }
  co_return 2;
}
int main() { return judge(shape); }
