// The Unix socket that a server listens on, and its file.
#pragma once

#include <sys/types.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "server/http/client_stream.h"

namespace qaio {

using UnixAcceptor =
    boost::asio::basic_socket_acceptor<boost::asio::local::stream_protocol, ConnectionExecutor>;

class UnixListener {
 public:
  // `mode` is the file's from the moment it exists. The file of a server that is gone is replaced,
  // that of one that listens is not. An error names the path and says what to do.
  static Result<std::unique_ptr<UnixListener>> listen(ConnectionExecutor executor,
                                                      const std::string& path, unsigned mode);
  ~UnixListener() { close(); }
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  UnixAcceptor& acceptor() { return acceptor_; }
  // Removes the file, too, unless somebody else has put another one there.
  void close();

 private:
  explicit UnixListener(ConnectionExecutor executor) : acceptor_(std::move(executor)) {}

  UnixAcceptor acceptor_;
  std::string path_;  // empty: there is no file
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace qaio
