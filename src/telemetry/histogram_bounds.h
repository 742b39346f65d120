// The upper ends of the ranges in which Prometheus' histograms count, in seconds: those of vLLM and
// of OpenTelemetry's conventions for generative AI, and finer ones below, where a small model's
// times are. docs/metrics.md lists them.
#pragma once

#include <array>

namespace qaio {

// Whole requests and tasks.
inline constexpr auto kDurationBoundsS = std::to_array<double>(
    {0.001, 0.0025, 0.005, 0.01,  0.02, 0.04, 0.06,  0.08, 0.1, 0.16, 0.2, 0.3,   0.32, 0.5,
     0.64,  0.8,    1,     1.28,  1.5,  2,    2.5,   2.56, 5,   5.12, 10,  10.24, 15,   20,
     20.48, 30,     40,    40.96, 50,   60,   81.92, 120,  240, 480,  960, 1920,  7680});

inline constexpr auto kFirstTokenBoundsS =
    std::to_array<double>({0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03,
                           0.04,   0.06,  0.08,  0.1,   0.15,  0.25,   0.5,  0.75,  1,    2.5,
                           5,      7.5,   10,    20,    40,    80,     160,  640,   2560});

// Stages: from the microseconds of reading a request to the seconds of a long answer.
inline constexpr auto kStageBoundsS = std::to_array<double>(
    {0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
     0.02,    0.04,     0.06,    0.08,   0.1,     0.16,   0.3,   0.5,    0.8,   1,
     1.5,     2,        2.5,     5,      10,      15,     20,    30,     40,    50,
     60,      120,      240,     480,    960,     1920,   7680});

// Times between tokens are counted where they happen: kGapBoundsNs of trace/trace.h.

}  // namespace qaio
