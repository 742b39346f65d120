// What a user says of the way to a target.
#pragma once

#include <string>

namespace qaio {

struct TransportOptions {
  std::string unix_socket;  // of a server on this machine: in the place of host and port
  bool insecure = false;    // whatever certificate the server has will do
  std::string ca_file;      // PEM; empty: the system's authorities
  std::string cert_file;    // PEM: the client's own certificate, and what leads to its authority
  std::string key_file;     // PEM; empty: the key is in cert_file
};

}  // namespace qaio
