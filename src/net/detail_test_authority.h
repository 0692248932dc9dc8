#pragma once
// For tests: a certificate authority that is made when the test runs, and servers with its
// certificates.

#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/detail_tls.h"

namespace net::detail {

class TestAuthority {
 public:
  TestAuthority() : key_(new_key()), certificate_(blank(key_.get(), "test authority")) {
    extend(NID_basic_constraints, "critical,CA:TRUE");
    extend(NID_key_usage, "critical,keyCertSign");
    sign(certificate_.get());
  }

  // What a client has to trust.
  std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
    check(PEM_write_bio_X509(text.get(), certificate_.get()));
    char* data = nullptr;
    const long size = BIO_get_mem_data(text.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  struct Leaf {
    std::string names = "DNS:idp.test";  // subjectAltName; empty for none
    std::string common_name = "leaf";
    long seconds_from = -60;
    long seconds_until = 3600;
  };

  // A server's context with a certificate of this authority.
  OwnedSslContext server(const Leaf& leaf) const {
    const Key key = new_key();
    const Certificate certificate = blank(key.get(), leaf.common_name);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), leaf.seconds_from);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), leaf.seconds_until);
    check(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get())));
    if (!leaf.names.empty()) add(certificate.get(), NID_subject_alt_name, leaf.names);
    sign(certificate.get());
    OwnedSslContext context(SSL_CTX_new(TLS_server_method()));
    check(SSL_CTX_use_certificate(context.get(), certificate.get()));
    check(SSL_CTX_use_PrivateKey(context.get(), key.get()));
    return context;
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  static void check(int outcome) {
    if (outcome <= 0) throw std::runtime_error("the test's certificate cannot be made");
  }
  static Key new_key() { return {EVP_EC_gen("P-256"), &EVP_PKEY_free}; }

  static Certificate blank(EVP_PKEY* key, const std::string& common_name) {
    Certificate made(X509_new(), &X509_free);
    check(X509_set_version(made.get(), X509_VERSION_3));
    static long serial = 0;
    check(ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial));
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_NAME* const name = X509_get_subject_name(made.get());
    check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.data()),
                                     static_cast<int>(common_name.size()), -1, 0));
    check(X509_set_issuer_name(made.get(), name));
    check(X509_set_pubkey(made.get(), key));
    return made;
  }
  static void add(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    check(extension != nullptr ? 1 : 0);
    check(X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
  }
  void extend(int kind, const std::string& value) { add(certificate_.get(), kind, value); }
  void sign(X509* certificate) const { check(X509_sign(certificate, key_.get(), EVP_sha256())); }

  Key key_;
  Certificate certificate_;
};

}  // namespace net::detail
