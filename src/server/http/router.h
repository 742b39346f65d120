// Which endpoint answers which method and path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/scope.h"
#include "server/http/call.h"

namespace qaio {

class Router {
 public:
  // `path` is exact, or has one segment "{name}" that stands for any. A GET route also answers
  // HEAD. Where keys are asked for, one needs `scope`; kPublic: whoever reaches the server may.
  void add(std::string method, std::string path, std::optional<Scope> scope, Handler handler);

  struct Match {
    const Handler* handler = nullptr;  // nullptr: none
    std::string_view route;            // as given to add(); empty if no path matched
    std::string_view parameter;        // points into `path`
    std::optional<Scope> scope;        // of the route that answers
    std::string allow;                 // methods of the path, if it matched but the method did not
  };
  Match match(std::string_view method, std::string_view path) const;

  // For a path that nothing matched, as path_hint() has it.
  std::string hint(std::string_view path) const;

  // A path as records may keep it: its route, or, if there is none, its segments with "*" for those
  // that no route has, as a client may write anything there.
  std::string recorded(std::string_view path) const;

  struct Route {
    std::string method;
    std::string path;
    std::optional<Scope> scope;
    Handler handler;
  };
  const std::vector<Route>& routes() const { return routes_; }

 private:
  bool has_segment(std::string_view segment) const;

  std::vector<Route> routes_;
};

}  // namespace qaio
