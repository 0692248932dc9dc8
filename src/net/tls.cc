#include "net/tls.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/address.h"
#include "net/detail_tls.h"
#include "net/loop.h"

namespace net {
namespace detail {
namespace {

// Text of this size goes as one record, whatever pieces it came in.
constexpr std::size_t record_bytes = SSL3_RT_MAX_PLAIN_LENGTH;
// What is encrypted before it is sent.
constexpr std::size_t flight_bytes = std::size_t{4} * record_bytes;

std::string reason_of_queue() {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return reason != nullptr ? reason : "the peer broke the protocol";
}

}  // namespace

// While it lives no other task sends; if it is destroyed before the end, nobody
// does any more.
class TlsStream::Sending {
 public:
  explicit Sending(TlsStream& stream) : stream_(stream) { stream_.is_sending_ = true; }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;
  ~Sending() {
    stream_.is_sending_ = false;
    if (!is_done_) stream_.is_broken_ = true;
    stream_.sent_.notify_all();
  }
  void done() { is_done_ = true; }

 private:
  TlsStream& stream_;
  bool is_done_ = false;
};

TlsStream::TlsStream(OwnedSsl ssl, std::unique_ptr<Stream> carrier)
    : ssl_(std::move(ssl)),
      arrived_(BIO_new(BIO_s_mem())),
      outgoing_(BIO_new(BIO_s_mem())),
      carrier_(std::move(carrier)) {
  if (arrived_ == nullptr || outgoing_ == nullptr) {
    BIO_free(arrived_);
    BIO_free(outgoing_);
    throw std::bad_alloc();
  }
  BIO_set_mem_eof_return(arrived_, -1);  // nothing there is no end
  SSL_set_bio(ssl_.get(), arrived_, outgoing_);
}

Error TlsStream::failure(std::string_view doing) const {
  const long verified = SSL_get_verify_result(ssl_.get());
  std::string why = reason_of_queue();
  if (verified != X509_V_OK) why += std::string(": ") + X509_verify_cert_error_string(verified);
  return Error(Fault::unavailable, std::move(why)).within(doing);
}

std::string TlsStream::take_outgoing() {
  char* data = nullptr;
  const long size = BIO_get_mem_data(outgoing_, &data);
  std::string taken(data, size > 0 ? static_cast<std::size_t>(size) : 0);
  static_cast<void>(BIO_reset(outgoing_));
  return taken;
}

// Everything there is to send, in its order, whoever else sends.
Task<Result<>> TlsStream::send(Deadline deadline) {
  while (is_sending_) {
    const bool is_over = co_await sent_.wait(deadline);
    if (!is_over) co_return failed(Fault::timed_out, "TLS: nothing could be sent in time");
  }
  if (is_broken_) co_return failed(Fault::cancelled, "TLS: the connection is broken");
  if (BIO_ctrl_pending(outgoing_) == 0) co_return Result<>();
  Sending sending(*this);
  while (BIO_ctrl_pending(outgoing_) > 0) {
    const std::string records = take_outgoing();
    const Buffers all(records);
    CO_TRY(co_await carrier_->write(all, deadline));
  }
  sending.done();
  co_return Result<>();
}

// An orderly end comes before that of the carrier.
Task<Result<>> TlsStream::receive_more(Deadline deadline) {
  CO_TRY(const auto bytes, co_await carrier_->read(deadline));
  if (bytes.empty()) co_return failed(Fault::cancelled, "TLS: the connection was cut");
  const int taken = BIO_write(arrived_, bytes.data(), static_cast<int>(bytes.size()));
  if (taken != static_cast<int>(bytes.size())) co_return failed(Fault::internal, "TLS: no memory");
  co_return Result<>();
}

// False if it goes on when more has arrived.
Result<bool> TlsStream::shake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  if (outcome == 1) return true;
  if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ) return false;
  return tl::unexpected<Error>(failure("TLS handshake"));
}

Task<Result<>> TlsStream::handshake(Deadline deadline) {
  for (;;) {
    const Result<bool> is_done = shake();
    // If it has failed the peer is told why, if it listens.
    auto sent = co_await send(deadline);
    if (!is_done) co_return tl::unexpected<Error>(is_done.error());
    if (!sent || *is_done) co_return sent;
    CO_TRY(co_await receive_more(deadline));
  }
}

// A change of keys wants an answer. A writer at work takes it along.
Task<Result<>> TlsStream::answer_and_receive(Deadline deadline) {
  if (!is_sending_ && BIO_ctrl_pending(outgoing_) > 0) {
    CO_TRY(co_await send(deadline));
  }
  co_return co_await receive_more(deadline);
}

Task<Result<std::span<const std::byte>>> TlsStream::read(Deadline deadline) {
  Loop& loop = co_await this_loop();
  while (!is_at_end_) {
    const std::span<std::byte> buffer = loop.read_buffer();
    ERR_clear_error();
    std::size_t size = 0;
    const int outcome = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size);
    if (outcome == 1) co_return buffer.first(size);
    const int wanted = SSL_get_error(ssl_.get(), outcome);
    if (wanted == SSL_ERROR_ZERO_RETURN) {
      is_at_end_ = true;
      break;
    }
    if (wanted != SSL_ERROR_WANT_READ) {
      co_return failed(Fault::cancelled, "TLS: " + reason_of_queue());
    }
    auto more = co_await answer_and_receive(deadline);
    if (!more) co_return tl::unexpected<Error>(std::move(more).error());
  }
  co_return std::span<const std::byte>();
}

