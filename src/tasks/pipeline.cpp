#include "tasks/pipeline.h"

#include <algorithm>
#include <future>
#include <new>
#include <utility>

#include "base/mutex.h"
#include "base/secure_random.h"
#include "model/kv_cache.h"
#include "tasks/labels.h"
#include "tasks/thoughts.h"

namespace qaio {
namespace {

void apply(const GenerateOverrides& overrides, GenerateJob& job) {
  SamplingParams& sampling = job.sampling;
  job.max_new_tokens =
      std::min(overrides.max_new_tokens.value_or(job.max_new_tokens), overrides.new_tokens_max);
  job.ignore_eos = overrides.ignore_eos;
  job.stops = overrides.stops;
  sampling.temperature = overrides.temperature.value_or(sampling.temperature);
  sampling.top_p = overrides.top_p.value_or(sampling.top_p);
  sampling.top_k = overrides.top_k.value_or(sampling.top_k);
  sampling.min_p = overrides.min_p.value_or(sampling.min_p);
  sampling.repetition_penalty = overrides.repetition_penalty.value_or(sampling.repetition_penalty);
  sampling.presence_penalty = overrides.presence_penalty.value_or(sampling.presence_penalty);
  sampling.frequency_penalty = overrides.frequency_penalty.value_or(sampling.frequency_penalty);
}

double temperature_of(const TaskDefinition& task, const Calibration& calibration) {
  const QuestionKind kind = task.question ? task.question->kind : QuestionKind::kChoice;
  return calibration.temperature(kind, task.labels.size());
}

void parse_output(const TaskDefinition& task, const Calibration& calibration,
                  const EngineResult& result, TextStart start, TaskOutcome& outcome) {
  outcome.text = trim(split_thoughts(result.text, start).answer);
  if (task.kind != TaskKind::kClassify) return;
  if (task.decode == DecodeMode::kGenerate) {
    if (const auto label = find_label(outcome.text, task.labels)) {
      outcome.label = task.labels[*label];
    }
    return;
  }
  const LabelScores& scores = result.label_scores.front();
  for (const double one : label_probabilities(scores, temperature_of(task, calibration)))
    outcome.label_probabilities.push_back(static_cast<float>(one));
  // By what the model says, which differs where a temperature or rounding makes two the same.
  const auto best = static_cast<size_t>(std::ranges::max_element(scores.log_weights) -
                                        scores.log_weights.begin());
  outcome.label = task.labels[best];
  outcome.score = static_cast<float>(outcome.label_probabilities[best]);
}

void take_answer(const TaskDefinition& task, Answer answer, TaskOutcome& outcome) {
  outcome.label = task.labels[answer.best];
  outcome.score = static_cast<float>(answer.probabilities[answer.best]);
  outcome.label_probabilities = answer.probabilities;
  if (task.question->kind == QuestionKind::kScore)
    outcome.level = task.question->options[answer.best].description;
  outcome.answer = std::move(answer);
}

// What a task's labels are divided by.
Calibration calibration_of(const TaskDefinition& task, const CalibrationTables& known) {
  const QuestionKind kind = task.question ? task.question->kind : QuestionKind::kChoice;
  const auto own = known.tasks.find(task.name);
  if (own != known.tasks.end()) return Calibration::of(kind, own->second);
  return task.question ? known.kinds : Calibration();
}

}  // namespace

// Shared by the caller and the engine's callbacks of every task; lives until the last of them.
class Pipeline::Run final : public PipelineRun, public std::enable_shared_from_this<Run> {
 public:
  Run(Engine& engine, const Clock& clock, PipelineCallbacks callbacks)
      : engine_(engine), clock_(clock), callbacks_(std::move(callbacks)) {}

  void add(std::shared_ptr<const CompiledTask> task, Prepared prepared, TaskOutcome outcome) {
    tasks_.push_back(std::move(task));
    decisions_.push_back(std::move(prepared.decision));
    starts_.push_back(prepared.text_start);
    const MutexLock lock(mutex_);
    thoughts_.emplace_back(prepared.text_start);
    outcome_.tasks.push_back(std::move(outcome));
  }

