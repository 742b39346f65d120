#include "server/router.h"

#include <optional>
#include <utility>

#include "server/path_hint.h"

namespace qaio {
namespace {

// The parameter, empty for an exact route; absent if the path is another.
std::optional<std::string_view> match_path(std::string_view route, std::string_view path) {
  if (!route.ends_with('}'))
    return route == path ? std::optional(std::string_view()) : std::nullopt;
  const std::string_view prefix = route.substr(0, route.rfind('{'));
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  return path.empty() || path.find('/') != std::string_view::npos ? std::nullopt
                                                                  : std::optional(path);
}

}  // namespace

void Router::add(std::string method, std::string path, Handler handler) {
  routes_.push_back({std::move(method), std::move(path), std::move(handler)});
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match match;
  for (const Route& route : routes_) {
    const auto parameter = match_path(route.path, path);
    if (!parameter) continue;
    match.route = route.path;
    match.parameter = *parameter;
    if (route.method == method || (route.method == "GET" && method == "HEAD")) {
      match.handler = &route.handler;
      return match;
    }
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return match;
}

std::string Router::hint(std::string_view path) const {
  std::vector<KnownPath> known;
  for (const Route& route : routes_) known.push_back({route.method, route.path});
  return path_hint(path, known);
}

}  // namespace qaio
