#include "server/http/trusted_proxies.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <utility>

#include "server/http/client_stream.h"

namespace qaio {
namespace {

namespace ip = boost::asio::ip;
using boost::beast::iequals;

constexpr std::string_view kBlank = " \t";
constexpr std::string_view kToken =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kHidden =
    "._-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr size_t kHiddenMax = 64;  // characters of a name that hides an address
constexpr int kMappedBits = 96;    // of an IPv6 address before the IPv4 address in it

std::string_view trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(kBlank), text.size());
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

std::optional<int> number_of(std::string_view text, int max) {
  int value = -1;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value < 0 || value > max) {
    return std::nullopt;
  }
  return value;
}

std::optional<ip::address> address_of(std::string_view text) {
  boost::system::error_code ec;
  const ip::address address = ip::make_address(text, ec);
  if (ec) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

ip::address_v6 as_v6(const ip::address& address) {
  return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()) : address.to_v6();
}

bool is_hidden_name(std::string_view text) {
  return text.size() > 1 && text.size() <= kHiddenMax && text[0] == '_' &&
         text.find_first_not_of(kHidden) == std::string_view::npos;
}

// A node's name without its port; empty: it is none, or "unknown".
std::string_view without_port(std::string_view node) {
  if (address_of(node)) return node;  // one of IPv6 without brackets has no port
  std::string_view port;
  if (node.starts_with('[')) {
    const size_t end = node.find(']');
    if (end == std::string_view::npos) return {};
    port = node.substr(end + 1);
    node = node.substr(1, end - 1);
    if (node.find(':') == std::string_view::npos) return {};
  } else if (const size_t colon = node.find(':'); colon != std::string_view::npos) {
    port = node.substr(colon);
    node = node.substr(0, colon);
  }
  if (!port.empty() &&
      (port[0] != ':' || (!number_of(port.substr(1), 65535) && !is_hidden_name(port.substr(1))))) {
    return {};
  }
  return address_of(node) || is_hidden_name(node) ? node : std::string_view();
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& proxies) {
  TrustedProxies parsed;
  for (const std::string& proxy : proxies) {
    if (proxy == kUnixClient) {
      parsed.unix_ = true;
      continue;
    }
    const auto wrong = [&](std::string_view why) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("'{}' {}; give an address as 192.0.2.7, a network as 10.0.0.0/8 or "
                              "fd00::/8, or unix",
                              proxy, why));
    };
    const size_t slash = std::min(proxy.find('/'), proxy.size());
    const auto address = address_of(std::string_view(proxy).substr(0, slash));
    if (!address) return wrong("is no address");
    const int bits_max = address->is_v4() ? 32 : 128;
    int bits = bits_max;
    if (slash < proxy.size()) {
      const auto given = number_of(std::string_view(proxy).substr(slash + 1), bits_max);
      if (!given) return wrong(fmt::format("has no number of bits from 0 to {}", bits_max));
      bits = *given;
    }
    parsed.networks_.push_back({as_v6(*address), address->is_v4() ? bits + kMappedBits : bits});
  }
  return parsed;
}

bool TrustedProxies::trusts(std::string_view client) const {
  if (client == kUnixClient) return unix_;
  const auto address = address_of(client);
  if (!address) return false;
  const auto bytes = as_v6(*address).to_bytes();
  return std::ranges::any_of(networks_, [&](const Network& network) {
    const auto wanted = network.address.to_bytes();
    const auto whole = static_cast<size_t>(network.bits / 8);
    const int rest = network.bits % 8;
    if (!std::equal(bytes.begin(), bytes.begin() + whole, wanted.begin())) return false;
    return rest == 0 || (bytes[whole] >> (8 - rest)) == (wanted[whole] >> (8 - rest));
  });
}

// `forwarded` is one header. None: its quotes or pairs are wrong, so that nobody can say where what
// the last proxy wrote begins.
std::optional<std::vector<TrustedProxies::Hop>> TrustedProxies::hops_of(
    std::string_view forwarded) {
  std::vector<Hop> hops;
  Hop hop;
  bool any = false;
  size_t at = 0;
  const auto skip_blanks = [&] {
    at = std::min(forwarded.find_first_not_of(kBlank, at), forwarded.size());
  };
  for (;; ++at) {
    skip_blanks();
    const size_t name_end = std::min(forwarded.find_first_not_of(kToken, at), forwarded.size());
    const std::string_view name = forwarded.substr(at, name_end - at);
    at = name_end;
    if (!name.empty()) {
      if (at == forwarded.size() || forwarded[at] != '=') return std::nullopt;
      std::string_view value;
      const bool quoted = ++at < forwarded.size() && forwarded[at] == '"';
      if (quoted) {
        const size_t begin = ++at;
        // Nothing that matters here needs an escape: with one the value is not understood.
        while (at < forwarded.size() && forwarded[at] != '"') at += forwarded[at] == '\\' ? 2 : 1;
        if (at >= forwarded.size()) return std::nullopt;
        value = forwarded.substr(begin, at++ - begin);
      } else {
        const size_t end = std::min(forwarded.find_first_not_of(kToken, at), forwarded.size());
        value = forwarded.substr(at, end - at);
        if (value.empty()) return std::nullopt;
        at = end;
      }
      any = true;
      if (iequals(name, "for")) hop.client = without_port(value);
      if (iequals(name, "proto")) hop.proto = value;
      skip_blanks();
    }
    const bool end = at >= forwarded.size();
    if (!end && forwarded[at] != ';' && forwarded[at] != ',') return std::nullopt;
    if (end || forwarded[at] == ',') {
      if (any) hops.push_back(std::exchange(hop, {}));
      any = false;
    }
    if (end) return hops;
  }
}

Caller TrustedProxies::last_untrusted(const std::string& peer, const std::vector<Hop>& hops) const {
  Caller caller{peer};
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    if (hop->client.empty()) break;
    const auto address = address_of(hop->client);
    caller.client = address ? address->to_string() : std::string(hop->client);
    caller.https = iequals(hop->proto, "https");
    if (!trusts(caller.client)) break;
  }
  return caller;
}

Caller TrustedProxies::caller(const std::string& peer, const ForwardedHeaders& headers) const {
  if (!trusts(peer)) return {.client = peer};
  std::vector<Hop> listed;
  for (std::string_view line : headers.x_forwarded_for) {
    while (!line.empty()) {
      const size_t comma = std::min(line.find(','), line.size());
      const std::string_view node = trimmed(line.substr(0, comma));
      if (!node.empty()) listed.push_back({without_port(node)});
      line.remove_prefix(std::min(comma + 1, line.size()));
    }
  }
  std::vector<Hop> told;
  for (const std::string& line : headers.forwarded) {
    const auto hops = hops_of(line);
    if (hops) {
      told.insert(told.end(), hops->begin(), hops->end());
    } else {
      told.push_back({});  // and whatever stands left of it does not matter
    }
  }
  Caller caller = last_untrusted(peer, told.empty() ? listed : told);
  if (!told.empty() && !listed.empty() && last_untrusted(peer, listed).client != caller.client) {
    return {.client = peer};
  }
  if (!headers.x_forwarded_proto.empty()) {
    const std::string_view protos = headers.x_forwarded_proto.back();
    const size_t last = protos.rfind(',') + 1;  // npos + 1 is 0
    caller.https = caller.https || iequals(trimmed(protos.substr(last)), "https");
  }
  return caller;
}

}  // namespace qaio