  void submit(std::vector<EngineRequest> requests) {
    try {
      submit_each(std::move(requests));
    } catch (const std::bad_alloc&) {
      fail_now({ErrorCode::kResourceExhausted, "out of memory", ""});  // which needs none
    }
  }

  void cancel() override {
    const MutexLock lock(mutex_);
    cancel_locked();
  }

  // The answer is known although some tasks still have to notice that they are cancelled.
  void fail_now(Error error) {
    std::optional<RequestOutcome> complete;
    {
      const MutexLock lock(mutex_);
      cancel_locked();
      if (!outcome_.error) outcome_.error = std::move(error);
      complete = take_outcome();
    }
    if (complete) callbacks_.on_done(*std::move(complete));
  }

 private:
  void submit_each(std::vector<EngineRequest> requests) {
    {
      const MutexLock lock(mutex_);
      running_ = requests.size();
      ids_.reserve(requests.size());
    }
    for (size_t i = 0; i < requests.size(); ++i) {
      EngineRequest& request = requests[i];
      if (callbacks_.on_text) {
        request.on_text = [self = shared_from_this(), i](std::string_view text,
                                                         std::span<const GeneratedToken>) {
          self->task_said(i, text);
        };
      }
      request.on_done = [self = shared_from_this(), i](Result<EngineResult> result,
                                                       const EngineTrace& trace) {
        self->task_done(i, std::move(result), trace);
      };
      Result<EngineRequestId> id = engine_.submit(std::move(request));
      if (!id) return fail_now(std::move(id.error()));
      const MutexLock lock(mutex_);
      ids_.push_back(*id);
      if (cancelled_) engine_.cancel(*id);
    }
  }

  void cancel_locked() QAIO_REQUIRES(mutex_) {
    cancelled_ = true;
    for (const EngineRequestId id : ids_) engine_.cancel(id);
  }

  // With the lock, or fail_now() on another thread could come between the question and the call.
  void task_said(size_t i, std::string_view text) {
    const MutexLock lock(mutex_);
    if (completed_) return;
    const std::string answer = thoughts_[i].push(text).answer;
    if (!answer.empty()) callbacks_.on_text(i, answer);
  }

  void task_done(size_t i, Result<EngineResult> result, const EngineTrace& trace) {
    std::optional<RequestOutcome> complete = end_task(i, std::move(result), trace);
    if (complete) callbacks_.on_done(*std::move(complete));
  }

  // All of them, if this was the last task; the one who takes it tells it, without the lock.
  std::optional<RequestOutcome> end_task(size_t i, Result<EngineResult> result,
                                         const EngineTrace& trace) {
    const MutexLock lock(mutex_);
    if (completed_) return std::nullopt;
    TaskOutcome& outcome = outcome_.tasks[i];
    outcome.lane = trace.lane;
    outcome.counters = trace.counters;
    outcome.finish_reason = trace.finish_reason;
    if (result) {
      const CompiledTask& task = *tasks_[i];
      if (decisions_[i]) {
        auto answers = decisions_[i]->answers(result->label_scores, task.calibration);
        take_answer(task.definition, std::move(answers.front()), outcome);
      } else {
        if (callbacks_.on_text) {
          const std::string rest = thoughts_[i].finish().answer;
          if (!rest.empty()) callbacks_.on_text(i, rest);
        }
        parse_output(task.definition, task.calibration, *result, starts_[i], outcome);
      }
      outcome.lane.lap(Stage::kOutputParse, clock_.now_ns());
    } else {
      outcome.error = result.error();
      if (!outcome_.error) outcome_.error = std::move(result.error());
      cancel_locked();
    }
    outcome.lane.finish(outcome.lane.last_ns());
    if (!outcome.error && callbacks_.on_task) callbacks_.on_task(i, outcome);
    return --running_ == 0 ? take_outcome() : std::nullopt;
  }

  std::optional<RequestOutcome> take_outcome() QAIO_REQUIRES(mutex_) {
    if (std::exchange(completed_, true)) return std::nullopt;
    return std::move(outcome_);
  }

