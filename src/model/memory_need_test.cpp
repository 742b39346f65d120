#include "model/memory_need.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qaio {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kMib = 1 << 20;
const MemoryLimit kLimit{.bytes = 1000 * kMib, .of = "the control group /g"};

TEST(MemoryNeed, WhatFitsIsTaken) {
  EXPECT_TRUE(check_weights_fit(900 * kMib, kLimit, 100 * kMib));
  EXPECT_TRUE(check_working_memory_fits(
      {.kv_tokens = 8192, .kv_bytes = 800 * kMib, .step_bytes = 100 * kMib}, kLimit, 100 * kMib));
}

TEST(MemoryNeed, WithoutALimitEverythingFits) {
  EXPECT_TRUE(check_weights_fit(size_t{1} << 50, {}, 0));
  EXPECT_TRUE(check_working_memory_fits({.kv_tokens = 1, .kv_bytes = size_t{1} << 50}, {}, 0));
}

TEST(MemoryNeed, WeightsThatDoNotFitAreToldInNumbers) {
  const auto fits = check_weights_fit(901 * kMib, kLimit, 100 * kMib);
  ASSERT_FALSE(fits);
  EXPECT_EQ(fits.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(fits.error().message,
            "the weights take 901 MiB of memory, 100 MiB are in use, and the control group /g has "
            "1000 MiB in all: allow more, or choose a smaller model or --weights q4");
  EXPECT_FALSE(check_weights_fit(1, kLimit, 5000 * kMib));
}

TEST(MemoryNeed, WhatWouldFitIsToldAsAnOption) {
  const WorkingMemory need{.kv_tokens = 10'240, .kv_bytes = 1024 * kMib, .step_bytes = 100 * kMib};
  const auto fits = check_working_memory_fits(need, kLimit, 500 * kMib);
  ASSERT_FALSE(fits);
  EXPECT_THAT(fits.error().message, HasSubstr("KV memory of 10240 tokens takes 1024 MiB"));
  EXPECT_THAT(fits.error().message, HasSubstr("--kv-tokens 3840"));
  EXPECT_TRUE(check_working_memory_fits(
      {.kv_tokens = 3840, .kv_bytes = 384 * kMib, .step_bytes = 100 * kMib}, kLimit, 500 * kMib));

  const auto none = check_working_memory_fits(need, kLimit, 890 * kMib);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, Not(HasSubstr("--kv-tokens")));
}

}  // namespace
}  // namespace qaio
