// What is wrong with the path that an option was given.
#pragma once

#include <string>

namespace qaio {

// Of options that protect: a script whose variable is not set must not switch them off.
inline std::string path_fault(const std::string& path) {
  return path.empty() ? "'' is no path; leave the option out, or give it one" : "";
}

}  // namespace qaio
