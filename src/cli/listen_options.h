// Where `qaio serve` listens, and whom it lets in there.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/http/server.h"

namespace qaio {

struct ListenOptions {
  TlsFiles tls;  // no files: no TLS
  std::string unix_socket_mode = "0660";
  bool insecure_bind = false;
};

void add_listen_options(CLI::App& command, ServerOptions& server, ListenOptions& options);

// Once all options are known, also those of a file: completes `server`. An error if others could
// reach the server without `keys` or without TLS and nobody has said that they may. On success what
// there is to warn of, in sentences.
Result<std::vector<std::string>> apply_listen_options(const CLI::App& command,
                                                      const ListenOptions& options, bool keys,
                                                      ServerOptions& server);

// Where the server listens, as its clients write it: "https://127.0.0.1:8080", "unix:/run/qaio".
std::vector<std::string> listening_places(const ServerOptions& server, uint16_t port);

}  // namespace qaio
