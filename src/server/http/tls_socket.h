// How OpenSSL reads and writes a socket that does not block.
#pragma once

#include <openssl/types.h>

namespace qaio {

// For `session`. Unlike OpenSSL's own it raises no SIGPIPE, and a client's first message takes no
// more memory than it needs. Does not own `descriptor`. nullptr: no memory.
BIO* new_socket_bio(int descriptor, SSL* session);

}  // namespace qaio
