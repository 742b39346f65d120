#include "tasks/prompt.h"

#include <algorithm>
#include <bit>

namespace qaio {
namespace {

using Ids = std::vector<TokenId>;

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

// What two prompts have in common, up to where the last message of it begins.
Ids common_head(const Ids& a, const Ids& b, const Tokenizer& tokenizer) {
  Ids head(a.begin(), std::ranges::mismatch(a, b).in1);
  while (!head.empty() && !tokenizer.is_special(head.back())) head.pop_back();
  if (!head.empty()) head.pop_back();
  return head;
}

}  // namespace

Result<PromptTemplate> PromptTemplate::compile(const TaskDefinition& task, const ChatTemplate& chat,
                                               const Tokenizer& tokenizer) {
  QAIO_RETURN_IF_ERROR(chat.check_vocabulary(tokenizer));
  PromptTemplate out;
  out.tokenizer_ = &tokenizer;
  out.chat_ = &chat;
  // A label stands where the answer begins.
  out.options_.close_thought = task.kind != TaskKind::kGenerate;
  out.task_name_ = task.name;
  out.system_ = task.system;
  const size_t at = task.user.find(kInputPlaceholder);
  out.user_prefix_ = task.user.substr(0, at);
  out.user_suffix_ = task.user.substr(at + kInputPlaceholder.size());
  out.prompt_tokens_max_ = static_cast<size_t>(task.max_prompt_tokens);
  // NFC shortens text to a third at most (three conjoining jamo become one syllable).
  out.bytes_per_token_max_ = 3 * longest_token_bytes(tokenizer);

  out.measure_frame();
  if (out.refusal_.empty()) out.find_head();
  if (out.frame_tokens_ >= out.prompt_tokens_max_) {
    return fail(ErrorCode::kInvalidArgument,
                "task '" + task.name + "': max_prompt_tokens = " +
                    std::to_string(task.max_prompt_tokens) + " leaves no room for an input, the " +
                    "template alone has " + std::to_string(out.frame_tokens_) + " tokens");
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

// What every prompt has, whatever its input.
void PromptTemplate::measure_frame() {
  const Result<EncodedPrompt> frame = encode("", {}, SIZE_MAX);
  if (!frame) {
    refusal_ = frame.error().message;
    return;
  }
  frame_tokens_ = frame->ids.size();
  const bool bare = user_prefix_.empty() && user_suffix_.empty();
  frame_message_tokens_ = bare ? 0 : frame->last_message_tokens;
}

void PromptTemplate::find_head() {
  const Result<EncodedPrompt> one = encode("a", {}, SIZE_MAX);
  const Result<EncodedPrompt> other = encode("中", {}, SIZE_MAX);
  if (one && other) {
    head_ = common_head(one->ids, other->ids, *tokenizer_);
  } else {
    refusal_ = (!one ? one : other).error().message;
  }
}

Result<PromptTemplate> PromptTemplate::with_system(std::string_view system) const {
  const auto too_long_beside = [&](size_t tokens, std::string_view count) {
    return fail(ErrorCode::kInvalidArgument,
                "'system' is too long for task '" + task_name_ +
                    "': a prompt without an input has " + std::string(count) +
                    std::to_string(tokens) + " tokens, the limit is " +
                    std::to_string(prompt_tokens_max_),
                "system");
  };
  if (const size_t least = tokens_min(system.size()); least >= prompt_tokens_max_) {
    return too_long_beside(least, "at least ");
  }
  PromptTemplate out = *this;
  out.system_ = system;
  out.head_.clear();  // only those of the tasks themselves are pinned
  out.refusal_.clear();
  out.measure_frame();
  if (!out.refusal_.empty()) return fail(ErrorCode::kInvalidArgument, out.refusal_, "system");
  if (out.frame_tokens_ >= prompt_tokens_max_) return too_long_beside(out.frame_tokens_, "");
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

Result<MarkedText> PromptTemplate::render(std::string_view input,
                                          std::span<const Turn> history) const {
  std::vector<Message> messages;
  messages.reserve(2 * history.size() + 2);
  if (!system_.empty()) messages.push_back({Role::kSystem, system_});
  for (const Turn& turn : history) {
    messages.push_back({Role::kUser, fill_user(turn.user)});
    messages.push_back({Role::kAssistant, turn.bot});
  }
  messages.push_back({Role::kUser, fill_user(input)});
  Result<MarkedText> rendered = chat_->render(messages, options_);
  if (rendered) return rendered;
  return fail(rendered.error().code, "task '" + task_name_ + "': " + rendered.error().message);
}

Result<EncodedPrompt> PromptTemplate::encode(std::string_view input, std::span<const Turn> history,
                                             size_t tokens_max, SpanCache* cache) const {
  QAIO_ASSIGN(const MarkedText rendered, render(input, history));
  return encode_prompt(rendered, *tokenizer_, tokens_max, cache);
}

// How many of the newest turns take at most `room` tokens.
Result<size_t> PromptTemplate::fitting_turns(std::span<const Turn> history, size_t room,
                                             SpanCache& cache) const {
  size_t fitting = 0;
  for (; fitting < history.size(); ++fitting) {
    const auto turn = history.subspan(history.size() - fitting - 1, 1);
    if (tokens_min(turn[0].user.size() + turn[0].bot.size()) > room) break;
    QAIO_ASSIGN(const EncodedPrompt with, encode("", turn, frame_tokens_ + room, &cache));
    const size_t tokens = with.ids.size() - std::min(frame_tokens_, with.ids.size());
    if (tokens > room) break;
    room -= tokens;
  }
  return fitting;
}

// With as many of the newest turns as fit into `tokens_max`; `dropped` are the others.
Result<EncodedPrompt> PromptTemplate::encode_shortened(std::string_view input,
                                                       std::span<const Turn> history,
                                                       size_t tokens_max, SpanCache& cache,
                                                       size_t& dropped) const {
  QAIO_ASSIGN(EncodedPrompt prompt, encode(input, {}, SIZE_MAX, &cache));
  dropped = history.size();
  if (prompt.ids.size() >= tokens_max) return prompt;
  QAIO_ASSIGN(const size_t fitting, fitting_turns(history, tokens_max - prompt.ids.size(), cache));
  // A template may write a turn longer among others than alone: then one more goes.
  for (size_t first = first_turn(history.size(), fitting); first < history.size(); ++first) {
    QAIO_ASSIGN(EncodedPrompt longer, encode(input, history.subspan(first), tokens_max, &cache));
    if (longer.ids.size() > tokens_max) continue;
    dropped = first;
    return longer;
  }
  return prompt;
}

Result<Prompt> PromptTemplate::build(std::string_view input, std::span<const Turn> history,
                                     StageLane& lane, const Clock& clock, size_t tokens_max) const {
  if (const size_t least = frame_tokens_ + tokens_min(input.size()); least > prompt_tokens_max_) {
    return too_long(least, false);
  }
  const size_t turns_end = std::min(prompt_tokens_max_, tokens_max);
  size_t bytes = input.size();
  for (const Turn& turn : history) bytes += turn.user.size() + turn.bot.size();

  EncodedPrompt encoded;
  size_t dropped = 0;
  SpanCache cache;
  if (const bool may_fit = history.empty() || tokens_min(bytes) <= turns_end; may_fit) {
    QAIO_ASSIGN(const MarkedText rendered, render(input, history));
    lane.lap(Stage::kPromptBuild, clock.now_ns());
    const size_t most = history.empty() ? SIZE_MAX : turns_end;
    encoded = encode_prompt(rendered, *tokenizer_, most, history.empty() ? nullptr : &cache);
  }
  if (!history.empty() && (encoded.ids.empty() || encoded.ids.size() > turns_end)) {
    QAIO_ASSIGN(encoded, encode_shortened(input, history, turns_end, cache, dropped));
  }
  lane.lap(Stage::kTokenize, clock.now_ns());
  if (encoded.ids.size() > prompt_tokens_max_) return too_long(encoded.ids.size(), true);

  Prompt prompt;
  prompt.ids = std::move(encoded.ids);
  prompt.history_dropped = static_cast<int>(dropped);
  if (!options_.close_thought)
    prompt.text_start = chat_->text_start(chat_->thinking() == Thinking::kAlways, *tokenizer_);
  prompt.input_tokens = static_cast<int>(
      encoded.last_message_tokens - std::min(frame_message_tokens_, encoded.last_message_tokens));
  return prompt;
}

}  // namespace qaio
