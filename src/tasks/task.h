// Tasks are data: a prompt, a kind and its limits. `sentiment` and `chat` are the built-in entries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/request.h"
#include "model/generation_config.h"
#include "tasks/question.h"

namespace qaio {

class TomlFile;  // config/toml_file.h

enum class TaskKind : uint8_t {
  kClassify,  // one of the labels, as a prompt of the task's own asks for it
  kGenerate,
  kDecide,  // a question (question.h) in the program's words; the input is its state
};
// kScore: labels scored from logits. kGenerate: a few free tokens, the last line parsed for a
// label.
enum class DecodeMode : uint8_t { kScore, kGenerate };

std::string_view decode_mode_name(DecodeMode mode);  // "score", "generate"

inline constexpr std::string_view kInputPlaceholder = "{input}";

struct TaskDefinition {
  std::string name;  // [a-z0-9_-]+, at most 64 characters
  TaskKind kind = TaskKind::kGenerate;
  std::string system;  // empty: what the model's chat template says by itself, if anything
  std::string user = "{input}";  // holds {input} exactly once; not of a question
  // What an answer may be: classify as given; of a choice its options, of a scale the numbers of
  // its levels from "0" on, of a yes/no question "yes" and "no".
  std::vector<std::string> labels;
  DecodeMode decode = DecodeMode::kScore;
  bool history = false;  // earlier turns become part of the prompt
  int max_prompt_tokens = 512;
  int max_new_tokens = 128;  // classify: for decode = "generate" only
  float temperature = 0.7F;
  float top_p = 0.9F;
  int top_k = 0;                          // 0: off
  float min_p = 0.0F;                     // 0: off
  float repetition_penalty = 1.0F;        // 1: off
  std::optional<Question> question = {};  // kDecide alone has one

  // As files and answers call it: "classify", "generate", "choice", "score", "yes_no".
  std::string_view kind_name() const;
  // How the task's tokens are drawn; others than kGenerate always take the likeliest.
  SamplingParams sampling() const;
};

class TaskRegistry {
 public:
  static constexpr size_t kTasksMax = 64;
  static constexpr size_t kLabelsMax = 64;

  // Generate tasks, also those added later, draw tokens as `defaults` say where they do not say
  // otherwise.
  static TaskRegistry built_in(const GenerationConfig& defaults = {});
  // This task alone.
  static TaskRegistry of(TaskDefinition task);
  // Adds the tasks of the [[task]] tables of a file and leaves everything else to others. A table
  // named like an existing task changes that task: keys left out keep their values.
  // kInvalidArgument names the line, the task and the key at fault, and the registry is unchanged
  // then. Unknown keys are errors, and so are two tables with the same name.
  Result<void> add_toml(const TomlFile& file);
  const TaskDefinition* find(std::string_view name) const;  // nullptr if unknown
  const std::vector<TaskDefinition>& all() const { return tasks_; }

 private:
  TaskDefinition base_;  // what a new generate task begins as
  std::vector<TaskDefinition> tasks_;
};

}  // namespace qaio
