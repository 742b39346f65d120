// For tests: files that tests which run beside do not have as well.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace qaio {

inline std::string temp_path(const std::string& name) {
  return testing::TempDir() + "qaio-" + std::to_string(::getpid()) + "-" + name;
}

}  // namespace qaio
