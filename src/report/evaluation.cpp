#include "report/evaluation.h"

namespace qaio {
namespace {

double share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Confusion Evaluation::confusion() const {
  Confusion confusion(labels.size());
  for (const Prediction& one : predictions) confusion.add(one.truth, one.answer);
  return confusion;
}

double Evaluation::accuracy() const { return share(confusion().right(), texts()); }

double Evaluation::answered_share() const {
  return share(answered_within_error(predictions, kAnsweredErrorMax), texts());
}

std::optional<double> Evaluation::flip_rate() const {
  if (!reversal || reversal->asked == 0) return std::nullopt;
  return share(reversal->changed, reversal->asked);
}

}  // namespace qaio
