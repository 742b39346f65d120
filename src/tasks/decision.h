// Questions about a state as one job for the engine: a prompt that says the state, and behind it
// what each question adds. The state is computed once, however many questions there are.
//
// A question's prompt is one message of the user: the state, a blank line, the question, a line for
// each option or level, and the order to reply with one of them. It shows no other question, so
// that an answer does not depend on what else is asked. Thoughts are closed: what follows the
// prompt is the answer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/token.h"
#include "engine/request.h"
#include "tasks/chat_template.h"
#include "tasks/question.h"
#include "text/tokenizer.h"
#include "trace/trace.h"

namespace qaio {

struct DecisionText {
  std::string_view state;               // what is judged; not blank
  std::string_view system;              // empty: what the chat template says by itself, if anything
  std::span<const Question> questions;  // each as check_question() wants it
};

class Decision {
 public:
  // Prompts, counted once for each of a question's permutations.
  static constexpr size_t kPromptsMax = kClassifyQuestionsMax;

  // Stamps prompt_build and tokenize on `lane`. `chat` is used during the call only. Errors, all
  // kInvalidArgument: on field "state" one that is blank or, with a question, longer than
  // `tokens_max` tokens; on field "questions[i]" a question with which it is, and that is longer
  // than the state; on field "questions[i].options" two that are the same tokens; on field
  // "questions" more than kPromptsMax prompts; on field "system" one that the template refuses.
  // kUnsupported where the model's chat template changes what a message says.
  static Result<Decision> build(const DecisionText& text, const ChatTemplate& chat,
                                const Tokenizer& tokenizer, size_t tokens_max, StageLane& lane,
                                const Clock& clock);

  // Whether the engine has anything to do: not where every question is a choice of one option.
  bool needs_engine() const { return !job_.questions.empty(); }
  // For EngineRequest, once.
  std::vector<TokenId> take_prompt() { return std::move(prompt_); }
  ClassifyJob take_job() { return std::move(job_); }

  int state_tokens() const { return state_tokens_; }  // without the template around it
  // Of all questions' prompts, each with the state.
  int64_t prompt_tokens() const { return prompt_tokens_; }

  // One for each question. `scores`: the engine's, none if it had nothing to do.
  std::vector<Answer> answers(std::span<const LabelScores> scores,
                              const Calibration& calibration) const;

 private:
  // How a question is scored.
  struct Plan {
    QuestionKind kind;
    size_t options;
    size_t first_prompt;                // of its prompts, which are consecutive in the job
    size_t prompts;                     // 0: a choice of one option
    std::vector<size_t> label_options;  // by label: which option it says
  };

  std::vector<TokenId> prompt_;
  ClassifyJob job_;
  std::vector<Plan> plans_;
  int state_tokens_ = 0;
  int64_t prompt_tokens_ = 0;
};

}  // namespace qaio
