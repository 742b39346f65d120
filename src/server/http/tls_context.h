// Who the server says it is, and whom it believes: certificate, key, and the authorities of its
// clients' certificates, as OpenSSL takes them.
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "telemetry/server_state.h"

namespace qaio {

// All in PEM form. Certificate and key may be the same file.
struct TlsFiles {
  std::string certificate;  // the server's own first, then those that lead to its authority
  std::string key;
  std::string client_ca;  // empty: clients need no certificate
};

// Thread-safe.
class TlsContext {
 public:
  // An error names the file and what is wrong with it. `clock` outlives the context.
  static Result<std::unique_ptr<TlsContext>> load(TlsFiles files, const Clock& clock);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Reads the files anew. Connections that are open go on with what they began with; so does
  // everybody if there is an error. Tickets of earlier sessions are worth nothing afterwards: they
  // may stand on an authority that is trusted no longer.
  Result<void> reload();

  // The server's end of one connection over the socket `descriptor`; nullptr: no memory.
  SSL* new_session(int descriptor) const;

  // A certificate that is not valid now, in sentences.
  std::vector<std::string> warnings() const;
  // For the log: whom it names and how long it is valid.
  std::string describe() const;

  void count_handshake(bool succeeded) { (succeeded ? succeeded_ : failed_).fetch_add(1); }
  TlsState state() const;

 private:
  struct Loaded;
  TlsContext(TlsFiles files, const Clock& clock);
  std::shared_ptr<const Loaded> loaded() const;

  const TlsFiles files_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::shared_ptr<const Loaded> loaded_ QAIO_GUARDED_BY(mutex_);
  std::atomic<uint64_t> succeeded_ = 0;
  std::atomic<uint64_t> failed_ = 0;
};

}  // namespace qaio
