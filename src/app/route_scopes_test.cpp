// docs/security.md lists every route of the program with its scope, and no other.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "server/api/api.h"
#include "server/observe/observe_api.h"
#include "server/page/page.h"

namespace qaio {
namespace {

std::vector<std::string> documented_routes() {
  std::vector<std::string> rows;
  std::ifstream in(QAIO_SOURCE_DIR "/docs/security.md");
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "| route | scope |") {
      inside = std::getline(in, line).good();
    } else if (!line.starts_with("|")) {
      inside = false;
    } else if (inside) {
      rows.push_back(line);
    }
  }
  return rows;
}

TEST(RouteScopes, TheDocumentListsEveryRouteWithItsScope) {
  Router router;
  const BackendSlot slot;
  add_page(router);
  add_api(router, slot, ApiLimits());
  add_observe_api(router, {});
  std::vector<std::string> rows;
  for (const Router::Route& route : router.routes()) {
    const std::string_view scope = route.scope ? scope_name(*route.scope) : "public";
    rows.push_back("| `" + route.method + " " + route.path + "` | " + std::string(scope) + " |");
  }
  EXPECT_THAT(documented_routes(), testing::UnorderedElementsAreArray(rows));
}

}  // namespace
}  // namespace qaio
