#include "server/api/task_answer.h"

#include "tasks/decision_wording.h"

namespace qaio {
namespace {

void write_text_or_null(std::string_view text, JsonWriter& json) {
  text.empty() ? json.null() : json.string(text);
}

void write_options(const Question& question, JsonWriter& json) {
  json.key("options").begin_array();
  for (const QuestionOption& option : question.options) {
    json.begin_object().key("name").string(option.name).key("description");
    write_text_or_null(option.description, json);
    json.end_object();
  }
  json.end_array();
}

void write_levels(const Question& question, JsonWriter& json) {
  json.key("levels").begin_array();
  for (const QuestionOption& level : question.options) json.string(level.description);
  json.end_array();
}

void write_sides(const Question& question, JsonWriter& json) {
  static constexpr std::string_view kNames[] = {"yes", "no"};
  for (size_t side = 0; side < 2; ++side) {
    const bool described = !question.options.empty();
    json.key(kNames[side]);
    write_text_or_null(described ? question.options[side].description : std::string_view(), json);
  }
}

}  // namespace

void write_question_answer(const TaskDefinition& task, const TaskOutcome& outcome, bool all_scores,
                           JsonWriter& json) {
  const Question& question = *task.question;
  const Answer& answer = outcome.answer;
  json.key("label").string(task.labels[answer.best]);
  json.key("score").real(answer.probabilities[answer.best]);
  if (all_scores) {
    json.key("scores").begin_object();
    for (size_t i = 0; i < task.labels.size(); ++i)
      json.key(task.labels[i]).real(answer.probabilities[i]);
    json.end_object();
  }
  switch (question.kind) {
    case QuestionKind::kChoice:
      json.key("confidence").real(answer.confidence);
      break;
    case QuestionKind::kScore:
      json.key("level").string(outcome.level);
      json.key("mean").real(answer.mean);
      json.key("confidence").real(answer.confidence);
      break;
    case QuestionKind::kYesNo:
      json.key("probability").real(answer.probabilities.front());
      break;
  }
  json.key("prompt_version").string(kDecisionPromptVersion);
}

void write_question(const TaskDefinition& task, JsonWriter& json) {
  const Question& question = *task.question;
  json.key("question");
  write_text_or_null(question.instructions, json);
  switch (question.kind) {
    case QuestionKind::kChoice:
      write_options(question, json);
      break;
    case QuestionKind::kScore:
      write_levels(question, json);
      break;
    case QuestionKind::kYesNo:
      write_sides(question, json);
      break;
  }
  if (question.kind == QuestionKind::kChoice)
    json.key("permutations").integer(question.permutations);
  json.key("labels").begin_array();
  for (const std::string& label : task.labels) json.string(label);
  json.end_array();
  json.key("prompt_version").string(kDecisionPromptVersion);
}

}  // namespace qaio
