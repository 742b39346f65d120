#include "engine/sequence.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace qaio {
namespace {

std::variant<Generation, QuestionWalk, PinJob> make_work(EngineRequest& request,
                                                         const Tokenizer& tokenizer,
                                                         TokenId end_token) {
  if (auto* classify = std::get_if<ClassifyJob>(&request.job)) {
    return QuestionWalk(std::move(classify->questions), end_token);
  }
  if (std::holds_alternative<PinJob>(request.job)) return PinJob{};
  return Generation(std::get<GenerateJob>(request.job), request.prompt, tokenizer);
}

}  // namespace

Sequence::Sequence(SubmissionQueue::Submission submission, Model& model, const Tokenizer& tokenizer,
                   TokenId end_token)
    : id(submission.id),
      request(std::move(submission.request)),
      prompt_size(request.prompt.size()),
      positions_max(positions_needed(request)),
      kv(model.kv_pool()),
      saves(model.kv_pool()),
      states(model.kv_pool()),
      work(make_work(request, tokenizer, end_token)),
      // A lane that has begun goes on without a gap.
      stage_begin_ns_(request.lane.begin_ns() > 0 ? request.lane.last_ns()
                                                  : submission.submitted_ns) {
  tokens = std::move(request.prompt);
  trace.lane = request.lane;
  trace.counters.prompt_tokens = static_cast<uint32_t>(prompt_size);
  trace.counters.submitted_ns = submission.submitted_ns;
  trace.counters.queued_ahead = static_cast<uint32_t>(submission.queued_ahead);
  // What is the same whatever is asked and answered is computed together with the prompt.
  if (const auto* walk = std::get_if<QuestionWalk>(&work)) {
    const auto beginning = walk->beginning();
    tokens.insert(tokens.end(), beginning.begin(), beginning.end());
    trace.counters.prompt_tokens += static_cast<uint32_t>(walk->question_tokens_at_root());
  }
}

void Sequence::enter(Stage next, TimeNs now_ns) {
  leave(now_ns);
  stage_ = next;
}

void Sequence::leave(TimeNs now_ns) {
  trace.lane.add(stage_, stage_begin_ns_, now_ns);
  stage_begin_ns_ = now_ns;
}

void Sequence::count_pass(int64_t forward_ns, size_t batch) {
  TaskCounters& counters = trace.counters;
  counters.batch_max = std::max(counters.batch_max, static_cast<uint32_t>(batch));
  counters.batch_sum += batch;
  if (stage_ == Stage::kPrefill) {
    ++counters.prefill_steps;
  } else {
    ++counters.decode_steps;
    counters.forward_ns += forward_ns;
  }
}

void Sequence::count_token(TimeNs now_ns) {
  TaskCounters& counters = trace.counters;
  if (counters.completion_tokens++ == 0) {
    counters.first_token_ns = now_ns;
  } else {
    const int64_t gap_ns = now_ns - counters.last_token_ns;
    const bool first_gap = counters.completion_tokens == 2;
    counters.gap_min_ns = first_gap ? gap_ns : std::min(counters.gap_min_ns, gap_ns);
    counters.gap_max_ns = first_gap ? gap_ns : std::max(counters.gap_max_ns, gap_ns);
    count_gap(gap_ns, counters.gap_counts);
  }
  counters.last_token_ns = now_ns;
}

void Sequence::count_questions(const QuestionWalk& walk) {
  trace.counters.questions = static_cast<uint32_t>(walk.questions());
  trace.counters.question_tokens = static_cast<uint32_t>(walk.question_tokens_behind_root());
  trace.counters.options = static_cast<uint32_t>(walk.options());
}

std::span<const TokenId> Sequence::lasting() const {
  return std::span(tokens).first(std::min(static_cast<size_t>(kv.length()), tokens.size()));
}

int Sequence::states_needed() const {
  const auto* walk = std::get_if<QuestionWalk>(&work);
  return 1 + (walk != nullptr && !walk->nodes().empty() ? WalkStates::kStates : 0);
}

void Sequence::release_memory() {
  kv.clear();
  saves.clear();
  states.clear();
}

}  // namespace qaio
