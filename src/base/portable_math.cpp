#include "base/portable_math.h"

#include <cmath>
#include <limits>
#include <numbers>

// Sums, products and quotients round alike everywhere, and the compiler forms no FMA from them.
namespace qaio {
namespace {

// ln 2 in two parts; the first has so few digits that whole multiples of it are exact.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

}  // namespace

double portable_log(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // in [1/2, 1)
  if (mantissa < std::numbers::sqrt2 / 2) {
    mantissa *= 2;
    --exponent;
  }
  // log m = 2 artanh s = 2 (s + s^3 / 3 + s^5 / 5 + ...), and |s| < 0.172.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double series = 0;
  for (int k = 21; k >= 3; k -= 2) series = (series + 1.0 / k) * square;
  return exponent * kLn2High + (2 * s + (2 * s * series + exponent * kLn2Low));
}

double portable_exp(double x) {
  if (x < -700) return 0;
  if (x > 709) return std::numeric_limits<double>::infinity();
  const double multiple = std::floor(x / std::numbers::ln2 + 0.5);
  const double rest = (x - multiple * kLn2High) - multiple * kLn2Low;  // |rest| < 0.35
  double series = 1;
  for (int k = 14; k >= 1; --k) series = 1 + series * rest / k;
  return std::ldexp(series, static_cast<int>(multiple));
}

}  // namespace qaio
