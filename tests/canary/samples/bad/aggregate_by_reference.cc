// an aggregate built in the expression, taken by reference
#include "../shapes.h"
Task<Value> shape() { co_return co_await by_reference(Options{Value("x"), 1}); }
int main() { return judge(shape); }
