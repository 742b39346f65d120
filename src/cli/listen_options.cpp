#include "cli/listen_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "app/path_fault.h"
#include "server/http/listen.h"

namespace qaio {
namespace {

std::string mode_fault(const std::string& mode) {
  const bool octal = mode.size() >= 3 && mode.size() <= 4 &&
                     mode.find_first_not_of("01234567") == std::string::npos &&
                     (mode.size() == 3 || mode[0] == '0');
  return octal ? "" : "'" + mode + "' is no mode of a file; give it in octal, as 0660";
}

std::string proxy_fault(const std::string& proxy) {
  const auto parsed = TrustedProxies::parse({proxy});
  return parsed ? "" : parsed.error().message;
}

// What is missing before others may reach the server; empty: nothing.
std::string missing(bool keys, bool tls) {
  if (keys) return tls ? "" : "no TLS (--ssl-cert-file, --ssl-key-file)";
  return tls ? "no API keys (--api-key-file)"
             : "neither API keys (--api-key-file) nor TLS (--ssl-cert-file, --ssl-key-file)";
}

}  // namespace

void add_listen_options(CLI::App& command, ServerOptions& server, ListenOptions& options) {
  command
      .add_option("--host", server.host, "Address to listen on, or a name: all addresses it has")
      ->envname("QAIO_HOST")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command.add_option("-p,--port", server.port, "Port to listen on; 0: any free one")
      ->envname("QAIO_PORT")
      ->check(CLI::Range(0, 65535))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--unix-socket", server.unix_socket,
                  "Unix socket to listen on; without --host and --port there is no other")
      ->envname("QAIO_UNIX_SOCKET")
      ->check(CLI::Validator(path_fault, ""))
      ->type_name("PATH");
  command
      .add_option("--unix-socket-mode", options.unix_socket_mode,
                  "Who may use the Unix socket: the mode of its file, in octal")
      ->envname("QAIO_UNIX_SOCKET_MODE")
      ->check(CLI::Validator(mode_fault, ""))
      ->type_name("MODE")
      ->capture_default_str();
  command
      .add_option("--ssl-cert-file", options.tls.certificate,
                  "Certificate of the server and those that lead to its authority, PEM; makes it "
                  "HTTPS. Read anew on SIGHUP")
      ->envname("QAIO_SSL_CERT_FILE")
      ->check(CLI::Validator(path_fault, ""))
      ->type_name("FILE");
  command
      .add_option("--ssl-key-file", options.tls.key,
                  "Private key of that certificate, PEM, not encrypted")
      ->envname("QAIO_SSL_KEY_FILE")
      ->check(CLI::Validator(path_fault, ""))
      ->type_name("FILE");
  command
      .add_option("--ssl-client-ca-file", options.tls.client_ca,
                  "Authorities, PEM, of one of which every client must have a certificate")
      ->envname("QAIO_SSL_CLIENT_CA_FILE")
      ->check(CLI::Validator(path_fault, ""))
      ->type_name("FILE");
  command
      .add_flag("--insecure-bind", options.insecure_bind,
                "Listen where other machines can reach it without API keys or without TLS")
      ->envname("QAIO_INSECURE_BIND");
  command
      .add_option("--trusted-proxy", server.trusted_proxies,
                  "Proxy whose X-Forwarded-For or Forwarded is believed: an address, a network as "
                  "10.0.0.0/8, or unix for who comes over the Unix socket")
      ->envname("QAIO_TRUSTED_PROXY")
      ->type_name("ADDRESS[/BITS]")
      ->check(CLI::Validator(proxy_fault, ""))
      ->delimiter(',')
      ->allow_extra_args(false);
}

Result<std::vector<std::string>> apply_listen_options(const CLI::App& command,
                                                      const ListenOptions& options, bool keys,
                                                      ServerOptions& server) {
  const TlsFiles& tls = options.tls;
  if (tls.certificate.empty() != tls.key.empty()) {
    throw CLI::ValidationError(
        tls.key.empty() ? "--ssl-cert-file needs --ssl-key-file, the key that belongs to it"
                        : "--ssl-key-file needs --ssl-cert-file, the certificate of it");
  }
  if (!tls.client_ca.empty() && tls.certificate.empty()) {
    throw CLI::ValidationError(
        "--ssl-client-ca-file is for HTTPS; add --ssl-cert-file and --ssl-key-file");
  }
  if (!tls.certificate.empty()) server.tls = tls;
  server.unix_socket_mode = static_cast<unsigned>(std::stoul(options.unix_socket_mode, nullptr, 8));
  server.tcp = server.unix_socket.empty() || command.count("--host") + command.count("--port") > 0;
  if (server.tls && command.count("--http-memory-mib") == 0) {
    server.memory_bytes_max += tls_bytes(server);
  }
  if (!server.tcp) return std::vector<std::string>();

  QAIO_ASSIGN(const Endpoints endpoints, resolve_host(server.host, server.port));
  const bool local = std::ranges::all_of(
      endpoints, [](const auto& endpoint) { return is_loopback(endpoint.address()); });
  const std::string lacks = missing(keys, server.tls.has_value());
  if (local || lacks.empty()) return std::vector<std::string>();
  const std::string place = server.host.empty() ? "every address" : server.host;
  if (options.insecure_bind) {
    return std::vector{
        fmt::format("other machines can reach the server at {}, and it has {}", place, lacks)};
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("other machines could reach the server at {}, and it has {}: give what "
                          "is missing, or --insecure-bind to let everybody in, or --host 127.0.0.1",
                          place, lacks));
}

std::vector<std::string> listening_places(const ServerOptions& server, uint16_t port) {
  std::vector<std::string> places;
  if (server.tcp) places.push_back(client_url(server.host, port, server.tls.has_value()));
  if (!server.unix_socket.empty()) places.push_back("unix:" + server.unix_socket);
  return places;
}

}  // namespace qaio
