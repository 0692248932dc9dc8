#include "net/tls.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/task_group.h"
#include "net/detail_test_authority.h"
#include "net/test_loop.h"

namespace net {
namespace {

using detail::OwnedSsl;
using detail::OwnedSslContext;
using detail::TestAuthority;
using detail::TlsStream;
using ::testing::HasSubstr;

constexpr auto wait_max = std::chrono::seconds(5);

Task<Result<std::string>> read_all(Stream& stream, Deadline deadline) {
  std::string all;
  for (;;) {
    CO_TRY(const auto part, co_await stream.read(deadline));
    if (part.empty()) co_return all;
    all.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
}

Task<> accept(TlsStream& server, Deadline deadline, Result<>& outcome) {
  outcome = co_await server.handshake(deadline);
}

// A client and a server on one loop, over a socket pair.
class Pair {
 public:
  explicit Pair(OwnedSslContext context) : context_(std::move(context)) {
    auto [client_end, server_end] = stream_pair(loop);
    client_carrier = std::move(client_end);
    server_carrier = server_end.get();
    OwnedSsl ssl(SSL_new(context_.get()));
    SSL_set_accept_state(ssl.get());
    server = std::make_unique<TlsStream>(std::move(ssl), std::move(server_end));
  }

  Deadline soon() const { return Deadline::in(loop.now(), wait_max); }

  Result<> connect(const TlsClient& trust, const std::string& host) {
    TaskGroup group(loop);
    group.spawn(accept(*server, soon(), accepted));
    auto made = run_to_end(loop, trust.connect(std::move(client_carrier), host, soon()));
    if (!made) return tl::unexpected(made.error());
    client = std::move(*made);
    run_to_end(loop, group.join());
    return {};
  }

  Result<std::string> carry(Stream& from, Stream& to, std::string text) {
    TaskGroup group(loop);
    group.spawn(send_and_end(from, std::move(text), soon()));
    auto got = run_to_end(loop, read_all(to, soon()));
    run_to_end(loop, group.join());
    return got;
  }

  Loop loop;
  std::unique_ptr<Stream> client_carrier;
  Stream* server_carrier = nullptr;
  std::unique_ptr<TlsStream> server;
  std::unique_ptr<Stream> client;
  Result<> accepted;

 private:
  static Task<> send_and_end(Stream& stream, std::string text, Deadline deadline) {
    const Buffers all(text);
    auto written = co_await stream.write(all, deadline);
    EXPECT_TRUE(written);
    auto ended = co_await stream.finish(deadline);
    EXPECT_TRUE(ended);
  }
  OwnedSslContext context_;
};

class Tls : public ::testing::Test {
 protected:
  std::shared_ptr<const TlsClient> trust() const { return *TlsClient::trusting(authority_.pem()); }
  std::string refusal(const TestAuthority::Leaf& leaf, const std::string& host) const {
    Pair pair(authority_.server(leaf));
    const Result<> connected = pair.connect(*trust(), host);
    if (connected) return "connected";
    EXPECT_EQ(connected.error().fault(), Fault::unavailable);
    return connected.error().why();
  }
  TestAuthority authority_;
};

TEST_F(Tls, carries_bytes_both_ways_and_ends_orderly) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    OwnedSslContext context = authority_.server({});
    SSL_CTX_set_max_proto_version(context.get(), version);
    Pair pair(std::move(context));
    ASSERT_TRUE(pair.connect(*trust(), "idp.test"));
    const std::string large(300'000, 'x');
    const auto there = pair.carry(*pair.client, *pair.server, large);
    ASSERT_TRUE(there) << there.error().why();
    EXPECT_EQ(*there, large);
    const auto back = pair.carry(*pair.server, *pair.client, "hello");
    ASSERT_TRUE(back) << back.error().why();
    EXPECT_EQ(*back, "hello");
    EXPECT_FALSE(pair.client->is_quiet());
  }
}

TEST_F(Tls, takes_a_certificate_for_the_address_that_was_asked_for) {
  TestAuthority::Leaf leaf;
  leaf.names = "IP:127.0.0.1,IP:::1";
  for (const char* host : {"127.0.0.1", "::1"}) {
    Pair pair(authority_.server(leaf));
    EXPECT_TRUE(pair.connect(*trust(), host)) << host;
  }
  EXPECT_THAT(refusal(leaf, "127.0.0.2"), HasSubstr("IP address mismatch"));
}

TEST_F(Tls, takes_a_wildcard_of_one_label) {
  TestAuthority::Leaf leaf;
  leaf.names = "DNS:*.idp.test";
  Pair pair(authority_.server(leaf));
  EXPECT_TRUE(pair.connect(*trust(), "eu.idp.test"));
  EXPECT_THAT(refusal(leaf, "a.eu.idp.test"), HasSubstr("hostname mismatch"));
  EXPECT_THAT(refusal(leaf, "idp.test"), HasSubstr("hostname mismatch"));
}

TEST_F(Tls, refuses_a_certificate_for_somebody_else) {
  EXPECT_THAT(refusal({}, "other.test"), HasSubstr("hostname mismatch"));
  EXPECT_THAT(refusal({}, "127.0.0.1"), HasSubstr("IP address mismatch"));
  TestAuthority::Leaf by_subject;
  by_subject.names = "";
  by_subject.common_name = "idp.test";
  EXPECT_THAT(refusal(by_subject, "idp.test"), HasSubstr("hostname mismatch"));
}

TEST_F(Tls, refuses_a_certificate_out_of_its_time) {
  TestAuthority::Leaf past;
  past.seconds_from = -7200;
  past.seconds_until = -3600;
  EXPECT_THAT(refusal(past, "idp.test"), HasSubstr("expired"));
  TestAuthority::Leaf future;
  future.seconds_from = 3600;
  future.seconds_until = 7200;
  EXPECT_THAT(refusal(future, "idp.test"), HasSubstr("not yet valid"));
}

TEST_F(Tls, refuses_an_authority_it_does_not_know) {
  Pair pair(authority_.server({}));
  const TestAuthority other;
  const Result<> connected = pair.connect(**TlsClient::trusting(other.pem()), "idp.test");
  ASSERT_FALSE(connected);
  EXPECT_THAT(connected.error().why(), HasSubstr("TLS to idp.test"));
  EXPECT_THAT(connected.error().why(), HasSubstr("certificate verify failed"));
}

TEST_F(Tls, refuses_old_protocols) {
  OwnedSslContext context = authority_.server({});
  SSL_CTX_set_min_proto_version(context.get(), TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  Pair pair(std::move(context));
  EXPECT_FALSE(pair.connect(*trust(), "idp.test"));
}

std::string asked_name;  // what the server was asked for

int on_name(SSL* ssl, int*, void*) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  asked_name = name != nullptr ? name : "(none)";
  return SSL_TLSEXT_ERR_OK;
}

int on_protocols(SSL*, const unsigned char** chosen, unsigned char* size,
                 const unsigned char* offered, unsigned, void* seen) {
  *static_cast<std::string*>(seen) =
      std::string(reinterpret_cast<const char*>(offered) + 1, offered[0]);
  *chosen = offered + 1;
  *size = offered[0];
  return SSL_TLSEXT_ERR_OK;
}

TEST_F(Tls, says_the_name_and_the_protocol_it_wants) {
  TestAuthority::Leaf leaf;
  leaf.names = "DNS:idp.test,IP:127.0.0.1";
  for (const auto& [host, name] :
       {std::pair("idp.test", "idp.test"), std::pair("127.0.0.1", "(none)")}) {
    OwnedSslContext context = authority_.server(leaf);
    std::string protocol;
    SSL_CTX_set_tlsext_servername_callback(context.get(), &on_name);
    SSL_CTX_set_alpn_select_cb(context.get(), &on_protocols, &protocol);
    Pair pair(std::move(context));
    ASSERT_TRUE(pair.connect(*trust(), host));
    EXPECT_EQ(asked_name, name);
    EXPECT_EQ(protocol, "http/1.1");
  }
}

TEST_F(Tls, does_not_take_a_cut_for_the_end) {
  Pair pair(authority_.server({}));
  ASSERT_TRUE(pair.connect(*trust(), "idp.test"));
  const Buffers some("some");
  ASSERT_TRUE(run_to_end(pair.loop, pair.server->write(some, pair.soon())));
  ASSERT_TRUE(run_to_end(pair.loop, pair.server_carrier->finish(pair.soon())));
  const auto got = run_to_end(pair.loop, read_all(*pair.client, pair.soon()));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault(), Fault::cancelled);
  EXPECT_THAT(got.error().why(), HasSubstr("cut"));
}

TEST_F(Tls, gives_up_a_silent_handshake_at_the_deadline) {
  Loop loop;
  auto [mine, theirs] = stream_pair(loop);
  const Deadline deadline = Deadline::in(loop.now(), std::chrono::milliseconds(20));
  const auto made = run_to_end(loop, trust()->connect(std::move(mine), "idp.test", deadline));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault(), Fault::timed_out);
}

