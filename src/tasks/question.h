// A typed question about a text, and its answer: a probability for everything that may be said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace qaio {

enum class QuestionKind : uint8_t {
  kChoice,  // one of several options
  kScore,   // a level of a scale
  kYesNo,
};
inline constexpr size_t kQuestionKindCount = 3;
std::string_view question_kind_name(QuestionKind kind);  // "choice", "score", "yes_no"

struct QuestionOption {
  // Of a choice: what the model is to say. Of a scale: nothing, as a level is said by its number.
  std::string name;
  std::string description;  // empty: none. Of a level it is all that the model learns of it.
};

struct Question {
  QuestionKind kind = QuestionKind::kChoice;
  std::string instructions;  // what is asked; may be empty
  // A choice's options in the order in which the model reads them; a scale's levels, lowest first;
  // of a yes/no question yes and then no, or none where neither is described.
  std::vector<QuestionOption> options;
  // In so many different orders of its options a choice is asked, and their answers averaged; more
  // than it has options is as many as it has. Others are asked once.
  int permutations = 1;
  bool label_mass =
      false;  // whether Answer::label_mass is wanted, which takes the whole output head
};

inline constexpr size_t kChoiceOptionsMax = 255;
inline constexpr size_t kScoreLevelsMin = 2;
inline constexpr size_t kScoreLevelsMax = 10;  // a digit each
inline constexpr int kPermutationsMax = 16;

// Of a yes/no question: whether it says anything, as its instructions or as what yes or no mean.
bool asks_something(const Question& question);

// kInvalidArgument for a question that cannot be asked, in a sentence that begins with a verb, as
// "needs ...", for the caller to name the question before it: too few or too many options, a name
// that is blank, longer than a line, has white space around it or is another's, a level without a
// description, a yes/no question that says nothing at all, permutations out of [1,
// kPermutationsMax].
Result<void> check_question(const Question& question);

// Of a yes/no question the probabilities are those of yes and of no.
struct Answer {
  std::vector<double> probabilities;  // by option or level; sum 1
  size_t best = 0;                    // a likeliest one, whatever the temperature
  // How far from undecided, in [0, 1], by the formulas that TypeSafe publishes; of a yes/no
  // question as of a choice of two.
  double confidence = 0;
  double mean = 0;  // of a scale: the expected level, counted from 0
  // What the allowed answers have of the probability of all that the model might have said, in
  // [0, 1]; where it was asked for. Of several orders the mean.
  std::optional<double> label_mass;
};

// (max - 1/n) / (1 - 1/n), and 1 for a single option. `probabilities` sum to 1.
double choice_confidence(std::span<const double> probabilities);
// 1 - (mean distance from the likeliest level) / (that of a uniform answer from the middle), at
// least 0.
double score_confidence(std::span<const double> probabilities);

// The answer that these probabilities make.
Answer make_answer(QuestionKind kind, std::vector<double> probabilities);

// By how much the logarithms of a question's probabilities are divided: above 1, answers become
// less certain; which is likeliest never changes.
struct Calibration {
  struct Bucket {
    size_t options_max;  // of questions with at most so many options, the first that holds
    double temperature;
  };
  // By QuestionKind, ascending; none: 1.
  std::vector<Bucket> buckets[kQuestionKindCount];

  static Calibration of(QuestionKind kind, double temperature);
  // For kinds of which this says nothing what `other` says.
  void complete_by(const Calibration& other);
  double temperature(QuestionKind kind, size_t options) const;
};

}  // namespace qaio
