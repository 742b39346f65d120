#include "load/target.h"

// Boost.URL without its library.
#include <boost/url/src.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace qaio {
namespace {

// Boost.URL 1.81 takes "h:port" for a host and a path, and any number for a port.
bool has_sound_port(const boost::urls::url_view& url) {
  if (!url.encoded_path().empty() && !url.encoded_path().starts_with('/')) return false;
  const std::string_view text = url.port();
  if (text.empty()) return true;
  int port = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  return ec == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

const char* usual_port(bool tls) { return tls ? "443" : "80"; }

// What stands in front of the endpoint: "" or "/v1".
std::string_view before_endpoint(std::string_view path, LoadApi api) {
  const std::string_view ending = traits_of(api).ending;
  return path.substr(0, path.ends_with(ending) ? path.size() - ending.size() : path.rfind('/'));
}

// Completes the path and the API of a target whose path is the URL's.
Result<void> choose_endpoint(Target& target, std::string_view endpoint,
                             std::optional<LoadApi> api) {
  std::optional<LoadApi> found = endpoint.empty() ? api_of_path(target.path) : std::nullopt;
  if (found && api && *found != *api) {
    return fail(ErrorCode::kInvalidArgument, "'" + target.path + "' is an endpoint of " +
                                                 std::string(traits_of(*found).name) + ", not of " +
                                                 std::string(traits_of(*api).name));
  }
  if (!found) {
    std::string_view added = endpoint;
    if (added.empty()) added = traits_of(api.value_or(LoadApi::kQaioChat)).endpoint;
    // A base URL as OpenAI's clients have it ends in /v1 itself.
    if (endpoint.empty() && target.path.ends_with("/v1") && added.starts_with("/v1/"))
      added.remove_prefix(3);
    target.path += added;
    found = api ? api : api_of_path(target.path);
  }
  if (!found || (!endpoint.empty() && !endpoint.starts_with('/'))) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + target.path +
                    "' is no endpoint that can be loaded: they end in /chat, /chat/completions, "
                    "/completions, /systemone or /decisions; for a path of another name say --api");
  }
  target.api = *found;
  return {};
}

}  // namespace

std::string Target::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == usual_port(tls) ? name : name + ":" + port;
}

std::string Target::models_path() const {
  return std::string(before_endpoint(path, api)) + "/models";
}

std::string Target::tokenize_path() const {
  std::string_view root = before_endpoint(path, api);
  if (root.ends_with("/v1")) root.remove_suffix(3);
  return std::string(root) + "/tokenize";
}

Result<Target> parse_target(std::string_view url, std::string_view endpoint,
                            std::optional<LoadApi> api) {
  const std::string text =
      url.find("://") == std::string_view::npos ? "http://" + std::string(url) : std::string(url);
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || parsed->encoded_host().empty() || parsed->has_query() || parsed->has_fragment() ||
      parsed->has_userinfo() || !has_sound_port(*parsed)) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + std::string(url) + "' is no URL like http://127.0.0.1:8080");
  }
  const bool tls = parsed->scheme_id() == boost::urls::scheme::https;
  if (!tls && parsed->scheme_id() != boost::urls::scheme::http) {
    return fail(ErrorCode::kUnsupported, "only http:// and https:// are spoken, not " +
                                             std::string(parsed->scheme()) + "://");
  }
  Target target;
  target.tls = tls;
  target.host = parsed->host_address();
  target.port = parsed->port().empty() ? usual_port(tls) : std::string(parsed->port());
  target.path = std::string(parsed->encoded_path());
  while (target.path.ends_with('/')) target.path.pop_back();
  QAIO_RETURN_IF_ERROR(choose_endpoint(target, endpoint, api));
  return target;
}

}  // namespace qaio
