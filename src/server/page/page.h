// The page that people open in a browser. Its files, built from web/, are part of the program.
#pragma once

#include "server/http/router.h"

namespace qaio {

// GET / and /assets/{name}. A build without Node.js has no page: there / says so (src/server/page/
// CMakeLists.txt).
void add_page(Router& router);

}  // namespace qaio
