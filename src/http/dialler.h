#pragma once
// Makes a Pool's connections: resolves the name once, dials the addresses it got in turn and, where
// the endpoint says so, speaks TLS with the server that proves to be that host.

#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "net/resolver.h"
#include "net/tls.h"

namespace http {

// The profile of an Endpoint that nobody who configured this gateway wrote down: all addresses of
// its name must be public (Address::is_public), or none is dialled.
inline constexpr std::string_view public_only = "public-only";

// Names, sockets and TLS; the system's in the program, a table in tests.
class Network {
 public:
  virtual ~Network() = default;
  // As Resolver::resolve, net::connect and TlsClient::connect.
  virtual Task<Result<std::vector<net::Address>>> resolve(std::string host, std::uint16_t port,
                                                          Deadline deadline) = 0;
  virtual Task<Result<std::unique_ptr<net::Stream>>> dial(net::Address address,
                                                          Deadline deadline) = 0;
  virtual Task<Result<std::unique_ptr<net::Stream>>> secure(std::unique_ptr<net::Stream> carrier,
                                                            std::string host,
                                                            Deadline deadline) = 0;
};

class Dialler final : public Connector {
 public:
  Dialler(net::Loop& loop, std::shared_ptr<const net::TlsClient> tls);
  explicit Dialler(std::unique_ptr<Network> network) : network_(std::move(network)) {}

  // Fault::forbidden if an address must not be dialled, else as Network and TlsClient say.
  Task<Result<std::unique_ptr<net::Stream>>> connect(const Endpoint& endpoint,
                                                     Deadline deadline) override;

 private:
  Task<Result<std::unique_ptr<net::Stream>>> dial(net::Address address, const Endpoint& endpoint,
                                                  Deadline deadline);

  std::unique_ptr<Network> network_;
};

}  // namespace http
