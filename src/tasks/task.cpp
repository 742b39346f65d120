#include "tasks/task.h"

#include <algorithm>
#include <utility>

namespace qaio {

std::string_view TaskDefinition::kind_name() const {
  if (question) return question_kind_name(question->kind);
  return kind == TaskKind::kClassify ? "classify" : "generate";
}

std::string_view decode_mode_name(DecodeMode mode) {
  return mode == DecodeMode::kScore ? "score" : "generate";
}

SamplingParams TaskDefinition::sampling() const {
  if (kind != TaskKind::kGenerate) return {.temperature = 0.0F};
  return {.temperature = temperature,
          .top_k = top_k,
          .top_p = top_p,
          .min_p = min_p,
          .repetition_penalty = repetition_penalty};
}

TaskRegistry TaskRegistry::built_in(const GenerationConfig& defaults) {
  TaskRegistry registry;
  TaskDefinition& base = registry.base_;
  base.temperature = defaults.temperature.value_or(base.temperature);
  base.top_p = defaults.top_p.value_or(base.top_p);
  base.top_k = defaults.top_k.value_or(base.top_k);
  base.min_p = defaults.min_p.value_or(base.min_p);
  base.repetition_penalty = defaults.repetition_penalty.value_or(base.repetition_penalty);

  TaskDefinition sentiment;
  sentiment.name = "sentiment";
  sentiment.kind = TaskKind::kClassify;
  // The demo model is trained on exactly this text.
  sentiment.system =
      "你是一个冷静的情感分析师。判断用户这句话的情感,只回答\u201c正面\u201d或\u201c负面\u201d。";
  sentiment.labels = {"正面", "负面"};
  sentiment.max_new_tokens = 5;
  sentiment.temperature = 0.0F;

  TaskDefinition chat = base;
  chat.name = "chat";
  chat.history = true;

  registry.tasks_ = {std::move(sentiment), std::move(chat)};
  return registry;
}

TaskRegistry TaskRegistry::of(TaskDefinition task) {
  TaskRegistry registry;
  registry.tasks_.push_back(std::move(task));
  return registry;
}

const TaskDefinition* TaskRegistry::find(std::string_view name) const {
  const auto it = std::ranges::find(tasks_, name, &TaskDefinition::name);
  return it == tasks_.end() ? nullptr : &*it;
}

}  // namespace qaio