  Engine& engine_;
  const Clock& clock_;
  const PipelineCallbacks callbacks_;
  std::vector<std::shared_ptr<const CompiledTask>> tasks_;
  std::vector<std::optional<Decision>> decisions_;  // of tasks that are questions
  std::vector<TextStart> starts_;                   // of the text of each

  Mutex mutex_;
  RequestOutcome outcome_ QAIO_GUARDED_BY(mutex_);
  std::vector<EngineRequestId> ids_ QAIO_GUARDED_BY(mutex_);
  std::vector<ThoughtSplitter> thoughts_ QAIO_GUARDED_BY(mutex_);  // of each task's text
  size_t running_ QAIO_GUARDED_BY(mutex_) = 0;
  bool cancelled_ QAIO_GUARDED_BY(mutex_) = false;
  bool completed_ QAIO_GUARDED_BY(mutex_) = false;
};

Result<std::unique_ptr<Pipeline>> Pipeline::create(const TaskRegistry& tasks, Engine& engine,
                                                   const Tokenizer& tokenizer, const Clock& clock,
                                                   ChatTemplate chat,
                                                   const CalibrationTables& temperatures) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline(engine, tokenizer, clock, std::move(chat)));
  for (const TaskDefinition& task : tasks.all())
    QAIO_RETURN_IF_ERROR(pipeline->add(task, temperatures));
  pipeline->pin_heads();
  return pipeline;
}

Result<void> Pipeline::add(const TaskDefinition& task, const CalibrationTables& temperatures) {
  QAIO_ASSIGN(PromptTemplate prompt, PromptTemplate::compile(task, chat_, tokenizer_));
  std::string refusal = prompt.refusal();
  if (task.question && refusal.empty()) {
    StageLane lane;
    const Result<Decision> asked = decide(task, "a", lane);  // an input that is short enough
    if (!asked && asked.error().code != ErrorCode::kUnsupported)
      return fail(asked.error().code, asked.error().message);
    if (!asked) refusal = asked.error().message;
  }
  if (!refusal.empty()) refused_.emplace(task.name, std::move(refusal));
  tasks_.emplace(task.name, std::make_shared<const CompiledTask>(CompiledTask{
                                task, std::move(prompt), calibration_of(task, temperatures)}));
  return {};
}

// Without them everything works, only later: nobody needs to hear of a refusal.
void Pipeline::pin_heads() const {
  std::vector<std::future<void>> pinned;
  for (const auto& [name, task] : tasks_) {
    EngineRequest request;
    request.prompt = task->prompt.head();
    request.job = PinJob{};
    if (request.prompt.size() < kKvBlockTokens) continue;  // not a block to share
    const auto done = std::make_shared<std::promise<void>>();
    request.on_done = [done](const Result<EngineResult>&, const EngineTrace&) {
      done->set_value();
    };
    if (engine_.submit(std::move(request))) pinned.push_back(done->get_future());
  }
  for (const std::future<void>& one : pinned) one.wait();
}

Result<Decision> Pipeline::decide(const TaskDefinition& task, std::string_view input,
                                  StageLane& lane) const {
  const auto tokens_max =
      static_cast<size_t>(std::min(task.max_prompt_tokens, engine_.positions_max()));
  Result<Decision> decision =
      Decision::build({.state = input, .system = task.system, .questions = {&*task.question, 1}},
                      chat_, tokenizer_, tokens_max, lane, clock_);
  if (decision) return decision;
  Error error = std::move(decision.error());
  error.message = "task '" + task.name + "': " + error.message;
  // The request is at fault if its input is too long, by itself or with the question.
  error.field = error.field == "state" || error.field == "questions[0]" ? "input" : "";
  return tl::unexpected<Error>(std::move(error));
}

Result<Pipeline::Prepared> Pipeline::prepare_question(const CompiledTask& task,
                                                      const PipelineRequest& request,
                                                      TaskOutcome& outcome) const {
  outcome.question = task.definition.question->kind;
  QAIO_ASSIGN(Decision decision, decide(task.definition, request.input, outcome.lane));
  outcome.input_tokens = decision.state_tokens();
  outcome.asked_tokens = decision.prompt_tokens();
  EngineRequest out;
  out.prompt = decision.take_prompt();
  out.job = decision.take_job();
  return Prepared{std::move(out), std::move(decision), TextStart::kAnswer};
}

