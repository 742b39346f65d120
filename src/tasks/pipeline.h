// Runs the tasks of one request side by side on the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "tasks/calibration_toml.h"
#include "tasks/decision.h"
#include "tasks/prompt.h"
#include "tasks/task.h"
#include "text/tokenizer.h"
#include "trace/trace.h"

namespace qaio {

// What a request may change about its generate tasks; absent: the task's own value.
struct GenerateOverrides {
  std::optional<int> max_new_tokens;
  int new_tokens_max = std::numeric_limits<int>::max();  // of every task, the task's own included
  bool strict_length = false;  // max_new_tokens is as it is, or refused; else cut to what fits
  std::optional<float> temperature;
  std::optional<float> top_p;
  std::optional<int> top_k;
  std::optional<float> min_p;
  std::optional<float> repetition_penalty;
  std::optional<float> presence_penalty;
  std::optional<float> frequency_penalty;
  std::optional<uint64_t> seed;    // absent: a different one for every request
  std::vector<std::string> stops;  // as GenerateJob::stops
  bool ignore_eos = false;
};

struct PipelineRequest {
  std::vector<std::string> tasks;  // names, at least one, all different
  std::string input;
  std::vector<Turn> history;  // oldest first; for tasks that take it
  std::string system;         // in the place of the system text of these tasks; empty: their own
  GenerateOverrides overrides;
  TimeNs deadline_ns = 0;  // 0: none
  uint64_t client = 0;     // as EngineRequest has it
};

struct TaskOutcome {
  std::string task;
  TaskKind kind = TaskKind::kGenerate;
  std::optional<Error> error;  // everything but lane and counters is meaningless then
  StageLane lane;              // from the start of prompt building to the parsed result
  TaskCounters counters;
  FinishReason finish_reason = FinishReason::kFailed;  // also of one that failed
  // generate: the reply, trimmed; classify with decode = "generate": what it said. Without
  // thoughts.
  std::string text;
  // The answer, one of TaskDefinition::labels. Absent of generate tasks, and with
  // decode = "generate" when the model named no label.
  std::optional<std::string> label;
  // The probability of `label`, and of every label in their order: of questions, and of classify
  // with decode = "score", where they are floats.
  std::optional<float> score;
  std::vector<double> label_probabilities;
  std::optional<QuestionKind> question;  // decide: which kind
  Answer answer;                         // decide
  std::string level;                     // of a scale: what `label`, its number, means
  int64_t asked_tokens = 0;              // decide: of all its prompts, each with the whole input
  int history_dropped = 0;               // oldest turns that did not fit into max_prompt_tokens
  int input_tokens = 0;                  // of the input, as this task has it in its prompt
  int max_new_tokens = 0;                // generate: so many there could be
  SamplingParams sampling;               // generate: as asked for
};

struct RequestOutcome {
  std::vector<TaskOutcome> tasks;  // in the order asked for
  std::optional<Error> error;      // what failed first; the other tasks were cancelled
};

// All are called on the engine's thread, except that on_done may come from inside run() when the
// request could not be started. They must not block, throw or call PipelineRun::cancel().
struct PipelineCallbacks {
  std::function<void(size_t task, std::string_view text)> on_text;  // optional; pieces of replies
  std::function<void(size_t task, const TaskOutcome& outcome)> on_task;  // optional; each success
  std::function<void(RequestOutcome)> on_done;  // exactly once, and nothing after it
};

// A handle to tasks that are running. Dropping it lets them run on.
class PipelineRun {
 public:
  virtual ~PipelineRun() = default;
  // Thread-safe, returns at once; on_done follows with kCancelled unless everything was done.
  virtual void cancel() = 0;
};

// Immutable after creation; thread-safe. Everything it is made from must outlive it, and the engine
// must outlive calls of PipelineRun::cancel().
class Pipeline {
 public:
  // Compiles every task's prompt; the error names the task that this vocabulary cannot serve. Waits
  // until what the tasks' prompts begin with is computed: it stays in KV memory, up to half of it.
  // A task's temperature counts before that of its kind of question; a classify task has its own or
  // none.
  static Result<std::unique_ptr<Pipeline>> create(const TaskRegistry& tasks, Engine& engine,
                                                  const Tokenizer& tokenizer, const Clock& clock,
                                                  ChatTemplate chat = ChatTemplate::chatml(),
                                                  const CalibrationTables& temperatures = {});

  // Builds all prompts on the calling thread, submits them together and returns. Errors arrive
  // through on_done: kNotFound for an unknown task, kInvalidArgument as of PromptTemplate, Decision
  // (whose state is the field "input") and Engine::submit(), kResourceExhausted when the engine's
  // queue is full.
  std::shared_ptr<PipelineRun> run(const PipelineRequest& request,
                                   PipelineCallbacks callbacks) const;

  const ChatTemplate& chat_template() const { return chat_; }
  // By what the logarithms of a known task's label probabilities are divided.
  double temperature(std::string_view task) const;
  // Tasks whose messages the chat template refuses, with its words: they answer with an error.
  const std::map<std::string, std::string, std::less<>>& refused_tasks() const { return refused_; }

 private:
  struct CompiledTask {
    TaskDefinition definition;
    PromptTemplate prompt;  // of a question only its head is used
    Calibration calibration;
  };
  struct Prepared {
    EngineRequest request;
    std::optional<Decision> decision;
    TextStart text_start = TextStart::kAnswer;  // of what is generated
  };
  class Run;

  Pipeline(Engine& engine, const Tokenizer& tokenizer, const Clock& clock, ChatTemplate chat)
      : engine_(engine), tokenizer_(tokenizer), clock_(clock), chat_(std::move(chat)) {}
  Result<void> add(const TaskDefinition& task, const CalibrationTables& temperatures);
  void pin_heads() const;
  Result<Decision> decide(const TaskDefinition& task, std::string_view input,
                          StageLane& lane) const;
  Result<Prepared> prepare_question(const CompiledTask& task, const PipelineRequest& request,
                                    TaskOutcome& outcome) const;
  Result<Prepared> prepare(const CompiledTask& task, const PipelineRequest& request, uint64_t seed,
                           TaskOutcome& outcome) const;

  Engine& engine_;
  const Tokenizer& tokenizer_;
  const Clock& clock_;
  const ChatTemplate chat_;  // the compiled tasks refer to it
  std::map<std::string, std::shared_ptr<const CompiledTask>, std::less<>> tasks_;
  std::map<std::string, std::string, std::less<>> refused_;
};

}  // namespace qaio
