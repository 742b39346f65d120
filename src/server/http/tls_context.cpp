#include "server/http/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <string_view>
#include <utility>

#include "base/utc_text.h"
#include "server/http/pem_file.h"
#include "server/http/tls_socket.h"

namespace qaio {
namespace {

// What Mozilla calls intermediate, for TLS 1.2: forward secrecy and authenticated encryption only.
// Those of TLS 1.3 are all good.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
// Of a client's certificates; OpenSSL would hold 100 KiB for a stranger.
constexpr long kClientChainBytesMax = 16 << 10;
constexpr std::string_view kSessionContext = "qaio";

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, FreeContext>;

int64_t unix_s(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

// Of what a client offers; one that speaks no HTTP/1.1 is told so (RFC 7301).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr std::string_view kOurs = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(kOurs.data()),
                            static_cast<unsigned>(kOurs.size()), offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

ContextPtr new_context() {
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) return nullptr;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), 0);
  // HTTP says itself where a request ends, so that who leaves without a farewell cuts off nothing
  // unnoticed.
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                         SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  // Clients keep their sessions themselves, as tickets.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context.get(),
                                 reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                 static_cast<unsigned>(kSessionContext.size()));
  SSL_CTX_set_max_cert_list(context.get(), kClientChainBytesMax);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  return SSL_CTX_set_cipher_list(context.get(), kCiphers) == 1 ? std::move(context) : nullptr;
}

Result<void> demand_client_certificates(SSL_CTX* context, const std::string& file) {
  QAIO_ASSIGN(const std::vector<X509Ptr> authorities, read_certificates(file));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return pem_fault(file, "OpenSSL does not take a certificate in it: " + openssl_reason());
    }
  }
  // An authority below another one will do.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

}  // namespace

struct TlsContext::Loaded {
  ContextPtr context;
  std::string subject;
  // When the first of the certificates becomes invalid, and the last one valid.
  int64_t expires_unix_s = std::numeric_limits<int64_t>::max();
  int64_t begins_unix_s = 0;

  static Result<std::shared_ptr<const Loaded>> load(const TlsFiles& files) {
    QAIO_ASSIGN(std::vector<X509Ptr> chain, read_certificates(files.certificate));
    QAIO_ASSIGN(const KeyPtr key, read_key(files.key));
    auto loaded = std::make_shared<Loaded>();
    loaded->context = new_context();
    if (!loaded->context)
      return fail(ErrorCode::kInternal, "OpenSSL cannot be used: " + openssl_reason());
    SSL_CTX* context = loaded->context.get();
    loaded->subject = subject_of(chain.front().get());
    for (const X509Ptr& one : chain) {
      const int64_t expires = unix_s(X509_get0_notAfter(one.get()));
      loaded->expires_unix_s = std::min(loaded->expires_unix_s, expires);
      loaded->begins_unix_s =
          std::max(loaded->begins_unix_s, unix_s(X509_get0_notBefore(one.get())));
    }
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
      return pem_fault(
          files.key, fmt::format("the key does not belong to the first certificate in {}, which is "
                                 "that of {}",
                                 files.certificate, loaded->subject));
    }
    if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
      return pem_fault(files.certificate,
                       "OpenSSL does not take the certificate: " + openssl_reason());
    }
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
      return pem_fault(files.key, "OpenSSL does not take the key: " + openssl_reason());
    }
    for (size_t i = 1; i < chain.size(); ++i) {
      if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
        return pem_fault(
            files.certificate,
            fmt::format("OpenSSL does not take certificate {} in it: {}", i + 1, openssl_reason()));
      }
    }
    if (!files.client_ca.empty()) {
      QAIO_RETURN_IF_ERROR(demand_client_certificates(context, files.client_ca));
    }
    return loaded;
  }
};

TlsContext::TlsContext(TlsFiles files, const Clock& clock)
    : files_(std::move(files)), clock_(clock) {}

TlsContext::~TlsContext() = default;

Result<std::unique_ptr<TlsContext>> TlsContext::load(TlsFiles files, const Clock& clock) {
  std::unique_ptr<TlsContext> context(new TlsContext(std::move(files), clock));
  QAIO_RETURN_IF_ERROR(context->reload());
  return context;
}

Result<void> TlsContext::reload() {
  QAIO_ASSIGN(std::shared_ptr<const Loaded> loaded, Loaded::load(files_));
  const MutexLock lock(mutex_);
  loaded_ = std::move(loaded);
  return {};
}

std::shared_ptr<const TlsContext::Loaded> TlsContext::loaded() const {
  const MutexLock lock(mutex_);
  return loaded_;
}

SSL* TlsContext::new_session(int descriptor) const {
  SSL* session = SSL_new(loaded()->context.get());
  if (session == nullptr) return nullptr;
  BIO* socket = new_socket_bio(descriptor, session);
  if (socket == nullptr) {
    SSL_free(session);
    return nullptr;
  }
  SSL_set_bio(session, socket, socket);
  SSL_set_accept_state(session);
  return session;
}

std::vector<std::string> TlsContext::warnings() const {
  const auto now = loaded();
  const int64_t today = clock_.wall_unix_ms() / 1000;
  if (now->expires_unix_s <= today) {
    return {fmt::format("{}: a certificate in it expired on {}; clients will refuse it",
                        files_.certificate, utc_second_text(1000 * now->expires_unix_s))};
  }
  if (now->begins_unix_s > today) {
    return {
        fmt::format("{}: a certificate in it is valid from {} on; clients will refuse it until "
                    "then",
                    files_.certificate, utc_second_text(1000 * now->begins_unix_s))};
  }
  return {};
}

std::string TlsContext::describe() const {
  const auto now = loaded();
  return fmt::format("{} ({}), valid until {}", files_.certificate, now->subject,
                     utc_second_text(1000 * now->expires_unix_s));
}

TlsState TlsContext::state() const {
  return {.handshakes_succeeded = succeeded_.load(),
          .handshakes_failed = failed_.load(),
          .certificate_expires_unix_s = loaded()->expires_unix_s};
}

}  // namespace qaio
