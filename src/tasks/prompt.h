// The prompts of tasks as token ids. Special tokens come from the model's chat template alone:
// whatever a user writes is plain text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/token.h"
#include "tasks/chat_template.h"
#include "tasks/encode_prompt.h"
#include "tasks/task.h"
#include "tasks/thoughts.h"
#include "text/tokenizer.h"
#include "trace/trace.h"

namespace qaio {

// An earlier exchange of the conversation.
struct Turn {
  std::string user;
  std::string bot;
};

struct Prompt {
  std::vector<TokenId> ids;
  int history_dropped = 0;  // oldest turns left out so that this prompt, and some after it, fit
  int input_tokens = 0;     // what the input adds to its message: without the template around it
  TextStart text_start = TextStart::kAnswer;  // of what the model writes behind it
};

// One task's messages, measured once. Immutable, thread-safe; the tokenizer and the chat template
// must outlive it.
class PromptTemplate {
 public:
  // kUnsupported when the vocabulary lacks the template's tokens, kInvalidArgument when the
  // template alone fills max_prompt_tokens. A chat template that refuses the task's messages, such
  // as one that takes no system text, is no error: refusal() says so, and so does build().
  static Result<PromptTemplate> compile(const TaskDefinition& task, const ChatTemplate& chat,
                                        const Tokenizer& tokenizer);

  // The same with another system text, measured anew, for a request: it has no head(), as nobody
  // pins it. kInvalidArgument on field "system" when it
  // leaves no room for an input, or the chat template refuses it.
  Result<PromptTemplate> with_system(std::string_view system) const;

  // Each text is tokenized once, newest turn first, and only as far as turns fit. Stamps
  // prompt_build and tokenize on `lane`, without a gap from its latest stage on. kInvalidArgument
  // on field "input" when the prompt without any history is longer than max_prompt_tokens: an input
  // is never cut. Turns that would take the prompt beyond `tokens_max` are left out, too.
  Result<Prompt> build(std::string_view input, std::span<const Turn> history, StageLane& lane,
                       const Clock& clock, size_t tokens_max = SIZE_MAX) const;

  // What every prompt of the task begins with: the system turn, if there is one.
  const std::vector<TokenId>& head() const { return head_; }
  // Why the chat template does not write this task's prompts; empty: it does.
  const std::string& refusal() const { return refusal_; }
  // Token sequences of the task's labels, in their order.
  const std::vector<std::vector<TokenId>>& label_ids() const { return label_ids_; }

 private:
  PromptTemplate() = default;
  void measure_frame();
  void find_head();
  std::string fill_user(std::string_view input) const;
  Result<MarkedText> render(std::string_view input, std::span<const Turn> history) const;
  Result<EncodedPrompt> encode(std::string_view input, std::span<const Turn> history,
                               size_t tokens_max, SpanCache* cache = nullptr) const;
  Result<size_t> fitting_turns(std::span<const Turn> history, size_t room, SpanCache& cache) const;
  Result<EncodedPrompt> encode_shortened(std::string_view input, std::span<const Turn> history,
                                         size_t tokens_max, SpanCache& cache,
                                         size_t& dropped) const;
  // Fewest tokens that `bytes` of text can become.
  size_t tokens_min(size_t bytes) const { return bytes / bytes_per_token_max_; }
  tl::unexpected<Error> too_long(size_t tokens, bool exact) const;

  const Tokenizer* tokenizer_ = nullptr;
  const ChatTemplate* chat_ = nullptr;
  TemplateOptions options_;
  std::string task_name_;
  std::string refusal_;
  std::string system_;
  std::string user_prefix_;          // the task's text before {input}
  std::string user_suffix_;          // and after it
  size_t frame_tokens_ = 0;          // of a prompt with no input
  size_t frame_message_tokens_ = 0;  // of its user message
  size_t prompt_tokens_max_ = 0;
  size_t bytes_per_token_max_ = 1;
  std::vector<TokenId> head_;
  std::vector<std::vector<TokenId>> label_ids_;
};

}  // namespace qaio
