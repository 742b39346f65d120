#include "server/http/site_policy.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <utility>

namespace qaio {
namespace {

constexpr int kForbidden = 403;
constexpr size_t kShownMax = 100;  // characters of a name in an error
constexpr std::string_view kAny = "*";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// Out of "name:port", "[address]:port" or either without a port; a name's last dot is dropped.
std::string name_of(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    return std::string(host.substr(1, std::min(end, host.size()) - 1));
  }
  std::string name = lower(host.substr(0, host.find(':')));
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_address(const std::string& name) {
  boost::system::error_code ec;
  boost::asio::ip::make_address(name, ec);
  return !ec;
}

std::string own_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? lower(name.data()) : "";
}

// "https://example.org:8443" is "example.org:8443": behind a proxy that ends TLS only this can be
// compared with `Host`.
std::string_view without_scheme(std::string_view origin) {
  const size_t at = origin.find("://");
  return at == std::string_view::npos ? origin : origin.substr(at + 3);
}

std::string shown(std::string_view text) {
  std::string out(text.substr(0, kShownMax));
  std::ranges::replace_if(
      out, [](unsigned char c) { return c <= 0x20 || c >= 0x7f || c == '\''; }, '?');
  return out;
}

bool takes_any(std::vector<std::string>& values) { return std::erase(values, kAny) > 0; }

}  // namespace

SitePolicy::SitePolicy(std::vector<std::string> allowed_hosts,
                       std::vector<std::string> cors_origins, std::string_view own_host)
    : hosts_(std::move(allowed_hosts)), cors_origins_(std::move(cors_origins)) {
  hosts_given_ = !hosts_.empty();
  any_host_ = takes_any(hosts_);
  any_origin_ = takes_any(cors_origins_);
  for (std::string& host : hosts_) host = name_of(host);
  for (std::string& origin : cors_origins_) {
    origin = lower(origin);
    while (origin.ends_with('/')) origin.pop_back();
  }
  hosts_.push_back(own_name());
  hosts_.push_back(name_of(own_host));
}

bool SitePolicy::knows_host(std::string_view host) const {
  const std::string name = name_of(host);
  return name.empty() || name == "localhost" || name.ends_with(".localhost") || is_address(name) ||
         std::ranges::find(hosts_, name) != hosts_.end();
}

std::optional<HttpResponse> SitePolicy::refuse(const RequestSite& site) const {
  const bool host_matters = !any_host_ && (hosts_given_ || site.over_loopback);
  if (host_matters && site.host && !knows_host(*site.host)) {
    const std::string name = shown(name_of(*site.host));
    return error_response(
        kForbidden, "host_not_allowed",
        fmt::format("'{}' is not a name of this server; --allowed-host {} makes it one", name,
                    name));
  }
  if (any_origin_) return std::nullopt;
  if (site.origin) {
    const bool in_the_clear = site.over_https && lower(*site.origin).starts_with("http://");
    const bool own =
        site.host && !in_the_clear && lower(without_scheme(*site.origin)) == lower(*site.host);
    if (own || !cors_origin(*site.origin).empty()) return std::nullopt;
    const std::string origin = shown(*site.origin);
    return error_response(
        kForbidden, "origin_not_allowed",
        fmt::format("pages of '{}' may not use this server; --cors-origin {} allows them", origin,
                    origin));
  }
  const bool of_other_page = site.fetch_site == "cross-site" || site.fetch_site == "same-site";
  if (of_other_page && site.fetch_mode != "navigate") {
    return error_response(kForbidden, "origin_not_allowed",
                          "pages of other sites may not use this server; --cors-origin allows "
                          "those that say who they are");
  }
  return std::nullopt;
}

std::string SitePolicy::cors_origin(std::string_view origin) const {
  if (any_origin_) return std::string(kAny);
  const bool allowed = std::ranges::find(cors_origins_, lower(origin)) != cors_origins_.end();
  return allowed ? std::string(origin) : "";
}

}  // namespace qaio
