// Straight-line models of a few quantities, fitted so that outliers do not bend them.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace qaio {

struct LinearFit {
  std::vector<double> coefficients;     // the constant first
  std::vector<double> standard_errors;  // of each
  std::vector<double> residuals;        // observed minus fitted, of every observation
  double deviation = 0;                 // robust standard deviation of the residuals
  double explained = 0;                 // R^2 over the observations that are no outliers
  std::vector<size_t> outliers;         // by descending size of the residual

  double predict(std::span<const double> regressors) const;
};

inline constexpr size_t kRegressorsMax = 4;

// Fits y = c0 + c1 x1 + ... by least squares, iteratively reweighted with Tukey's bisquare (tuning
// constant 4.685: 95 % efficient for normal errors), started from a fit by least absolute
// deviations. Outliers lie beyond `outlier_deviations` robust standard deviations of the residuals.
// `rows`: each observation's regressors, at most kRegressorsMax. Nothing if there are fewer than
// three observations per coefficient, or if a regressor depends on the others.
std::optional<LinearFit> fit_linear(std::span<const std::vector<double>> rows,
                                    std::span<const double> y, double outlier_deviations = 4);

}  // namespace qaio
