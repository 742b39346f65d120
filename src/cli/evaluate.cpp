#include "cli/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "cli/terminal.h"

namespace qaio {
namespace {

size_t index_of(const std::vector<std::string>& labels, const std::string& label) {
  return static_cast<size_t>(std::ranges::find(labels, label) - labels.begin());
}

RequestOutcome ask(const Pipeline& pipeline, const std::string& task, const std::string& text) {
  PipelineRequest request;
  request.tasks = {task};
  request.input = text;
  return run_and_wait(pipeline, request);
}

// A pipeline of the same choice with its options the other way round; none of other tasks, whose
// prompts show no options whose order could matter.
Result<std::unique_ptr<Pipeline>> reversed_pipeline(const Runtime& runtime, TaskDefinition task) {
  if (!task.question || task.question->kind != QuestionKind::kChoice) return nullptr;
  std::ranges::reverse(task.question->options);
  std::ranges::reverse(task.labels);
  const Backend backend = runtime.backend();
  return Pipeline::create(TaskRegistry::of(std::move(task)), *backend.engine, *backend.tokenizer,
                          SteadyClock::instance(), runtime.pipeline().chat_template());
}

}  // namespace

Result<Evaluation> evaluate(const Runtime& runtime, const TaskDefinition& task,
                            std::span<const LabelledText> items, size_t mistakes_max) {
  Evaluation evaluation;
  evaluation.task = task.name;
  evaluation.kind = task.kind_name();
  evaluation.labels = task.labels;
  evaluation.temperature = runtime.pipeline().temperature(task.name);
  QAIO_ASSIGN(const auto reversed, reversed_pipeline(runtime, task));
  if (reversed) evaluation.reversal.emplace();
  Progress progress("Evaluating");
  for (const LabelledText& item : items) {
    const TimeNs begin_ns = SteadyClock::instance().now_ns();
    const RequestOutcome outcome = ask(runtime.pipeline(), task.name, item.text);
    const TimeNs end_ns = SteadyClock::instance().now_ns();
    evaluation.seconds += static_cast<double>(end_ns - begin_ns) / 1e9;
    progress.update(static_cast<double>(evaluation.texts() + 1) /
                    static_cast<double>(items.size()));
    if (outcome.error) {
      if (evaluation.failed++ == 0) evaluation.first_failure = {item.line, outcome.error->message};
      if (evaluation.failed == items.size()) {
        return fail(outcome.error->code,
                    fmt::format("all {} text{} failed, the first with: {}", items.size(),
                                items.size() == 1 ? "" : "s", evaluation.first_failure.message));
      }
      continue;
    }
    const TaskOutcome& done = outcome.tasks.front();
    evaluation.predictions.push_back(
        {.probabilities = {done.label_probabilities.begin(), done.label_probabilities.end()},
         .answer = index_of(task.labels, *done.label),
         .truth = index_of(task.labels, item.label)});
    evaluation.latency.add(done.lane.wall_ns());
    evaluation.prompt_tokens += done.counters.prompt_tokens + done.counters.question_tokens;
    if (*done.label != item.label && evaluation.mistakes.size() < mistakes_max) {
      evaluation.mistakes.push_back({item.text, item.label, *done.label});
    }
    if (!reversed) continue;
    const RequestOutcome again = ask(*reversed, task.name, item.text);
    if (again.error) continue;  // such as a full queue; nothing is known of this text then
    ++evaluation.reversal->asked;
    if (*again.tasks.front().label != *done.label) ++evaluation.reversal->changed;
  }
  return evaluation;
}

}  // namespace qaio
