// How connections to a target are made: where they go, and by which TLS.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/target.h"
#include "load/transport_options.h"

namespace qaio {

// Made once, shared by all connections.
struct Transport {
  using Endpoint = boost::asio::generic::stream_protocol::endpoint;

  std::vector<Endpoint> endpoints;                 // tried in this order
  std::unique_ptr<boost::asio::ssl::context> tls;  // null: plain
  std::string server_name;                         // that its certificate must have
};

// kIo says why the host is unknown or a file cannot be read; kInvalidArgument what is wrong with
// it.
Result<Transport> make_transport(const Target& target, const TransportOptions& options);

}  // namespace qaio