TEST_F(Tls, refuses_a_peer_that_speaks_something_else) {
  Loop loop;
  auto [mine, theirs] = stream_pair(loop);
  const Deadline deadline = Deadline::in(loop.now(), wait_max);
  const Buffers answer("HTTP/1.1 400 Bad Request\r\n\r\n");
  ASSERT_TRUE(run_to_end(loop, theirs->write(answer, deadline)));
  const auto made = run_to_end(loop, trust()->connect(std::move(mine), "idp.test", deadline));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault(), Fault::unavailable);
}

TEST_F(Tls, is_quiet_until_something_comes_unasked) {
  Pair pair(authority_.server({}));
  ASSERT_TRUE(pair.connect(*trust(), "idp.test"));
  const Buffers asked("?");
  ASSERT_TRUE(run_to_end(pair.loop, pair.client->write(asked, pair.soon())));
  const Buffers answer("answer");
  ASSERT_TRUE(run_to_end(pair.loop, pair.server->write(answer, pair.soon())));
  ASSERT_TRUE(run_to_end(pair.loop, pair.client->read(pair.soon())));
  EXPECT_TRUE(pair.client->is_quiet());
  ASSERT_TRUE(run_to_end(pair.loop, pair.server->write(answer, pair.soon())));
  pair.loop.turn(Instant::min());
  EXPECT_FALSE(pair.client->is_quiet());
}

