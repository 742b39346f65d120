#include "tasks/decision_wording.h"

#include <algorithm>
#include <cassert>
#include <span>

#include "tasks/labels.h"

namespace qaio {
namespace {

constexpr std::string_view kYesNo[] = {"yes", "no"};

// "label: description", or the label alone.
void append_line(std::string& text, std::string_view label, std::string_view description) {
  text += label;
  if (!trim(description).empty()) text.append(": ").append(description);
  text += '\n';
}

void append_choice(std::string& text, std::span<const QuestionOption> options, size_t first) {
  text += "Options:\n";
  for (size_t i = 0; i < options.size(); ++i) {
    const QuestionOption& option = options[(first + i) % options.size()];
    text += "- ";
    append_line(text, option.name, option.description);
  }
  text += "Reply with one of the options, exactly as it is written.";
}

void append_score(std::string& text, std::span<const QuestionOption> levels) {
  text += "Levels:\n";
  for (size_t i = 0; i < levels.size(); ++i) {
    append_line(text, std::to_string(i), levels[i].description);
  }
  text += "Reply with the number of one level.";
}

void append_yes_no(std::string& text, std::span<const QuestionOption> sides) {
  for (size_t side = 0; side < sides.size(); ++side) {
    if (trim(sides[side].description).empty()) continue;
    append_line(text, kYesNo[side], sides[side].description);
  }
  text += "Reply with yes or no.";
}

}  // namespace

size_t options_of(const Question& question) {
  return question.kind == QuestionKind::kYesNo ? 2 : question.options.size();
}

int rotations_of(const Question& question) {
  if (question.kind != QuestionKind::kChoice) return 1;
  return std::min(question.permutations, static_cast<int>(options_of(question)));
}

std::string question_text(const Question& question, int rotation, int rotations) {
  assert(rotation >= 0 && rotation < rotations);
  const size_t first =
      static_cast<size_t>(rotation) * options_of(question) / static_cast<size_t>(rotations);
  std::string text;
  if (const auto instructions = trim(question.instructions); !instructions.empty()) {
    text.append("Question: ").append(instructions).append("\n");
  }
  switch (question.kind) {
    case QuestionKind::kChoice:
      append_choice(text, question.options, first);
      break;
    case QuestionKind::kScore:
      append_score(text, question.options);
      break;
    case QuestionKind::kYesNo:
      append_yes_no(text, question.options);
      break;
  }
  return text;
}

std::vector<std::string> option_names(const Question& question) {
  if (question.kind == QuestionKind::kYesNo) return {"yes", "no"};
  std::vector<std::string> names;
  for (size_t i = 0; i < question.options.size(); ++i) {
    const bool level = question.kind == QuestionKind::kScore;
    names.push_back(level ? std::to_string(i) : question.options[i].name);
  }
  return names;
}

std::vector<QuestionLabel> question_labels(const Question& question) {
  // Models say either; both mean the same.
  if (question.kind == QuestionKind::kYesNo) return {{"yes", 0}, {"Yes", 0}, {"no", 1}, {"No", 1}};
  std::vector<QuestionLabel> labels;
  for (std::string& name : option_names(question))
    labels.push_back({std::move(name), labels.size()});
  return labels;
}

}  // namespace qaio
