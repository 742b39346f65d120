// What a question's prompt says behind the state, and which labels may answer it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tasks/question.h"

namespace qaio {

// Of the wording. Answers and records carry it, as another word makes other figures.
inline constexpr std::string_view kDecisionPromptVersion = "qaio-1";

// Between the state and the question. The tokenizer divides text before a letter that follows a
// line break, so that the state is the same tokens whatever is asked.
inline constexpr std::string_view kBehindState = "\n\n";

// The question in one order of its options; begins with an ASCII letter. Order `rotation` of
// `rotations` begins with the option at rotation * options / rotations.
std::string question_text(const Question& question, int rotation, int rotations);

// In how many orders it is asked.
int rotations_of(const Question& question);

// What each answer is called: a choice's option, the number of a level from "0" on, "yes" and "no".
std::vector<std::string> option_names(const Question& question);

// What the model may say, and which option that means: one label or several spellings each.
struct QuestionLabel {
  std::string text;
  size_t option;
};
std::vector<QuestionLabel> question_labels(const Question& question);

// Options or levels; of a yes/no question two.
size_t options_of(const Question& question);

}  // namespace qaio
