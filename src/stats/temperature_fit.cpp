#include "stats/temperature_fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/portable_math.h"
#include "base/random.h"

namespace qaio {
namespace {

constexpr uint64_t kSplitSeed = 1;
constexpr int kBisections = 60;  // of a range of 6, to less than its last bits

// By label.
std::vector<double> logarithms(const Prediction& prediction) {
  std::vector<double> logs;
  for (const double probability : prediction.probabilities) {
    logs.push_back(log_probability(probability));
  }
  return logs;
}

std::vector<double> softmax(std::span<const double> logs, double temperature) {
  const double highest = std::ranges::max(logs);
  std::vector<double> out;
  double sum = 0;
  for (const double log : logs) {
    out.push_back(portable_exp((log - highest) / temperature));
    sum += out.back();
  }
  for (double& one : out) one /= sum;
  return out;
}

struct Logs {
  std::vector<double> of;  // by label
  size_t truth;
};

// Of the log loss, by 1 / temperature: it rises as that does.
double slope(std::span<const Logs> all, double temperature) {
  double sum = 0;
  for (const Logs& one : all) {
    const std::vector<double> probabilities = softmax(one.of, temperature);
    double expected = 0;
    for (size_t label = 0; label < one.of.size(); ++label) {
      expected += probabilities[label] * (one.of[label] - one.of[one.truth]);
    }
    sum += expected;
  }
  return sum;
}

}  // namespace

Prediction with_temperature(const Prediction& prediction, double temperature) {
  if (temperature == 1) return prediction;
  return {.probabilities = softmax(logarithms(prediction), temperature),
          .answer = prediction.answer,
          .truth = prediction.truth};
}

std::vector<Prediction> with_temperature(std::span<const Prediction> predictions,
                                         double temperature) {
  std::vector<Prediction> out;
  for (const Prediction& one : predictions) out.push_back(with_temperature(one, temperature));
  return out;
}

std::optional<double> fit_temperature(std::span<const Prediction> predictions) {
  std::vector<Logs> all;
  for (const Prediction& one : predictions) all.push_back({logarithms(one), one.truth});
  // Where the slope is positive, the temperature of the least loss is higher.
  if (slope(all, kFittedTemperatureMin) <= 0) return std::nullopt;
  if (slope(all, kFittedTemperatureMax) >= 0) return std::nullopt;
  double low = portable_log(kFittedTemperatureMin);
  double high = portable_log(kFittedTemperatureMax);
  for (int i = 0; i < kBisections; ++i) {
    const double middle = (low + high) / 2;
    (slope(all, portable_exp(middle)) > 0 ? low : high) = middle;
  }
  return portable_exp((low + high) / 2);
}

Halves stratified_halves(std::span<const Prediction> predictions, uint64_t seed) {
  std::map<size_t, std::vector<const Prediction*>> by_truth;
  for (const Prediction& one : predictions) by_truth[one.truth].push_back(&one);
  Random random(seed);
  Halves halves;
  bool to_fitted = true;  // across labels, so that odd counts even out
  for (auto& [truth, of_it] : by_truth) {
    for (size_t i = of_it.size(); i > 1; --i) std::swap(of_it[i - 1], of_it[random.below(i)]);
    for (const Prediction* one : of_it) {
      (to_fitted ? halves.fitted : halves.unseen).push_back(*one);
      to_fitted = !to_fitted;
    }
  }
  return halves;
}

CalibrationFigures calibration_figures(std::span<const Prediction> predictions) {
  CalibrationFigures figures;
  figures.bins = reliability_bins(predictions);
  figures.calibration_error = calibration_error(figures.bins);
  figures.brier = brier_score(predictions);
  figures.log_loss = log_loss(predictions);
  return figures;
}

TemperatureTrial try_temperature(std::span<const Prediction> predictions, double before) {
  const Halves halves = stratified_halves(predictions, kSplitSeed);
  TemperatureTrial trial;
  trial.fitted = halves.fitted.size();
  trial.unseen = halves.unseen.size();
  trial.before = calibration_figures(halves.unseen);
  const std::optional<double> change = fit_temperature(halves.fitted);
  if (!change) return trial;
  trial.temperature = std::max(std::round(*change * before * 1e4), 1.0) / 1e4;
  trial.after = calibration_figures(with_temperature(halves.unseen, *trial.temperature / before));
  return trial;
}

}  // namespace qaio
