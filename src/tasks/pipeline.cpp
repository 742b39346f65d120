#include "tasks/pipeline.h"

#include <algorithm>
#include <future>
#include <mutex>
#include <new>
#include <utility>

#include "base/secure_random.h"
#include "model/kv_cache.h"
#include "tasks/labels.h"

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

void parse_output(const TaskDefinition& task, const EngineResult& result, TaskOutcome& outcome) {
  outcome.text = trim(result.text);
  if (task.kind != TaskKind::kClassify) return;
  if (task.decode == DecodeMode::kGenerate) {
    if (const auto label = find_label(outcome.text, task.labels)) {
      outcome.label = task.labels[*label];
    }
    return;
  }
  const std::vector<double> probabilities = label_probabilities(result.label_scores.front());
  outcome.label_probabilities.assign(probabilities.begin(), probabilities.end());
  const auto best = std::ranges::max_element(outcome.label_probabilities);
  outcome.label = task.labels[static_cast<size_t>(best - outcome.label_probabilities.begin())];
  outcome.score = *best;
}

}  // namespace

// Shared by the caller and the engine's callbacks of every task; lives until the last of them.
class Pipeline::Run final : public PipelineRun, public std::enable_shared_from_this<Run> {
 public:
  Run(Engine& engine, const Clock& clock, PipelineCallbacks callbacks)
      : engine_(engine), clock_(clock), callbacks_(std::move(callbacks)) {}

  void add(std::shared_ptr<const CompiledTask> task, TaskOutcome outcome) {
    tasks_.push_back(std::move(task));
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
    const std::lock_guard lock(mutex_);
    cancel_locked();
  }

  // The answer is known although some tasks still have to notice that they are cancelled.
  void fail_now(Error error) {
    std::unique_lock lock(mutex_);
    cancel_locked();
    if (!outcome_.error) outcome_.error = std::move(error);
    complete(std::move(lock));
  }

 private:
  void submit_each(std::vector<EngineRequest> requests) {
    {
      const std::lock_guard lock(mutex_);
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
      const std::lock_guard lock(mutex_);
      ids_.push_back(*id);
      if (cancelled_) engine_.cancel(*id);
    }
  }

  void cancel_locked() {
    cancelled_ = true;
    for (const EngineRequestId id : ids_) engine_.cancel(id);
  }

  // With the lock, or fail_now() on another thread could come between the question and the call.
  void task_said(size_t i, std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (!completed_) callbacks_.on_text(i, text);
  }

  void task_done(size_t i, Result<EngineResult> result, const EngineTrace& trace) {
    std::unique_lock lock(mutex_);
    if (completed_) return;
    TaskOutcome& outcome = outcome_.tasks[i];
    outcome.lane = trace.lane;
    outcome.counters = trace.counters;
    outcome.finish_reason = trace.finish_reason;
    if (result) {
      parse_output(tasks_[i]->definition, *result, outcome);
      outcome.lane.lap(Stage::kOutputParse, clock_.now_ns());
    } else {
      outcome.error = result.error();
      if (!outcome_.error) outcome_.error = std::move(result.error());
      cancel_locked();
    }
    outcome.lane.finish(outcome.lane.last_ns());
    if (!outcome.error && callbacks_.on_task) callbacks_.on_task(i, outcome);
    if (--running_ == 0) complete(std::move(lock));
  }

  void complete(std::unique_lock<std::mutex> lock) {
    if (std::exchange(completed_, true)) return;
    RequestOutcome outcome = std::move(outcome_);
    lock.unlock();
    callbacks_.on_done(std::move(outcome));
  }

  Engine& engine_;
  const Clock& clock_;
  const PipelineCallbacks callbacks_;
  std::vector<std::shared_ptr<const CompiledTask>> tasks_;

  std::mutex mutex_;  // guards everything below
  RequestOutcome outcome_;
  std::vector<EngineRequestId> ids_;
  size_t running_ = 0;
  bool cancelled_ = false;
  bool completed_ = false;
};

Result<std::unique_ptr<Pipeline>> Pipeline::create(const TaskRegistry& tasks, Engine& engine,
                                                   const Tokenizer& tokenizer, const Clock& clock,
                                                   ChatTemplate chat) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline(engine, clock, std::move(chat)));
  for (const TaskDefinition& task : tasks.all()) {
    QAIO_ASSIGN(PromptTemplate prompt, PromptTemplate::compile(task, pipeline->chat_, tokenizer));
    if (!prompt.refusal().empty()) pipeline->refused_.emplace(task.name, prompt.refusal());
    pipeline->tasks_.emplace(
        task.name, std::make_shared<const CompiledTask>(CompiledTask{task, std::move(prompt)}));
  }
  pipeline->pin_heads();
  return pipeline;
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

Result<EngineRequest> Pipeline::prepare(const CompiledTask& task, const PipelineRequest& request,
                                        uint64_t seed, TaskOutcome& outcome) const {
  const TaskDefinition& definition = task.definition;
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
  out.deadline_ns = request.deadline_ns;
  out.client = request.client;
  if (scores) {
    out.job = ClassifyJob::of(task.prompt.label_ids());
  } else {
    out.job = std::move(job);
  }
  return out;
}

std::shared_ptr<PipelineRun> Pipeline::run(PipelineRequest request,
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
    Result<EngineRequest> prepared = prepare(*it->second, request, seed, outcome);
    if (!prepared) outcome.lane.lap(Stage::kPromptBuild, clock_.now_ns());
    outcome.lane.finish(outcome.lane.last_ns());
    if (prepared) {
      prepared->lane = outcome.lane;
      requests.push_back(std::move(*prepared));
    } else {
      error = outcome.error = std::move(prepared.error());
    }
    run->add(it->second, std::move(outcome));
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
