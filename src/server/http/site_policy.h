// Which pages of a browser may use the server. A browser sends requests of any page it shows to any
// address; it says which page in `Origin`, and which name it believes to talk to in `Host`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http.h"

namespace qaio {

// The headers that tell; none: the request does not have it.
struct RequestSite {
  std::optional<std::string> host = {};
  std::optional<std::string> origin = {};
  std::string_view fetch_site = {};  // Sec-Fetch-Site
  std::string_view fetch_mode = {};  // Sec-Fetch-Mode
  bool over_loopback = false;        // the server's end of the connection is a loopback address
  bool over_https = false;           // certainly; else it may still be, as far as a proxy
};

class SitePolicy {
 public:
  // `allowed_hosts`: names beside the server's own, or "*". `cors_origins`: sites whose pages may
  // use it, as https://example.org, or "*". Letter case does not matter. `own_host`: the name or
  // address that the server listens on.
  SitePolicy(std::vector<std::string> allowed_hosts, std::vector<std::string> cors_origins,
             std::string_view own_host = {});

  // The refusal of a request that nobody allowed, before anything is done for it.
  //
  // A name in `Host` that is not the server's is how a page reaches it after its own name was made
  // to resolve to this address (DNS rebinding). It must be known when the connection came over
  // loopback, where only names of this machine make sense, and always if hosts are given. Addresses
  // are no names: nobody else's page has one as its site. A page's site must be the server itself,
  // and not in the clear where the server is certainly reached over HTTPS, or among the origins;
  // Sec-Fetch-Site tells of pages where `Origin` is not sent (images, forms
  // that get), but following a link is the user's own doing.
  std::optional<HttpResponse> refuse(const RequestSite& site) const;

  // What Access-Control-Allow-Origin says to this origin; empty: it is absent.
  std::string cors_origin(std::string_view origin) const;
  bool has_cors_origins() const { return any_origin_ || !cors_origins_.empty(); }
  bool varies_by_origin() const { return !any_origin_ && !cors_origins_.empty(); }

 private:
  bool knows_host(std::string_view name) const;

  std::vector<std::string> hosts_;
  std::vector<std::string> cors_origins_;
  bool hosts_given_ = false;
  bool any_host_ = false;
  bool any_origin_ = false;
};

}  // namespace qaio
