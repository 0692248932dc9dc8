#pragma once
// A TLS connection as a Stream, either side of it. OpenSSL sees memory only:
// what it wants to send is in one buffer, what has arrived in another, and this
// moves both to and from the carrier.

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "base/signal.h"
#include "net/stream.h"

namespace net::detail {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
struct FreeSslContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using OwnedSsl = std::unique_ptr<SSL, FreeSsl>;
using OwnedSslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;

class TlsStream final : public Stream {
 public:
  // `ssl` knows which side it is and what it must verify. Throws
  // std::bad_alloc.
  TlsStream(OwnedSsl ssl, std::unique_ptr<Stream> carrier);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream() override = default;

  // Before anything else.
  Task<Result<>> handshake(Deadline deadline);

  Task<Result<std::span<const std::byte>>> read(Deadline deadline) override;
  bool is_quiet() const override;
  Task<Result<>> write(Buffers buffers, Deadline deadline) override;
  Task<Result<>> finish(Deadline deadline) override;
  Task<> gone() override { return carrier_->gone(); }

 private:
  class Sending;
  Result<> encrypt(std::string_view text);
  std::string take_outgoing();
  Task<Result<>> send(Deadline deadline);
  Result<bool> shake();
  Task<Result<>> receive_more(Deadline deadline);
  Task<Result<>> answer_and_receive(Deadline deadline);
  Task<Result<>> write_piece(std::string_view piece, Deadline deadline);
  Error failure(std::string_view doing) const;

  OwnedSsl ssl_;
  BIO* arrived_;   // owned by ssl_
  BIO* outgoing_;  // the same
  std::unique_ptr<Stream> carrier_;
  Signal sent_;
  bool is_sending_ = false;
  bool is_broken_ = false;  // a send that was given up may have left half a record
  bool is_at_end_ = false;
};

}  // namespace net::detail
