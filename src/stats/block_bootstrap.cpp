#include "stats/block_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace qaio {
namespace {

constexpr size_t kValuesMax = 10'000;

// The values of one side of the blocks, largest first, so that a high percentile is soon found.
class Side {
 public:
  Side(std::span<const TimeBlock> blocks, std::vector<double> TimeBlock::*side, Random& random) {
    size_t count = 0;
    for (const TimeBlock& block : blocks) count += (block.*side).size();
    const size_t step = (count + kValuesMax - 1) / kValuesMax;
    for (size_t i = 0; i < blocks.size(); ++i) {
      const std::vector<double>& values = blocks[i].*side;
      sizes_.push_back(0);
      for (size_t begin = 0; begin < values.size(); begin += step, ++sizes_.back()) {
        const size_t choice = std::min(step, values.size() - begin);
        values_.push_back({values[begin + random.below(choice)], static_cast<uint32_t>(i)});
      }
    }
    std::ranges::sort(values_, std::ranges::greater(), &Value::ms);
  }

  // If block i were there times[i] times.
  double percentile(std::span<const uint32_t> times, double percent) const {
    double count = 0;
    for (size_t i = 0; i < sizes_.size(); ++i)
      count += static_cast<double>(times[i]) * static_cast<double>(sizes_[i]);
    // Nearest rank, from the top; less a rounding error.
    const double above_max = count * (1 - percent / 100) + 1e-6;
    double above = 0;
    for (const Value& value : values_) {
      above += times[value.block];
      if (above > above_max) return value.ms;
    }
    return values_.back().ms;
  }

 private:
  struct Value {
    double ms;
    uint32_t block;
  };
  std::vector<Value> values_;
  std::vector<size_t> sizes_;
};

void draw(std::vector<uint32_t>& times, Random& random) {
  std::ranges::fill(times, 0);
  for (size_t i = 0; i < times.size(); ++i) ++times[random.below(times.size())];
}

Interval middle_95(std::vector<double>& values) {
  std::ranges::sort(values);
  return {percentile(values, 2.5), percentile(values, 97.5)};
}

}  // namespace

std::vector<TimeBlock> consecutive_blocks(std::span<const double> a, std::span<const double> b) {
  const size_t smaller = std::min(a.size(), b.size());
  std::vector<TimeBlock> blocks(static_cast<size_t>(std::sqrt(static_cast<double>(smaller))));
  const auto cut = [&](std::span<const double> values, size_t i) {
    const size_t begin = i * values.size() / blocks.size();
    const size_t end = (i + 1) * values.size() / blocks.size();
    const auto part = values.subspan(begin, end - begin);
    return std::vector<double>(part.begin(), part.end());
  };
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i] = {.a = cut(a, i), .b = cut(b, i)};
  return blocks;
}

ChangeIntervals bootstrap_blocks(std::span<const TimeBlock> blocks, bool paired, double percent,
                                 Random& random) {
  const Side a(blocks, &TimeBlock::a, random);
  const Side b(blocks, &TimeBlock::b, random);
  std::vector<uint32_t> times(blocks.size());
  std::vector<double> differences(kBootstrapRounds);
  std::vector<double> relative;
  for (double& difference : differences) {
    draw(times, random);
    const double of_a = a.percentile(times, percent);
    if (!paired) draw(times, random);
    const double of_b = b.percentile(times, percent);
    difference = of_b - of_a;
    if (of_a > 0) relative.push_back(of_b / of_a - 1);
  }
  ChangeIntervals intervals{.difference = middle_95(differences), .relative = std::nullopt};
  if (relative.size() == differences.size()) intervals.relative = middle_95(relative);
  return intervals;
}

}  // namespace qaio
