// One live request on the engine thread: its tokens, its KV memory and where its time goes.
#pragma once

#include <variant>
#include <vector>

#include "engine/generation.h"
#include "engine/question_walk.h"
#include "engine/request.h"
#include "engine/state_saves.h"
#include "engine/submission_queue.h"
#include "engine/walk_states.h"
#include "model/model.h"
#include "text/tokenizer.h"

namespace qaio {

struct Sequence {
  // `model` and `tokenizer` outlive it; `end_token` as QuestionWalk needs it.
  Sequence(SubmissionQueue::Submission submission, Model& model, const Tokenizer& tokenizer,
           TokenId end_token);

  Stage stage() const { return stage_; }
  // Whether it has had a step; also of one that was paused since.
  bool scheduled() const { return trace.counters.scheduled_ns != 0; }
  // Ends the current stage of the lane and begins the next at the same instant.
  void enter(Stage next, TimeNs now_ns);
  // Ends the current stage for good.
  void leave(TimeNs now_ns);
  // Counts a forward pass that it was part of together with `batch` - 1 others.
  void count_pass(int64_t forward_ns, size_t batch);
  // Counts a token that is out: times and gaps.
  void count_token(TimeNs now_ns);
  // Counts the questions of a walk that has its scores: who is refused halfway has none.
  void count_questions(const QuestionWalk& walk);
  // What the computed positions hold and will hold until the end: questions and labels come and go
  // behind it.
  std::span<const TokenId> lasting() const;
  // States that it needs while it is admitted, in models with recurrent layers.
  int states_needed() const;
  // Gives back what it holds of the model's memory.
  void release_memory();

  EngineRequestId id;
  EngineRequest request;  // its prompt has moved to `tokens`, its lane to `trace`
  size_t prompt_size;
  int64_t positions_max;        // KV memory it will ever need
  std::vector<TokenId> tokens;  // known so far, but for what is behind the root of a walk
  KvSequence kv;
  StateSaves saves;   // of models with recurrent layers
  WalkStates states;  // likewise, of a walk
  std::variant<Generation, QuestionWalk, PinJob> work;
  EngineTrace trace;
  int pauses = 0;

 private:
  Stage stage_ = Stage::kQueue;
  TimeNs stage_begin_ns_;
};

}  // namespace qaio
