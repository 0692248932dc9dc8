// a returned aggregate made of an awaited value
#include "../shapes.h"
Task<Reply> shape() { co_return Reply{1, co_await value()}; }
int main() { return judge(shape); }