Result<Pipeline::Prepared> Pipeline::prepare(const CompiledTask& task,
                                             const PipelineRequest& request, uint64_t seed,
                                             TaskOutcome& outcome) const {
  const TaskDefinition& definition = task.definition;
  if (definition.question) return prepare_question(task, request, outcome);
  const std::span<const Turn> history =
      definition.history ? std::span(request.history) : std::span<const Turn>();
  const bool scores =
      definition.kind == TaskKind::kClassify && definition.decode == DecodeMode::kScore;
  GenerateJob job;
  job.max_new_tokens = definition.max_new_tokens;
  job.sampling = definition.sampling();
  job.sampling.seed = seed;
  if (definition.kind == TaskKind::kGenerate) apply(request.overrides, job);

  // Old turns make room for the answer, too; for one that may be cut, half of all is enough.
  const int positions = engine_.positions_max();
  const bool may_cut = !request.overrides.strict_length || !request.overrides.max_new_tokens;
  const int reserved = may_cut ? std::min(job.max_new_tokens, positions / 2) : job.max_new_tokens;
  const int room = positions - (scores ? 0 : reserved);
  std::optional<PromptTemplate> changed;
  if (definition.history && !request.system.empty()) {
    QAIO_ASSIGN(changed, task.prompt.with_system(request.system));
  }
  QAIO_ASSIGN(Prompt prompt, (changed ? *changed : task.prompt)
                                 .build(request.input, history, outcome.lane, clock_,
                                        static_cast<size_t>(std::max(room, 1))));
  outcome.history_dropped = prompt.history_dropped;
  outcome.input_tokens = prompt.input_tokens;
  if (may_cut) {
    const int left = engine_.positions_free() - static_cast<int>(prompt.ids.size());
    job.max_new_tokens = std::min(job.max_new_tokens, std::max(left, 1));
  }
  if (definition.kind == TaskKind::kGenerate) {
    outcome.max_new_tokens = job.max_new_tokens;
    outcome.sampling = job.sampling;
  }

  EngineRequest out;
  out.prompt = std::move(prompt.ids);
  if (scores) {
    out.job = ClassifyJob::of(task.prompt.label_ids());
  } else {
    out.job = std::move(job);
  }
  return Prepared{std::move(out), {}, prompt.text_start};
}

double Pipeline::temperature(std::string_view task) const {
  const CompiledTask& known = *tasks_.find(task)->second;
  return temperature_of(known.definition, known.calibration);
}

std::shared_ptr<PipelineRun> Pipeline::run(const PipelineRequest& request,
                                           PipelineCallbacks callbacks) const {
  auto run = std::make_shared<Run>(engine_, clock_, std::move(callbacks));
  const uint64_t seed = seed_or_random(request.overrides.seed);
  std::vector<EngineRequest> requests;
  std::optional<Error> error;
  for (const std::string& name : request.tasks) {
    const auto it = tasks_.find(name);
    if (it == tasks_.end()) {
      error = Error{ErrorCode::kNotFound, "there is no task '" + name + "'", "tasks"};
      break;
    }
    TaskOutcome outcome;
    outcome.task = name;
    outcome.kind = it->second->definition.kind;
    outcome.lane.start(clock_.now_ns());
    Result<Prepared> prepared = prepare(*it->second, request, seed, outcome);
    if (!prepared) outcome.lane.lap(Stage::kPromptBuild, clock_.now_ns());
    outcome.lane.finish(outcome.lane.last_ns());
    if (prepared) {
      EngineRequest& ready = requests.emplace_back(std::move(prepared->request));
      ready.lane = outcome.lane;
      ready.deadline_ns = request.deadline_ns;
      ready.client = request.client;
    } else {
      error = outcome.error = prepared.error();
    }
    run->add(it->second, prepared ? std::move(*prepared) : Prepared(), std::move(outcome));
    if (error) break;
  }
  if (error) {
    run->fail_now(std::move(*error));
  } else {
    run->submit(std::move(requests));
  }
  return run;
}

}  // namespace qaio
