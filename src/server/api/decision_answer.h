// Decisions in the shapes of the two APIs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "server/api/decision_request.h"
#include "tasks/question.h"

namespace qaio {

struct DecisionUsage {
  int64_t input_tokens = 0;   // of all questions' prompts, each with the state
  int64_t cached_tokens = 0;  // those of them that were not computed for it
};

// The whole answer: `model` as it is called, an answer for each of the request's questions.
// Probabilities have all their digits, since clients check their sum.
void write_decision_answer(const DecisionRequest& request, std::string_view model,
                           std::string_view prompt_version, std::span<const Answer> answers,
                           const DecisionUsage& usage, JsonWriter& json);

// For the record: a line for each question with its name and what is likeliest, a scale's mean, or
// the probability of yes.
std::string summary_text(const DecisionRequest& request, std::span<const Answer> answers);

}  // namespace qaio
