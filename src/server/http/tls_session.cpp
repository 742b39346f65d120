#include "server/http/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace qaio {

void TlsSession::Free::operator()(SSL* session) const { SSL_free(session); }

// OpenSSL's list of errors is the thread's, and whoever comes next must find it empty.
TlsSession::Step TlsSession::step_of(int outcome, size_t bytes) {
  if (outcome > 0) return {State::kDone, bytes};
  const int error = SSL_get_error(session_.get(), outcome);
  ERR_clear_error();
  switch (error) {
    case SSL_ERROR_WANT_READ:
      return {State::kWaitsToRead, 0};
    case SSL_ERROR_WANT_WRITE:
      return {State::kWaitsToWrite, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {State::kEnded, 0};
    default:
      failed_ = true;
      return {State::kFailed, 0};
  }
}

TlsSession::Step TlsSession::handshake() { return step_of(SSL_accept(session_.get()), 0); }

TlsSession::Step TlsSession::read(void* bytes, size_t count) {
  size_t done = 0;
  const int outcome = SSL_read_ex(session_.get(), bytes, count, &done);
  return step_of(outcome, done);
}

TlsSession::Step TlsSession::write(const void* bytes, size_t count) {
  size_t done = 0;
  const int outcome = SSL_write_ex(session_.get(), bytes, count, &done);
  return step_of(outcome, done);
}

void TlsSession::end() {
  if (!failed_ && SSL_is_init_finished(session_.get()) == 1) {
    SSL_shutdown(session_.get());
    ERR_clear_error();
  }
}

}  // namespace qaio
