#include "stats/regression.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "stats/statistics.h"

namespace qaio {
namespace {

constexpr size_t kCoefficientsMax = kRegressorsMax + 1;
constexpr double kTukey = 4.685;
constexpr double kSingular = 1e-10;  // of a normalized pivot: the regressor adds nothing new
constexpr double kSettled = 1e-10;   // relative change of a coefficient
constexpr int kAbsoluteRounds = 30;
constexpr int kBisquareRounds = 50;

using Vector = std::array<double, kCoefficientsMax>;
using Matrix = std::array<Vector, kCoefficientsMax>;

struct Problem {
  std::span<const std::vector<double>> rows;
  std::span<const double> y;
  size_t coefficients;
  Vector scale{};  // of each column, so that pivots of tokens and milliseconds compare

  Vector row(size_t i) const {
    Vector out{};
    out[0] = 1;
    for (size_t j = 1; j < coefficients; ++j) out[j] = rows[i][j - 1] / scale[j];
    return out;
  }
};

// The inverse of the symmetric positive definite normal matrix by Gauss-Jordan elimination.
std::optional<Matrix> inverse(Matrix a, size_t n) {
  Matrix inv{};
  Vector diagonal{};
  for (size_t i = 0; i < n; ++i) {
    inv[i][i] = 1;
    diagonal[i] = a[i][i];
  }
  for (size_t i = 0; i < n; ++i) {
    if (!(a[i][i] > kSingular * diagonal[i])) return std::nullopt;
    const double pivot = 1 / a[i][i];
    for (size_t j = 0; j < n; ++j) a[i][j] *= pivot, inv[i][j] *= pivot;
    for (size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      const double factor = a[r][i];
      for (size_t j = 0; j < n; ++j) {
        a[r][j] -= factor * a[i][j];
        inv[r][j] -= factor * inv[i][j];
      }
    }
  }
  return inv;
}

struct Solution {
  Vector coefficients{};
  Matrix covariance{};  // times the variance of the errors
};

std::optional<Solution> weighted_least_squares(const Problem& problem,
                                               std::span<const double> weights) {
  Matrix normal{};
  Vector right{};
  for (size_t i = 0; i < problem.y.size(); ++i) {
    const Vector row = problem.row(i);
    for (size_t j = 0; j < problem.coefficients; ++j) {
      right[j] += weights[i] * row[j] * problem.y[i];
      for (size_t k = 0; k < problem.coefficients; ++k)
        normal[j][k] += weights[i] * row[j] * row[k];
    }
  }
  const auto covariance = inverse(normal, problem.coefficients);
  if (!covariance) return std::nullopt;
  Solution solution;
  solution.covariance = *covariance;
  for (size_t j = 0; j < problem.coefficients; ++j)
    for (size_t k = 0; k < problem.coefficients; ++k)
      solution.coefficients[j] += (*covariance)[j][k] * right[k];
  return solution;
}

std::vector<double> residuals_of(const Problem& problem, const Solution& solution) {
  std::vector<double> residuals(problem.y.begin(), problem.y.end());
  for (size_t i = 0; i < residuals.size(); ++i) {
    const Vector row = problem.row(i);
    for (size_t j = 0; j < problem.coefficients; ++j)
      residuals[i] -= row[j] * solution.coefficients[j];
  }
  return residuals;
}

// Not below what floating point leaves of values of that size.
double deviation_of(std::span<const double> residuals, double floor) {
  return std::max(scaled_median_deviation(residuals), floor);
}

// As good as equal: more rounds of reweighting would change nothing.
bool close(const Solution& a, const Solution& b) {
  for (size_t j = 0; j < kCoefficientsMax; ++j) {
    const double size = std::max(std::abs(a.coefficients[j]), std::abs(b.coefficients[j]));
    if (std::abs(a.coefficients[j] - b.coefficients[j]) > kSettled * size) return false;
  }
  return true;
}

std::optional<Solution> solve_robustly(const Problem& problem, double floor) {
  std::vector<double> weights(problem.y.size(), 1);
  auto solution = weighted_least_squares(problem, weights);
  if (!solution) return std::nullopt;
  for (int round = 0; round < kAbsoluteRounds + kBisquareRounds; ++round) {
    const std::vector<double> residuals = residuals_of(problem, *solution);
    const double deviation = deviation_of(residuals, floor);
    for (size_t i = 0; i < weights.size(); ++i) {
      const double size = std::abs(residuals[i]) / deviation;
      if (round < kAbsoluteRounds) {  // weight 1 / |r| minimizes the sum of |r|
        weights[i] = 1 / std::max(size, 0.05);
      } else {
        const double inside = 1 - (size / kTukey) * (size / kTukey);
        weights[i] = size < kTukey ? inside * inside : 0;
      }
    }
    const auto next = weighted_least_squares(problem, weights);
    if (!next) break;  // all that varied was an outlier: keep what there is
    const bool settled = close(*solution, *next);
    solution = next;
    if (!settled) continue;
    if (round >= kAbsoluteRounds) break;
    round = kAbsoluteRounds - 1;
  }
  return solution;
}

void judge(const Problem& problem, const Solution& solution, double floor,
           double outlier_deviations, LinearFit& fit) {
  fit.residuals = residuals_of(problem, solution);
  fit.deviation = deviation_of(fit.residuals, floor);
  std::vector<double> y_in;
  double squares = 0;
  for (size_t i = 0; i < fit.residuals.size(); ++i) {
    if (std::abs(fit.residuals[i]) > outlier_deviations * fit.deviation) {
      fit.outliers.push_back(i);
    } else {
      y_in.push_back(problem.y[i]);
      squares += fit.residuals[i] * fit.residuals[i];
    }
  }
  std::ranges::sort(fit.outliers, std::ranges::greater(),
                    [&](size_t i) { return std::abs(fit.residuals[i]); });
  const auto inside = static_cast<double>(y_in.size());
  const double spread = standard_deviation(y_in);
  const double total = spread * spread * (inside - 1);
  fit.explained = total > 0 ? std::max(0.0, 1 - squares / total) : 0;
  const double freedom = inside - static_cast<double>(problem.coefficients);
  const double variance = freedom > 0 ? squares / freedom : 0;
  for (size_t j = 0; j < problem.coefficients; ++j) {
    fit.coefficients.push_back(solution.coefficients[j] / problem.scale[j]);
    fit.standard_errors.push_back(std::sqrt(variance * solution.covariance[j][j]) /
                                  problem.scale[j]);
  }
}

}  // namespace

double LinearFit::predict(std::span<const double> regressors) const {
  double sum = coefficients[0];
  for (size_t j = 0; j < regressors.size(); ++j) sum += coefficients[j + 1] * regressors[j];
  return sum;
}

std::optional<LinearFit> fit_linear(std::span<const std::vector<double>> rows,
                                    std::span<const double> y, double outlier_deviations) {
  assert(rows.size() == y.size());
  if (rows.empty() || rows[0].size() > kRegressorsMax) return std::nullopt;
  Problem problem{.rows = rows, .y = y, .coefficients = rows[0].size() + 1};
  if (rows.size() < 3 * problem.coefficients) return std::nullopt;
  problem.scale[0] = 1;
  for (size_t j = 1; j < problem.coefficients; ++j) {
    for (const auto& row : rows)
      problem.scale[j] = std::max(problem.scale[j], std::abs(row[j - 1]));
    if (problem.scale[j] == 0) return std::nullopt;
  }
  double largest = 0;
  for (const double value : y) largest = std::max(largest, std::abs(value));
  const double floor = std::max(largest * 1e-9, 1e-12);
  const auto solution = solve_robustly(problem, floor);
  if (!solution) return std::nullopt;
  LinearFit fit;
  judge(problem, *solution, floor, outlier_deviations, fit);
  return fit;
}

}  // namespace qaio
