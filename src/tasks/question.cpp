#include "tasks/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tasks/labels.h"

namespace qaio {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

Result<void> check_choice(std::span<const QuestionOption> options) {
  if (options.empty() || options.size() > kChoiceOptionsMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("needs 1 to {} options, not {}", kChoiceOptionsMax, options.size()));
  }
  std::set<std::string_view> names;
  for (const QuestionOption& option : options) {
    if (trim(option.name).empty()) {
      return fail(ErrorCode::kInvalidArgument, "has an option whose name is blank");
    }
    const std::string shown = option.name.substr(0, 100);
    if (std::ranges::any_of(option.name, is_control)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("has an option with a line break or control character in its name: "
                              "'{}'",
                              shown));
    }
    if (trim(option.name).size() != option.name.size()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("has an option with white space around its name: '{}'", shown));
    }
    if (!names.insert(option.name).second) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("has the option '{}' twice", shown));
    }
  }
  return {};
}

Result<void> check_score(std::span<const QuestionOption> levels) {
  if (levels.size() < kScoreLevelsMin || levels.size() > kScoreLevelsMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("needs {} to {} levels, not {}", kScoreLevelsMin, kScoreLevelsMax,
                            levels.size()));
  }
  for (const QuestionOption& level : levels) {
    if (trim(level.description).empty()) {
      return fail(ErrorCode::kInvalidArgument, "has a level without a description");
    }
  }
  return {};
}

Result<void> check_yes_no(const Question& question) {
  const auto& sides = question.options;
  if (!sides.empty() && sides.size() != 2) {
    return fail(ErrorCode::kInvalidArgument, "needs descriptions of yes and no, or none");
  }
  if (!asks_something(question)) {
    return fail(ErrorCode::kInvalidArgument, "asks nothing: it needs instructions");
  }
  return {};
}

}  // namespace

bool asks_something(const Question& question) {
  return !trim(question.instructions).empty() ||
         std::ranges::any_of(question.options, [](const QuestionOption& side) {
           return !trim(side.description).empty();
         });
}

std::string_view question_kind_name(QuestionKind kind) {
  switch (kind) {
    case QuestionKind::kChoice:
      return "choice";
    case QuestionKind::kScore:
      return "score";
    case QuestionKind::kYesNo:
      return "yes_no";
  }
  return "unknown";
}

Result<void> check_question(const Question& question) {
  if (question.permutations < 1 || question.permutations > kPermutationsMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("needs permutations from 1 to {}", kPermutationsMax));
  }
  switch (question.kind) {
    case QuestionKind::kChoice:
      return check_choice(question.options);
    case QuestionKind::kScore:
      return check_score(question.options);
    case QuestionKind::kYesNo:
      return check_yes_no(question);
  }
  return {};
}

double choice_confidence(std::span<const double> probabilities) {
  if (probabilities.size() <= 1) return 1;
  const double chance = 1.0 / static_cast<double>(probabilities.size());
  return std::max(0.0, (*std::ranges::max_element(probabilities) - chance) / (1 - chance));
}

double score_confidence(std::span<const double> probabilities) {
  const auto levels = static_cast<double>(probabilities.size());
  if (probabilities.size() <= 1) return 1;
  const auto likeliest =
      static_cast<double>(std::ranges::max_element(probabilities) - probabilities.begin());
  double distance = 0;
  double uniform_distance = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const auto level = static_cast<double>(i);
    distance += probabilities[i] * std::abs(level - likeliest);
    uniform_distance += std::abs(level - (levels - 1) / 2) / levels;
  }
  return std::max(0.0, 1 - distance / uniform_distance);
}

Answer make_answer(QuestionKind kind, std::vector<double> probabilities) {
  Answer answer;
  answer.best =
      static_cast<size_t>(std::ranges::max_element(probabilities) - probabilities.begin());
  answer.confidence = kind == QuestionKind::kScore ? score_confidence(probabilities)
                                                   : choice_confidence(probabilities);
  for (size_t i = 0; i < probabilities.size(); ++i) {
    answer.mean += static_cast<double>(i) * probabilities[i];
  }
  // Rounding may not take it off the scale.
  answer.mean = std::min(answer.mean, static_cast<double>(probabilities.size() - 1));
  answer.probabilities = std::move(probabilities);
  return answer;
}

Calibration Calibration::of(QuestionKind kind, double temperature) {
  Calibration out;
  out.buckets[static_cast<size_t>(kind)] = {{std::numeric_limits<size_t>::max(), temperature}};
  return out;
}

void Calibration::complete_by(const Calibration& other) {
  for (size_t kind = 0; kind < kQuestionKindCount; ++kind) {
    if (buckets[kind].empty()) buckets[kind] = other.buckets[kind];
  }
}

double Calibration::temperature(QuestionKind kind, size_t options) const {
  for (const Bucket& bucket : buckets[static_cast<size_t>(kind)]) {
    if (options <= bucket.options_max) return bucket.temperature;
  }
  return 1;
}

}  // namespace qaio
