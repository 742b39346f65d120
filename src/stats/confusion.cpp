#include "stats/confusion.h"

namespace qaio {
namespace {

std::optional<double> ratio(uint64_t part, uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

uint64_t Confusion::truths(size_t label) const {
  uint64_t sum = 0;
  for (size_t answer = 0; answer < labels_; ++answer) sum += count(label, answer);
  return sum;
}

uint64_t Confusion::answers(size_t label) const {
  uint64_t sum = 0;
  for (size_t truth = 0; truth < labels_; ++truth) sum += count(truth, label);
  return sum;
}

uint64_t Confusion::total() const {
  uint64_t sum = 0;
  for (const uint64_t count : counts_) sum += count;
  return sum;
}

uint64_t Confusion::right() const {
  uint64_t sum = 0;
  for (size_t label = 0; label < labels_; ++label) sum += count(label, label);
  return sum;
}

std::optional<double> Confusion::precision(size_t label) const {
  return ratio(count(label, label), answers(label));
}
std::optional<double> Confusion::recall(size_t label) const {
  return ratio(count(label, label), truths(label));
}
std::optional<double> Confusion::f1(size_t label) const {
  return ratio(2 * count(label, label), truths(label) + answers(label));
}

double Confusion::macro_f1() const {
  double sum = 0;
  size_t occurring = 0;
  for (size_t label = 0; label < labels_; ++label) {
    if (truths(label) == 0) continue;
    sum += *f1(label);
    ++occurring;
  }
  return occurring == 0 ? 0 : sum / static_cast<double>(occurring);
}

}  // namespace qaio
