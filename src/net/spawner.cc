#include "net/spawner.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/detail_order.h"
#include "net/socket.h"

namespace net {

Spawner::Spawner() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  orders_ = Fd(ends[0]);
  Fd far(ends[1]);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) detail::run_spawner(std::move(far));
}

Spawner::~Spawner() {
  orders_.reset();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

Result<> Spawner::send(const std::string& order, const int (&descriptors)[4]) const {
  if (order.size() > detail::order_bytes_max) {
    return failed(Fault::too_large, "the command and its environment are longer than 128 KiB");
  }
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)] = {};
  iovec piece{const_cast<char*>(order.data()), order.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(header), descriptors, sizeof descriptors);
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(orders_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {};
  if (errno == EAGAIN || errno == ETOOMANYREFS) {
    return failed(Fault::too_many, "the process that starts children is busy");
  }
  if (errno == EPIPE || errno == ECONNRESET) {
    return failed(Fault::unavailable,
                  "the process that starts children has ended; restart the gateway");
  }
  return tl::unexpected<Error>(io_error(errno, "asking for a child"));
}

}  // namespace net
