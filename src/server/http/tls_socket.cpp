#include "server/http/tls_socket.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>
#include <span>

#include "server/http/hello_guard.h"

namespace qaio {
namespace {

struct Socket {
  int descriptor;
  SSL* session;
  HelloGuard guard = {};
  bool answered = false;
};

Socket& socket_of(BIO* bio) { return *static_cast<Socket*>(BIO_get_data(bio)); }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

int write_socket(BIO* bio, const char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  Socket& socket = socket_of(bio);
  socket.answered = true;
  const auto size = static_cast<size_t>(count);
  ssize_t sent = 0;
  do {
    sent = ::send(socket.descriptor, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && would_block()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_socket(BIO* bio, char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  Socket& socket = socket_of(bio);
  ssize_t received = 0;
  do {
    received = ::recv(socket.descriptor, bytes, static_cast<size_t>(count), MSG_DONTWAIT);
  } while (received < 0 && errno == EINTR);
  if (received < 0 && would_block()) BIO_set_retry_read(bio);
  if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  if (received > 0) {
    const std::span came(reinterpret_cast<const unsigned char*>(bytes),
                         static_cast<size_t>(received));
    const bool tls_1_3 = SSL_version(socket.session) == TLS1_3_VERSION;
    if (!socket.guard.take(came, {.answered = socket.answered, .tls_1_3 = tls_1_3})) return -1;
  }
  return static_cast<int>(received);
}

long control_socket(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

int free_socket(BIO* bio) {
  delete static_cast<Socket*>(BIO_get_data(bio));
  return 1;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "qaio socket");
    if (made == nullptr) return made;
    BIO_meth_set_write(made, write_socket);
    BIO_meth_set_read(made, read_socket);
    BIO_meth_set_ctrl(made, control_socket);
    BIO_meth_set_destroy(made, free_socket);
    return made;
  }();
  return method;
}

}  // namespace

BIO* new_socket_bio(int descriptor, SSL* session) {
  const BIO_METHOD* method = socket_method();
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, new (std::nothrow) Socket{descriptor, session});
  if (BIO_get_data(bio) == nullptr) {
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace qaio
