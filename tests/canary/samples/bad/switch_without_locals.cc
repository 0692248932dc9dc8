// a switch that awaits in a body without local variables
#include "../shapes.h"
Task<int> shape() {
  switch (co_await yes()) {
    case true:
      co_return 1;
    default:
      co_return 2;
  }
}
int main() { return judge(shape); }
