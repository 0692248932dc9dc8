#include "net/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/task_group.h"
#include "net/test_loop.h"

namespace net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A name server on the loop: knows "both.test" and "four.test", is silent about "silent.test", and
// denies the rest.
class NameServer {
 public:
  explicit NameServer(Loop& loop) : socket_(loop, bound_socket()), group_(loop) {
    group_.spawn(serve(socket_));
  }
  std::string address() const {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&storage), &size);
    return Address::from_sockaddr(storage).text();
  }

 private:
  static Fd bound_socket() {
    Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_storage storage{};
    const unsigned size = Address::loopback(0).to_sockaddr(storage);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), size), 0);
    return fd;
  }

  // RFC 1035, 4.1: the question's name begins at byte 12.
  static std::string answer(std::string question) {
    std::string name;
    std::size_t at = 12;
    while (at < question.size() && question[at] != 0) {
      const auto size = static_cast<std::size_t>(question[at]);
      name += (name.empty() ? "" : ".") + question.substr(at + 1, size);
      at += size + 1;
    }
    const char type = question[at + 2];
    std::string reply = question.substr(0, at + 5);
    reply[2] = '\x81';
    reply[3] = '\x80';
    reply[7] = reply[9] = reply[11] = 0;
    const std::string record =
        std::string("\xc0\x0c\0", 3) + type + std::string("\0\1\0\0\0\x3c\0", 7);
    if (name == "silent.test") return {};
    if (type == 1 && (name == "both.test" || name == "four.test")) {
      reply[7] = 2;
      reply += record + std::string("\4\x0a\0\0\1", 5);
      reply += record + std::string("\4\x0a\0\0\2", 5);
    } else if (type == 28 && name == "both.test") {
      reply[7] = 1;
      reply += record + std::string("\x10\x20\x01\x0d\xb8", 5) + std::string(11, '\0') + '\7';
    } else if (name != "four.test") {
      reply[3] = '\x83';
    }
    return reply;
  }

  static Task<> serve(Socket& socket) {
    for (;;) {
      co_await socket.readable(Deadline::never());
      char packet[512];
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const ssize_t got = ::recvfrom(socket.fd(), packet, sizeof packet, 0,
                                     reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 0) {
        socket.read_would_block();
        continue;
      }
      const std::string reply = answer(std::string(packet, static_cast<std::size_t>(got)));
      if (reply.empty()) continue;
      ::sendto(socket.fd(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from),
               size);
    }
  }

  Socket socket_;
  TaskGroup group_;
};

class ResolverTest : public testing::Test {
 protected:
  std::string look_up(const std::string& host, milliseconds wait = seconds(5)) {
    loop.turn(Instant::min());
    const auto found = run_to_end(loop, resolver.resolve(host, 80, Deadline::in(loop.now(), wait)));
    if (!found) return std::string(name_of(found.error().fault()));
    std::string all;
    for (const Address& address : *found) all += address.text() + ' ';
    return all;
  }

  Loop loop;
  NameServer server{loop};
  Resolver resolver{loop, server.address()};
};

TEST_F(ResolverTest, takes_numeric_addresses_as_they_are) {
  EXPECT_EQ(look_up("10.1.2.3"), "10.1.2.3:80 ");
  EXPECT_EQ(look_up("::1"), "[::1]:80 ");
  EXPECT_EQ(look_up("[::1]"), "[::1]:80 ");
}

TEST_F(ResolverTest, knows_localhost_without_asking) {
  for (const char* name : {"localhost", "LocalHost", "localhost.", "a.b.localhost"}) {
    EXPECT_EQ(look_up(name), "127.0.0.1:80 [::1]:80 ") << name;
  }
}

TEST_F(ResolverTest, returns_all_addresses) {
  const std::string found = look_up("both.test");

  EXPECT_THAT(found, testing::HasSubstr("10.0.0.1:80 "));
  EXPECT_THAT(found, testing::HasSubstr("10.0.0.2:80 "));
  EXPECT_THAT(found, testing::HasSubstr("[2001:db8::7]:80 "));
  EXPECT_THAT(look_up("four.test"), testing::HasSubstr("10.0.0.1:80 "));
}

TEST_F(ResolverTest, tells_what_is_wrong) {
  EXPECT_EQ(look_up("unknown.test"), "not_found");
  EXPECT_EQ(look_up("silent.test", milliseconds(50)), "timed_out");
  EXPECT_EQ(look_up(""), "bad_request");
  EXPECT_EQ(look_up(std::string("a\0b", 3)), "bad_request");
  EXPECT_EQ(look_up(std::string(300, 'a')), "bad_request");
}

TEST_F(ResolverTest, survives_a_query_that_is_given_up) {
  {
    auto asking = resolver.resolve("both.test", 80, Deadline::never());
    asking.start(loop, std::noop_coroutine());
  }
  EXPECT_THAT(look_up("four.test"), testing::HasSubstr("10.0.0.2:80 "));
}

TEST_F(ResolverTest, answers_many_at_once) {
  std::vector<Task<Result<std::vector<Address>>>> asking;
  for (int i = 0; i < 50; ++i) {
    asking.push_back(resolver.resolve("both.test", 80, Deadline::never()));
    asking.back().start(loop, std::noop_coroutine());
  }
  const Instant end = loop.now() + seconds(5);
  while (loop.now() < end && !asking.back().is_done()) loop.turn(end);
  while (loop.now() < end && !asking.front().is_done()) loop.turn(end);

  for (auto& one : asking) {
    ASSERT_TRUE(one.is_done());
    EXPECT_EQ(one.take()->size(), 3U);
  }
}

}  // namespace
}  // namespace net
