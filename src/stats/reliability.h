// How often answers with probabilities are right, and how well the probabilities say so.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace qaio {

// What was said of one thing, and the truth; labels by index.
struct Prediction {
  std::vector<double> probabilities;  // by label; sum 1
  size_t answer = 0;                  // a likeliest label
  size_t truth = 0;

  double confidence() const { return probabilities[answer]; }
  bool right() const { return answer == truth; }
};

// What is less likely counts as this, so that one answer does not outweigh all others.
inline constexpr double kLogProbabilityMin = -100;
double log_probability(double probability);

// All means are 0 of no predictions.

// The mean of the squared distances between the probabilities and the truth, summed over labels:
// from 0 to 2.
double brier_score(std::span<const Prediction> predictions);
// The mean of -ln of the truth's probability, of which less than e^kLogProbabilityMin counts as
// that.
double log_loss(std::span<const Prediction> predictions);
// The mean distance between the true label's index and the index expected under the probabilities:
// of labels that are the levels of a scale.
double mean_absolute_error(std::span<const Prediction> predictions);

inline constexpr size_t kReliabilityBins = 15;

// The predictions whose confidence is in [i / kReliabilityBins, (i + 1) / kReliabilityBins); the
// last bin has 1 as well.
struct ReliabilityBin {
  size_t count = 0;
  double confidence = 0;  // the mean
  double accuracy = 0;
};
// kReliabilityBins of them.
std::vector<ReliabilityBin> reliability_bins(std::span<const Prediction> predictions);
// Expected calibration error: the mean distance between a bin's confidence and its accuracy, each
// bin with the weight of its predictions.
double calibration_error(std::span<const ReliabilityBin> bins);

// The most predictions that can be kept, the most confident first, with at most this share of them
// wrong. Those of equal confidence are kept or left together, as no threshold parts them.
size_t answered_within_error(std::span<const Prediction> predictions, double wrong_share_max);

}  // namespace qaio
