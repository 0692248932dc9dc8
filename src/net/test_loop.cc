#include "net/test_loop.h"

#include <cerrno>
#include <system_error>

#include <sys/socket.h>

namespace net {

std::pair<TcpStream, TcpStream> pipe_pair(Loop& loop) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  return {TcpStream(loop, Fd(ends[0]), Address()), TcpStream(loop, Fd(ends[1]), Address())};
}

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> stream_pair(Loop& loop) {
  auto [left, right] = pipe_pair(loop);
  return {std::make_unique<TcpStream>(std::move(left)),
          std::make_unique<TcpStream>(std::move(right))};
}

}  // namespace net
