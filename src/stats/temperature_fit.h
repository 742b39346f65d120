// Temperature scaling (Guo et al. 2017): one number by which the logarithms of all probabilities
// are divided, so that they say how often answers are right. No answer changes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stats/reliability.h"

namespace qaio {

// The same prediction at another temperature: above 1 it is less certain.
Prediction with_temperature(const Prediction& prediction, double temperature);
std::vector<Prediction> with_temperature(std::span<const Prediction> predictions,
                                         double temperature);

inline constexpr double kFittedTemperatureMin = 0.05;
inline constexpr double kFittedTemperatureMax = 20;

// The temperature of the greatest likelihood, whose logarithm is convex in 1 / temperature. Nothing
// where it lies beyond the bounds: if all answers are right no certainty is too much, and if they
// are no better than chance none is right.
std::optional<double> fit_temperature(std::span<const Prediction> predictions);

struct Halves {
  std::vector<Prediction> fitted;
  std::vector<Prediction> unseen;
};
// Each true label's predictions parted into two halves by chance, the same by each run.
Halves stratified_halves(std::span<const Prediction> predictions, uint64_t seed);

struct CalibrationFigures {
  std::vector<ReliabilityBin> bins;
  double calibration_error = 0;
  double brier = 0;
  double log_loss = 0;
};
CalibrationFigures calibration_figures(std::span<const Prediction> predictions);

// Whether a fitted temperature makes probabilities of things it was not fitted on say better how
// often answers are right.
struct TemperatureTrial {
  std::optional<double> temperature;  // four decimals; none: fit_temperature() found none
  size_t fitted = 0;                  // predictions of the half that it was fitted on
  size_t unseen = 0;                  // of the other
  CalibrationFigures before;          // of the unseen half
  CalibrationFigures after;           // the same with the temperature

  bool helps() const { return temperature && after.calibration_error < before.calibration_error; }
};
// `before`: the temperature that the predictions have already; the fitted one takes its place.
TemperatureTrial try_temperature(std::span<const Prediction> predictions, double before = 1);

}  // namespace qaio
