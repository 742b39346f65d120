#include "server/http/router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/http/path_hint.h"

namespace qaio {
namespace {

// The parameter, empty for an exact route; absent if the path is another.
std::optional<std::string_view> match_path(std::string_view route, std::string_view path) {
  const size_t open = route.find('{');
  if (open == std::string_view::npos)
    return route == path ? std::optional(std::string_view()) : std::nullopt;
  const std::string_view prefix = route.substr(0, open);
  const std::string_view suffix = route.substr(route.find('}') + 1);
  if (path.size() <= prefix.size() + suffix.size() || !path.starts_with(prefix) ||
      !path.ends_with(suffix)) {
    return std::nullopt;
  }
  path.remove_prefix(prefix.size());
  path.remove_suffix(suffix.size());
  return path.find('/') == std::string_view::npos ? std::optional(path) : std::nullopt;
}

}  // namespace

void Router::add(std::string method, std::string path, std::optional<Scope> scope,
                 Handler handler) {
  routes_.push_back({std::move(method), std::move(path), scope, std::move(handler)});
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
      match.scope = route.scope;
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

bool Router::has_segment(std::string_view segment) const {
  if (segment.starts_with('{')) return false;
  const std::string wanted = "/" + std::string(segment) + "/";
  return std::ranges::any_of(routes_, [&](const Route& route) {
    return (route.path + "/").find(wanted) != std::string::npos;
  });
}

std::string Router::recorded(std::string_view path) const {
  if (const Match found = match({}, path); !found.route.empty()) return std::string(found.route);
  std::string out;
  while (!path.empty()) {
    if (path.front() == '/') {
      out += '/';
      path.remove_prefix(1);
      continue;
    }
    const std::string_view segment = path.substr(0, path.find('/'));
    out += has_segment(segment) ? segment : "*";
    path.remove_prefix(segment.size());
  }
  return out;
}

}  // namespace qaio
