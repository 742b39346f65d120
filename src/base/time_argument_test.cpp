#include "base/time_argument.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

constexpr int64_t kNow = 1'790'000'000'123;



}  // namespace
}  // namespace qaio
