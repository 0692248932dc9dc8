// an aggregate built in the expression
#include "../shapes.h"
Task<Value> shape() { co_return co_await with_options(Options{Value("x"), 1}); }
int main() { return judge(shape); }
