#include "tasks/prompt.h"

#include <algorithm>
#include <bit>

#include "tasks/chat_template.h"

namespace qaio {
namespace {

using Ids = std::vector<TokenId>;

void append(Ids& to, const Ids& from) { to.insert(to.end(), from.begin(), from.end()); }

size_t longest_token_bytes(const Tokenizer& tokenizer) {
  size_t longest = 1;
  for (TokenId id = 0; id < tokenizer.size(); ++id) {
    longest = std::max(longest, tokenizer.token_bytes(id).size());
  }
  return longest;
}

// The turn that a prompt begins with when the last `fitting` of `turns` fit. Were it always the
// oldest that fits, every turn of a long conversation would move the beginning, and the prefix
// cache would hold nothing of it. It is a multiple of a power of two, so that it moves seldom, and
// at least a third of the turns that fit stay.
size_t first_turn(size_t turns, size_t fitting) {
  if (fitting == turns) return 0;
  const size_t step = std::max<size_t>(1, std::bit_floor(fitting * 2 / 3));
  return (turns - fitting + step - 1) / step * step;
}

}  // namespace

Result<PromptTemplate> PromptTemplate::compile(const TaskDefinition& task,
                                               const Tokenizer& tokenizer) {
  const auto im_start = tokenizer.special("<|im_start|>");
  const auto im_end = tokenizer.special("<|im_end|>");
  if (!im_start || !im_end) {
    return fail(ErrorCode::kUnsupported,
                "the vocabulary has no <|im_start|> and <|im_end|>: not a Qwen chat model");
  }
  PromptTemplate out;
  out.tokenizer_ = &tokenizer;
  out.task_name_ = task.name;
  const size_t at = task.user.find(kInputPlaceholder);
  out.user_prefix_ = "user\n" + task.user.substr(0, at);
  out.user_suffix_ = task.user.substr(at + kInputPlaceholder.size());
  out.frame_tokens_ = tokenizer.encode(out.fill_user("")).size();
  out.prompt_tokens_max_ = static_cast<size_t>(task.max_prompt_tokens);
  // NFC shortens text to a third at most (three conjoining jamo become one syllable).
  out.bytes_per_token_max_ = 3 * longest_token_bytes(tokenizer);
  out.im_start_ = *im_start;
  out.im_end_ = *im_end;
  out.newline_ = tokenizer.encode("\n");

  if (!task.system.empty()) {
    out.head_.push_back(*im_start);
    append(out.head_, tokenizer.encode("system\n" + task.system));
    out.head_.push_back(*im_end);
    append(out.head_, out.newline_);
  }
  out.tail_.push_back(*im_end);
  append(out.tail_, out.newline_);
  out.tail_.push_back(*im_start);
  append(out.tail_, tokenizer.encode(answer_head(tokenizer)));

  const size_t fixed = out.head_.size() + 1 + out.tail_.size();
  if (fixed >= out.prompt_tokens_max_) {
    return fail(ErrorCode::kInvalidArgument,
                "task '" + task.name + "': max_prompt_tokens = " +
                    std::to_string(task.max_prompt_tokens) + " leaves no room for an input, the " +
                    "template alone has " + std::to_string(fixed) + " tokens");
  }
  for (const std::string& label : task.labels) {
    Ids ids = tokenizer.encode(label);
    if (ids.empty() || std::ranges::find(out.label_ids_, ids) != out.label_ids_.end()) {
      return fail(ErrorCode::kInvalidArgument, "task '" + task.name + "': label '" + label +
                                                   "' is the same as another in this vocabulary");
    }
    out.label_ids_.push_back(std::move(ids));
  }
  return out;
}

std::string PromptTemplate::fill_user(std::string_view input) const {
  std::string text;
  text.reserve(user_prefix_.size() + input.size() + user_suffix_.size());
  text.append(user_prefix_).append(input).append(user_suffix_);
  return text;
}

tl::unexpected<Error> PromptTemplate::too_long(size_t tokens, bool exact) const {
  return fail(ErrorCode::kInvalidArgument,
              "the input is too long for task '" + task_name_ + "': its prompt has " +
                  (exact ? "" : "at least ") + std::to_string(tokens) + " tokens, the limit is " +
                  std::to_string(prompt_tokens_max_),
              "input");
}

size_t PromptTemplate::turn_tokens(size_t user_tokens, size_t bot_tokens) const {
  constexpr size_t kMarks = 4;  // start and end of both messages
  return kMarks + user_tokens + bot_tokens + 2 * newline_.size();
}

Result<Prompt> PromptTemplate::build(std::string_view input, std::span<const Turn> history,
                                     Lane& lane, const Clock& clock, size_t tokens_max) const {
  const size_t fixed = head_.size() + 1 + tail_.size();
  if (const size_t least = fixed + tokens_min(input.size()); least > prompt_tokens_max_) {
    return too_long(least, false);
  }
  const std::string user_text = fill_user(input);
  lane.lap(Stage::kPromptBuild, clock.now_ns());
  struct TurnIds {
    Ids user, bot;
  };
  std::vector<TurnIds> turns;  // newest first
  const size_t turns_end = std::min(prompt_tokens_max_, tokens_max);
  const Ids user_ids = tokenizer_->encode(user_text);
  size_t total = fixed + user_ids.size();
  for (size_t i = history.size(); i > 0 && total < turns_end; --i) {
    const Turn& turn = history[i - 1];
    if (total + tokens_min(turn.user.size() + turn.bot.size()) > turns_end) break;
    std::string answer("assistant\n");
    answer += repeated_answer(turn.bot, *tokenizer_);
    TurnIds ids{tokenizer_->encode(fill_user(turn.user)), tokenizer_->encode(answer)};
    const size_t tokens = turn_tokens(ids.user.size(), ids.bot.size());
    if (total + tokens > turns_end) break;
    total += tokens;
    turns.push_back(std::move(ids));
  }
  lane.lap(Stage::kTokenize, clock.now_ns());
  if (total > prompt_tokens_max_) return too_long(total, true);
  turns.resize(history.size() - first_turn(history.size(), turns.size()));

  Prompt prompt;
  prompt.input_tokens =
      static_cast<int>(user_ids.size() - std::min(frame_tokens_, user_ids.size()));
  prompt.history_dropped = static_cast<int>(history.size() - turns.size());
  prompt.ids.reserve(total);
  append(prompt.ids, head_);
  const auto message = [&](const Ids& ids) {
    prompt.ids.push_back(im_start_);
    append(prompt.ids, ids);
    prompt.ids.push_back(im_end_);
    append(prompt.ids, newline_);
  };
  for (size_t i = turns.size(); i > 0; --i) {
    message(turns[i - 1].user);
    message(turns[i - 1].bot);
  }
  prompt.ids.push_back(im_start_);
  append(prompt.ids, user_ids);
  append(prompt.ids, tail_);
  lane.lap(Stage::kPromptBuild, clock.now_ns());
  return prompt;
}

}  // namespace qaio
