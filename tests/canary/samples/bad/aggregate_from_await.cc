// an aggregate made of an awaited value
#include "../shapes.h"
Task<Reply> shape() {
  Reply reply{1, co_await value()};
  expect(reply.body.text() == "value", "the member");
  co_return reply;
}
int main() { return judge(shape); }
