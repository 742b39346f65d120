#include "load/lengths.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

namespace qaio {
namespace {

constexpr std::string_view kNormal = "normal:";
constexpr std::string_view kExponential = "exp:";

std::optional<int> whole(std::string_view text) {
  int value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < 1 || value > Lengths::kTokensMax) return std::nullopt;
  return value;
}

}  // namespace

Result<Lengths> Lengths::parse(std::string_view text) {
  const auto refused =
      fail(ErrorCode::kInvalidArgument,
           "'" + std::string(text) +
               "' is no length: give N, MIN-MAX, normal:MEAN:DEVIATION or exp:MEAN "
               "in whole tokens from 1 to " +
               std::to_string(kTokensMax));
  Lengths lengths(1);
  if (text.starts_with(kNormal)) {
    const std::string_view numbers = text.substr(kNormal.size());
    const size_t colon = numbers.find(':');
    if (colon == std::string_view::npos) return refused;
    const auto mean = whole(numbers.substr(0, colon));
    const auto deviation = whole(numbers.substr(colon + 1));
    if (!mean || !deviation) return refused;
    lengths.kind_ = Kind::kNormal;
    lengths.mean_ = *mean;
    lengths.deviation_ = *deviation;
    return lengths;
  }
  if (text.starts_with(kExponential)) {
    const auto mean = whole(text.substr(kExponential.size()));
    if (!mean) return refused;
    lengths.kind_ = Kind::kExponential;
    lengths.mean_ = *mean;
    return lengths;
  }
  const size_t dash = text.find('-');
  const auto low = whole(text.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : whole(text.substr(dash + 1));
  if (!low || !high || *low > *high) return refused;
  lengths.low_ = *low;
  lengths.high_ = *high;
  return lengths;
}

int Lengths::sample(Random& random) const {
  if (kind_ == Kind::kUniform)
    return low_ + static_cast<int>(random.below(static_cast<uint64_t>(high_ - low_) + 1));
  const double drawn =
      kind_ == Kind::kNormal ? mean_ + deviation_ * random.normal() : mean_ * random.exponential();
  return static_cast<int>(std::lround(std::clamp<double>(drawn, 1, kTokensMax)));
}

}  // namespace qaio