TEST_F(Tls, breaks_the_stream_when_a_write_is_given_up) {
  Pair pair(authority_.server({}));
  ASSERT_TRUE(pair.connect(*trust(), "idp.test"));
  const std::string large(20'000'000, 'x');
  const Buffers all(large);
  const Deadline early = Deadline::in(pair.loop.now(), std::chrono::milliseconds(20));
  const auto given_up = run_to_end(pair.loop, pair.client->write(all, early));
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().fault(), Fault::timed_out);
  const Buffers more("more");
  EXPECT_FALSE(run_to_end(pair.loop, pair.client->write(more, pair.soon())));
}

TEST_F(Tls, reads_roots_from_the_file_that_the_environment_names) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("agentgateway-roots-" + std::to_string(::getpid()) + ".pem");
  std::ofstream(path) << authority_.pem();
  ::setenv("SSL_CERT_FILE", path.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
  const TlsClient system;
  Pair pair(authority_.server({}));
  const Result<> connected = pair.connect(system, "idp.test");
  ::unsetenv("SSL_CERT_FILE");  // NOLINT(concurrency-mt-unsafe): one thread
  std::filesystem::remove(path);
  EXPECT_TRUE(connected);
}

TEST(TlsClient, wants_at_least_one_certificate) {
  EXPECT_FALSE(TlsClient::trusting(""));
  EXPECT_FALSE(TlsClient::trusting("no PEM"));
}

}  // namespace
}  // namespace net
