// How good and how fast a task is on labelled texts, and how a person or a program is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "report/language.h"
#include "stats/confusion.h"
#include "stats/reliability.h"
#include "stats/temperature_fit.h"

namespace qaio {

// What became of answers when the options stood in reversed order.
struct ReversedAnswers {
  uint64_t asked = 0;
  uint64_t changed = 0;
};

struct Evaluation {
  struct Mistake {
    std::string text, truth, answer;
  };
  struct Failure {
    size_t line = 0;  // of the file
    std::string message;
  };

  std::string task;
  std::string kind;                 // "classify", "choice", "score", "yes_no"
  std::vector<std::string> labels;  // of a scale its levels, lowest first
  double temperature = 1;           // which the probabilities have already

  std::vector<Prediction> predictions;  // of texts that were answered
  std::vector<Mistake> mistakes;        // the first of them
  uint64_t failed = 0;                  // texts without an answer
  Failure first_failure;
  std::optional<ReversedAnswers> reversal;  // where there are options to reverse

  Histogram latency;  // of the task alone, one text after the other
  double seconds = 0;
  uint64_t prompt_tokens = 0;  // what several prompts begin with counts once

  std::optional<TemperatureTrial> calibration;  // where one was asked for
  std::string calibration_file;                 // which has its temperature now; empty: none

  bool is_scale() const { return kind == "score"; }
  uint64_t texts() const { return predictions.size() + failed; }
  // Of all texts: one that failed is not answered right.
  double accuracy() const;
  Confusion confusion() const;
  // The largest share of texts, the most certain first, of which at most kAnsweredErrorMax are
  // wrong; those that failed are not among them.
  double answered_share() const;
  std::optional<double> flip_rate() const;
};

inline constexpr double kAnsweredErrorMax = 0.05;

std::string evaluation_text(const Evaluation& evaluation, Language language);
std::string evaluation_json(const Evaluation& evaluation);
std::string evaluation_html(const Evaluation& evaluation, Language language);

}  // namespace qaio
