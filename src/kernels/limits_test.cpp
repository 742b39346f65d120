#include "kernels/limits.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(Limits, EveryIsaHasThem) {
  ThreadPool pool(2);
  for (const Isa isa : isas_available()) {
    const auto read = measure_read_gb_s(isa, pool, size_t{8} << 20);
    ASSERT_TRUE(read);
    // Any machine this runs on reads more than 0.01 GB/s and fewer than 100 TB/s, even emulated.
    EXPECT_GT(*read, 0.01) << isa_name(isa);
    EXPECT_LT(*read, 1e5) << isa_name(isa);
    EXPECT_GT(measure_int8_gop_s(isa, pool), 0.001) << isa_name(isa);
  }
}

TEST(Limits, NoMemoryIsAnOrdinaryResult) {
  ThreadPool pool(1);
  const auto read = measure_read_gb_s(Isa::kScalar, pool, size_t{1} << 60);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kResourceExhausted);
}

}  // namespace
}  // namespace qaio
