#include "load/transport.h"

#include <openssl/ssl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace qaio {
namespace {

namespace net = boost::asio;
using boost::system::error_code;

Result<std::vector<Transport::Endpoint>> endpoints_of(const Target& target,
                                                      const TransportOptions& options) {
  std::vector<Transport::Endpoint> endpoints;
  if (!options.unix_socket.empty()) {
    constexpr size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;
    if (options.unix_socket.size() > kPathBytesMax) {
      return fail(ErrorCode::kInvalidArgument, "--unix-socket: the path of a socket has at most " +
                                                   std::to_string(kPathBytesMax) + " bytes");
    }
    endpoints.emplace_back(net::local::stream_protocol::endpoint(options.unix_socket));
    return endpoints;
  }
  net::io_context io(1);
  error_code ec;
  const auto found = net::ip::tcp::resolver(io).resolve(target.host, target.port, ec);
  if (ec)
    return fail(ErrorCode::kIo, "cannot find the host '" + target.host + "': " + ec.message());
  for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
  return endpoints;
}

// OpenSSL says the same of files that are not there and files that are no PEM.
Result<void> readable(const char* option, const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) return {};
  return fail(ErrorCode::kIo,
              std::string(option) + ": cannot read '" + path + "': " + std::strerror(errno));
}

Result<void> loaded(const char* option, const std::string& path, const char* what,
                    const error_code& ec) {
  if (!ec) return {};
  return fail(ErrorCode::kInvalidArgument, std::string(option) + ": '" + path + "' holds no " +
                                               what + " in PEM: " + ec.message());
}

Result<void> trust(net::ssl::context& tls, const TransportOptions& options) {
  tls.set_verify_mode(options.insecure ? net::ssl::verify_none : net::ssl::verify_peer);
  if (options.insecure) return {};
  error_code ec;
  if (options.ca_file.empty()) {
    tls.set_default_verify_paths(ec);
    return {};
  }
  QAIO_RETURN_IF_ERROR(readable("--ca-file", options.ca_file));
  tls.load_verify_file(options.ca_file, ec);
  return loaded("--ca-file", options.ca_file, "certificate", ec);
}

Result<void> identify(net::ssl::context& tls, const TransportOptions& options) {
  if (options.cert_file.empty()) return {};
  const bool apart = !options.key_file.empty();
  const char* key_option = apart ? "--key-file" : "--cert-file";
  const std::string& key_file = apart ? options.key_file : options.cert_file;
  QAIO_RETURN_IF_ERROR(readable("--cert-file", options.cert_file));
  QAIO_RETURN_IF_ERROR(readable(key_option, key_file));
  // A key with a passphrase is refused; nobody is there to be asked for it.
  tls.set_password_callback([](size_t, net::ssl::context::password_purpose) { return ""; });
  error_code ec;
  tls.use_certificate_chain_file(options.cert_file, ec);
  QAIO_RETURN_IF_ERROR(loaded("--cert-file", options.cert_file, "certificate", ec));
  tls.use_private_key_file(key_file, net::ssl::context::pem, ec);
  return loaded(key_option, key_file, "private key of that certificate without a passphrase", ec);
}

}  // namespace

Result<Transport> make_transport(const Target& target, const TransportOptions& options) {
  Transport transport;
  if (target.tls) {
    transport.tls = std::make_unique<net::ssl::context>(net::ssl::context::tls_client);
    net::ssl::context& tls = *transport.tls;
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(tls.native_handle(), kHttp11.data(), kHttp11.size());
    QAIO_RETURN_IF_ERROR(trust(tls, options));
    QAIO_RETURN_IF_ERROR(identify(tls, options));
    transport.server_name = target.host;
  }
  QAIO_ASSIGN(transport.endpoints, endpoints_of(target, options));
  return transport;
}

}  // namespace qaio
