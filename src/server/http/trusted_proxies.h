// Proxies in front of the server, and whom they say they ask for. Anybody can send the headers they
// send, so that only what those wrote who are trusted is believed.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace qaio {

// The headers that tell, each as often as it came, in order.
struct ForwardedHeaders {
  std::vector<std::string> x_forwarded_for = {};
  std::vector<std::string> x_forwarded_proto = {};
  std::vector<std::string> forwarded = {};  // RFC 7239
};

// Who really asks.
struct Caller {
  std::string client;  // its address without the port, or what the proxy calls it ("_hidden")
  bool https = false;  // it certainly uses HTTPS
};

class TrustedProxies {
 public:
  // Each an address, a network ("10.0.0.0/8", "fd00::/8") or "unix", for whoever comes over the
  // Unix socket. An IPv4 address and the same as one of IPv6 are one.
  static Result<TrustedProxies> parse(const std::vector<std::string>& proxies);

  bool empty() const { return networks_.empty() && !unix_; }
  bool trusts(std::string_view client) const;

  // Each proxy adds at the right who it was that asked it. From there on goes back through those
  // that are trusted: the first who is not is the caller. Where a proxy says nothing that can be
  // understood, the caller is that proxy. Of X-Forwarded-For and Forwarded a proxy writes one and
  // passes on whatever the client put into the other, so that if both are there and name different
  // callers neither counts.
  Caller caller(const std::string& peer, const ForwardedHeaders& headers) const;

 private:
  struct Network {
    boost::asio::ip::address_v6 address;  // also of IPv4
    int bits = 128;
  };
  // What one proxy wrote.
  struct Hop {
    std::string_view client;  // empty: nothing that can be understood
    std::string_view proto = {};
  };
  static std::optional<std::vector<Hop>> hops_of(std::string_view forwarded);
  Caller last_untrusted(const std::string& peer, const std::vector<Hop>& hops) const;

  std::vector<Network> networks_;
  bool unix_ = false;
};

}  // namespace qaio
