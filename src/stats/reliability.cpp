#include "stats/reliability.h"

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"

namespace qaio {
namespace {

// `of` of each prediction.
template <typename Of>
double mean_of(std::span<const Prediction> predictions, Of of) {
  if (predictions.empty()) return 0;
  double sum = 0;
  for (const Prediction& prediction : predictions) sum += of(prediction);
  return sum / static_cast<double>(predictions.size());
}

}  // namespace

double log_probability(double probability) {
  return probability > 0 ? std::max(portable_log(probability), kLogProbabilityMin)
                         : kLogProbabilityMin;
}

double brier_score(std::span<const Prediction> predictions) {
  return mean_of(predictions, [](const Prediction& one) {
    double sum = 0;
    for (size_t label = 0; label < one.probabilities.size(); ++label) {
      const double distance = one.probabilities[label] - (label == one.truth ? 1 : 0);
      sum += distance * distance;
    }
    return sum;
  });
}

double log_loss(std::span<const Prediction> predictions) {
  return mean_of(predictions, [](const Prediction& one) {
    return -log_probability(one.probabilities[one.truth]);
  });
}

double mean_absolute_error(std::span<const Prediction> predictions) {
  return mean_of(predictions, [](const Prediction& one) {
    double expected = 0;
    for (size_t level = 0; level < one.probabilities.size(); ++level) {
      expected += static_cast<double>(level) * one.probabilities[level];
    }
    return std::abs(expected - static_cast<double>(one.truth));
  });
}

std::vector<ReliabilityBin> reliability_bins(std::span<const Prediction> predictions) {
  std::vector<ReliabilityBin> bins(kReliabilityBins);
  for (const Prediction& one : predictions) {
    const auto at = static_cast<size_t>(one.confidence() * static_cast<double>(kReliabilityBins));
    ReliabilityBin& bin = bins[std::min(at, kReliabilityBins - 1)];
    ++bin.count;
    bin.confidence += one.confidence();
    bin.accuracy += one.right() ? 1 : 0;
  }
  for (ReliabilityBin& bin : bins) {
    if (bin.count == 0) continue;
    bin.confidence /= static_cast<double>(bin.count);
    bin.accuracy /= static_cast<double>(bin.count);
  }
  return bins;
}

double calibration_error(std::span<const ReliabilityBin> bins) {
  double sum = 0;
  size_t count = 0;
  for (const ReliabilityBin& bin : bins) {
    sum += static_cast<double>(bin.count) * std::abs(bin.confidence - bin.accuracy);
    count += bin.count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

size_t answered_within_error(std::span<const Prediction> predictions, double wrong_share_max) {
  std::vector<const Prediction*> sorted;
  for (const Prediction& one : predictions) sorted.push_back(&one);
  std::ranges::stable_sort(sorted, std::ranges::greater(), &Prediction::confidence);
  size_t wrong = 0;
  size_t answered = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    wrong += sorted[i]->right() ? 0 : 1;
    const size_t kept = i + 1;
    const bool parted =
        kept == sorted.size() || sorted[kept]->confidence() < sorted[i]->confidence();
    if (parted && static_cast<double>(wrong) <= wrong_share_max * static_cast<double>(kept)) {
      answered = kept;
    }
  }
  return answered;
}

}  // namespace qaio
