#include "http/dialler.h"

#include <algorithm>
#include <utility>

#include "net/tcp.h"

namespace http {
namespace {

class SystemNetwork final : public Network {
 public:
  SystemNetwork(net::Loop& loop, std::shared_ptr<const net::TlsClient> tls)
      : resolver_(loop), tls_(std::move(tls)) {}

  Task<Result<std::vector<net::Address>>> resolve(std::string host, std::uint16_t port,
                                                  Deadline deadline) override {
    return resolver_.resolve(std::move(host), port, deadline);
  }
  Task<Result<std::unique_ptr<net::Stream>>> dial(net::Address address,
                                                  Deadline deadline) override {
    CO_TRY(auto stream, co_await net::connect(address, deadline));
    co_return std::make_unique<net::TcpStream>(std::move(stream));
  }
  Task<Result<std::unique_ptr<net::Stream>>> secure(std::unique_ptr<net::Stream> carrier,
                                                    std::string host, Deadline deadline) override {
    return tls_->connect(std::move(carrier), std::move(host), deadline);
  }

 private:
  net::Resolver resolver_;
  std::shared_ptr<const net::TlsClient> tls_;
};

}  // namespace

Dialler::Dialler(net::Loop& loop, std::shared_ptr<const net::TlsClient> tls)
    : Dialler(std::make_unique<SystemNetwork>(loop, std::move(tls))) {}

Task<Result<std::unique_ptr<net::Stream>>> Dialler::connect(const Endpoint& endpoint,
                                                            Deadline deadline) {
  CO_TRY(auto addresses, co_await network_->resolve(endpoint.host, endpoint.port, deadline));
  if (endpoint.profile == public_only) {
    const auto odd = std::find_if_not(addresses.begin(), addresses.end(),
                                      [](const auto& address) { return address.is_public(); });
    if (odd != addresses.end()) {
      co_return failed(Fault::forbidden, "the address of " + endpoint.host + " is not public");
    }
  }
  Fault fault = Fault::unavailable;
  std::string why;  // of each: the one that was meant is not always the last
  for (const net::Address& address : addresses) {
    auto stream = co_await dial(address, endpoint, deadline);
    if (stream) co_return std::move(*stream);
    fault = stream.error().fault();
    why += (why.empty() ? "" : "; ") + stream.error().why();
  }
  co_return failed(fault, std::move(why));
}

Task<Result<std::unique_ptr<net::Stream>>> Dialler::dial(net::Address address,
                                                         const Endpoint& endpoint,
                                                         Deadline deadline) {
  CO_TRY(auto stream, co_await network_->dial(address, deadline));
  if (!endpoint.uses_tls) co_return std::move(stream);
  co_return co_await network_->secure(std::move(stream), endpoint.host, deadline);
}

}  // namespace http
