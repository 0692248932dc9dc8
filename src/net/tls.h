#pragma once
// The client side of TLS 1.2 and 1.3 over any stream. A stream exists only after a handshake in
// which the server proved, to the trusted roots, that it is the host that was asked for: there is
// no switch to skip that.

#include <memory>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"
#include "net/stream.h"

namespace net {

// What a client of TLS trusts. Shared by all threads.
class TlsClient {
 public:
  // The system's roots, or those of SSL_CERT_FILE and SSL_CERT_DIR; read when the first connection
  // is made, since reading them takes a while and many gateways need none.
  TlsClient();
  // Only the certificates of this PEM text. Fault::bad_request if there is none in it.
  static Result<std::shared_ptr<const TlsClient>> trusting(std::string_view pem);
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient();

  // The handshake over `carrier`, which the stream owns. `host` is the name or the address that the
  // certificate must be for (RFC 9525); a name is sent along (RFC 6066, 3). Offers HTTP/1.1 (RFC
  // 7301). Fault::unavailable with the reason if there is no agreement or the certificate is not
  // accepted, Fault::timed_out after the deadline.
  // The stream ends orderly only by the peer's close_notify: without it, Fault::cancelled, since
  // anybody could have cut it.
  Task<Result<std::unique_ptr<Stream>>> connect(std::unique_ptr<Stream> carrier, std::string host,
                                                Deadline deadline) const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace net
