#include "tasks/task.h"

#include <algorithm>

namespace qaio {

std::string_view task_kind_name(TaskKind kind) {
  return kind == TaskKind::kClassify ? "classify" : "generate";
}

std::string_view decode_mode_name(DecodeMode mode) {
  return mode == DecodeMode::kScore ? "score" : "generate";
}

TaskRegistry TaskRegistry::built_in() {
  TaskDefinition sentiment;
  sentiment.name = "sentiment";
  sentiment.kind = TaskKind::kClassify;
  // The demo model is trained on exactly this text.
  sentiment.system =
      "你是一个冷静的情感分析师。判断用户这句话的情感,只回答\u201c正面\u201d或\u201c负面\u201d。";
  sentiment.labels = {"正面", "负面"};
  sentiment.max_new_tokens = 5;
  sentiment.temperature = 0.0F;

  TaskDefinition chat;
  chat.name = "chat";
  chat.system = "You are a helpful assistant.";
  chat.history = true;

  TaskRegistry registry;
  registry.tasks_ = {std::move(sentiment), std::move(chat)};
  return registry;
}

const TaskDefinition* TaskRegistry::find(std::string_view name) const {
  const auto it = std::ranges::find(tasks_, name, &TaskDefinition::name);
  return it == tasks_.end() ? nullptr : &*it;
}

}  // namespace qaio