bool TlsStream::is_quiet() const {
  return !is_at_end_ && !is_broken_ && SSL_has_pending(ssl_.get()) == 0 &&
         BIO_ctrl_pending(arrived_) == 0 && carrier_->is_quiet();
}

Result<> TlsStream::encrypt(std::string_view text) {
  if (text.empty()) return {};
  ERR_clear_error();
  std::size_t taken = 0;
  const int outcome = SSL_write_ex(ssl_.get(), text.data(), text.size(), &taken);
  // Memory takes everything, and there is no renegotiation to wait for.
  if (outcome != 1 || taken != text.size()) {
    return failed(Fault::cancelled, "TLS: " + reason_of_queue());
  }
  return {};
}

Task<Result<>> TlsStream::write(Buffers buffers, Deadline deadline) {
  std::string joined;
  if (buffers.size() <= record_bytes) {
    for (const std::string_view piece : buffers.pieces()) joined += piece;
    buffers = Buffers(joined);
  }
  for (const std::string_view piece : buffers.pieces()) {
    CO_TRY(co_await write_piece(piece, deadline));
  }
  co_return Result<>();
}

Task<Result<>> TlsStream::write_piece(std::string_view piece, Deadline deadline) {
  while (!piece.empty()) {
    CO_TRY(encrypt(piece.substr(0, flight_bytes)));
    CO_TRY(co_await send(deadline));
    piece.remove_prefix(std::min(piece.size(), flight_bytes));
  }
  co_return Result<>();
}

Task<Result<>> TlsStream::finish(Deadline deadline) {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());  // says close_notify; the peer's own is for read() to find
  ERR_clear_error();
  CO_TRY(co_await send(deadline));
  co_return co_await carrier_->finish(deadline);
}

}  // namespace detail

namespace {

using detail::OwnedSsl;
using detail::OwnedSslContext;

// Forward secrecy and authenticated encryption only (RFC 9325, 4.2).
constexpr const char* ciphers_of_tls12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-"
    "AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-"
    "CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";
constexpr std::array<unsigned char, 9> http11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

OwnedSslContext make_context() {
  OwnedSslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return nullptr;
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  const bool is_set =
      SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
      SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION) == 1 &&
      SSL_CTX_set_cipher_list(raw, ciphers_of_tls12) == 1 &&
      SSL_CTX_set1_groups_list(raw, groups) == 1 &&
      SSL_CTX_set_alpn_protos(raw, http11.data(), http11.size()) == 0;  // 0 is success here
  return is_set ? std::move(context) : nullptr;
}

// What the certificate must be for.
bool expect_host(SSL* ssl, std::string host) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
  // The subject's common name is no name of a host (RFC 9525, 2).
  X509_VERIFY_PARAM_set_hostflags(
      wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (const auto address = Address::parse(host, 0)) {
    const auto bytes = address->bytes();
    return X509_VERIFY_PARAM_set1_ip(wanted, bytes.data(), bytes.size()) == 1;
  }
  if (host.ends_with('.')) host.pop_back();
  // An empty name would switch the check off.
  if (host.empty()) return false;
  return X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

struct TlsClient::Context {
  // Null if OpenSSL cannot make one.
  SSL_CTX* get() {
    std::call_once(once, [this] {
      if (context) return;
      OwnedSslContext made = make_context();
      if (made && SSL_CTX_set_default_verify_paths(made.get()) == 1) context = std::move(made);
      ERR_clear_error();
    });
    return context.get();
  }

  std::once_flag once;
  OwnedSslContext context;
};

TlsClient::TlsClient() : context_(std::make_unique<Context>()) {}
TlsClient::~TlsClient() = default;

Result<std::shared_ptr<const TlsClient>> TlsClient::trusting(std::string_view pem) {
  auto client = std::make_shared<TlsClient>();
  OwnedSslContext context = make_context();
  if (!context) return failed(Fault::internal, "TLS: " + detail::reason_of_queue());
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  if (!text) throw std::bad_alloc();
  int count = 0;
  while (X509* const root = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), root);
    X509_free(root);
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return failed(Fault::bad_request, "there is no certificate in it");
  client->context_->context = std::move(context);
  return std::shared_ptr<const TlsClient>(std::move(client));
}

Task<Result<std::unique_ptr<Stream>>> TlsClient::connect(std::unique_ptr<Stream> carrier,
                                                         std::string host,
                                                         Deadline deadline) const {
  SSL_CTX* const context = context_->get();
  if (context == nullptr) co_return failed(Fault::internal, "TLS: the roots cannot be read");
  OwnedSsl ssl(SSL_new(context));
  if (!ssl || !expect_host(ssl.get(), host)) {
    co_return failed(Fault::internal, "TLS: " + detail::reason_of_queue());
  }
  SSL_set_connect_state(ssl.get());
  auto stream = std::make_unique<detail::TlsStream>(std::move(ssl), std::move(carrier));
  auto agreed = co_await stream->handshake(deadline);
  if (!agreed) {
    const Error& error = agreed.error();
    const bool is_late = error.fault() == Fault::timed_out;
    Error told(is_late ? Fault::timed_out : Fault::unavailable, error.why());
    co_return tl::unexpected<Error>(std::move(told).within("TLS to " + host));
  }
  co_return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace net
