#include "engine/request.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/portable_math.h"
#include "engine/classify.h"

namespace qaio {
namespace {

bool in_vocabulary(const std::vector<TokenId>& tokens, int vocab) {
  return std::ranges::all_of(tokens, [vocab](TokenId id) { return id >= 0 && id < vocab; });
}

Result<void> invalid(std::string message, std::string field) {
  return fail(ErrorCode::kInvalidArgument, std::move(message), std::move(field));
}

// Written so that NaN fails every check.
Result<void> validate(const SamplingParams& sampling) {
  if (!(sampling.temperature >= 0) || !std::isfinite(sampling.temperature)) {
    return invalid("temperature must be a number of at least 0", "temperature");
  }
  if (sampling.top_k < 0) return invalid("top_k must be at least 0 (0: off)", "top_k");
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) {
    return invalid("top_p must be above 0 and at most 1 (1: off)", "top_p");
  }
  if (!(sampling.min_p >= 0 && sampling.min_p <= 1)) {
    return invalid("min_p must be from 0 to 1 (0: off)", "min_p");
  }
  if (!(sampling.repetition_penalty > 0) || !std::isfinite(sampling.repetition_penalty)) {
    return invalid("repetition_penalty must be a number above 0 (1: off)", "repetition_penalty");
  }
  if (!(std::abs(sampling.presence_penalty) <= 2)) {
    return invalid("presence_penalty must be from -2 to 2 (0: off)", "presence_penalty");
  }
  if (!(std::abs(sampling.frequency_penalty) <= 2)) {
    return invalid("frequency_penalty must be from -2 to 2 (0: off)", "frequency_penalty");
  }
  return {};
}

Result<void> validate(const std::vector<LogitBias>& biases, int vocab) {
  if (biases.size() > kLogitBiasMax) {
    return invalid("logit_bias may name at most " + std::to_string(kLogitBiasMax) + " tokens",
                   "logit_bias");
  }
  std::vector<TokenId> tokens;
  for (const LogitBias& bias : biases) {
    if (bias.token < 0 || bias.token >= vocab) {
      return invalid(
          "logit_bias names a token outside the vocabulary: " + std::to_string(bias.token),
          "logit_bias");
    }
    if (!(std::abs(bias.bias) <= 100)) {
      return invalid("a logit_bias must be from -100 to 100", "logit_bias");
    }
    tokens.push_back(bias.token);
  }
  std::ranges::sort(tokens);
  if (std::ranges::adjacent_find(tokens) != tokens.end()) {
    return invalid("logit_bias names a token twice", "logit_bias");
  }
  return {};
}

Result<void> validate(const GenerateJob& job, const RequestLimits& limits) {
  if (job.max_new_tokens < 1) return invalid("max_new_tokens must be at least 1", "max_new_tokens");
  QAIO_RETURN_IF_ERROR(validate(job.sampling));
  QAIO_RETURN_IF_ERROR(validate(job.sampling.logit_bias, limits.vocab));
  if (job.stops.size() > kStopsMax) {
    return invalid("there may be at most " + std::to_string(kStopsMax) + " stop strings", "stop");
  }
  for (const std::string& stop : job.stops) {
    if (stop.empty() || stop.size() > kStopBytesMax) {
      return invalid("a stop string must have 1 to " + std::to_string(kStopBytesMax) + " bytes",
                     "stop");
    }
  }
  if (job.logprobs && (*job.logprobs < 0 || *job.logprobs > kLogprobsMax)) {
    return invalid("logprobs must be from 0 to " + std::to_string(kLogprobsMax), "logprobs");
  }
  return {};
}

Result<void> validate(const LabelQuestion& question, const RequestLimits& limits) {
  const auto& labels = question.labels;
  if (!in_vocabulary(question.tokens, limits.vocab)) {
    return invalid("a question holds a token outside the vocabulary", "questions");
  }
  if (labels.size() < 2 || labels.size() > kClassifyLabelsMax) {
    return invalid("a classification needs 2 to " + std::to_string(kClassifyLabelsMax) +
                       " labels, not " + std::to_string(labels.size()),
                   "labels");
  }
  for (const auto& label : labels) {
    if (label.empty()) return invalid("a label is empty", "labels");
    if (!in_vocabulary(label, limits.vocab)) {
      return invalid("a label holds a token outside the vocabulary", "labels");
    }
    for (const TokenId end : limits.end_tokens) {
      if (std::ranges::find(label, end) != label.end()) {
        return invalid("a label holds an end token", "labels");
      }
    }
  }
  auto sorted = labels;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    return invalid("two labels are the same tokens", "labels");
  }
  if (limits.end_tokens.empty() && label_begins_another(labels)) {
    return invalid("a label begins another one and the model has no end token to tell them apart",
                   "labels");
  }
  return {};
}

Result<void> validate(const ClassifyJob& job, const RequestLimits& limits) {
  const auto& questions = job.questions;
  if (questions.empty() || questions.size() > kClassifyQuestionsMax) {
    return invalid("a classification needs 1 to " + std::to_string(kClassifyQuestionsMax) +
                       " questions, not " + std::to_string(questions.size()),
                   "questions");
  }
  for (const LabelQuestion& question : questions) {
    if (questions.size() > 1 && question.tokens.empty()) {
      return invalid("one of several questions has no tokens", "questions");
    }
    QAIO_RETURN_IF_ERROR(validate(question, limits));
  }
  return {};
}

// Positions behind the prompt. The last token of a label, or the end token behind it, is only read
// from logits, never computed.
int64_t positions_needed(const LabelQuestion& question) {
  const auto& labels = question.labels;
  const auto longest = std::ranges::max_element(labels, {}, &LabelTokens::size);
  return static_cast<int64_t>(question.tokens.size() + longest->size()) -
         (label_begins_another(labels) ? 0 : 1);
}

}  // namespace

std::vector<double> label_probabilities(const LabelScores& scores, double temperature) {
  std::vector<double> result;
  result.reserve(scores.log_weights.size());
  double sum = 0;
  for (const double weight : scores.log_weights) {
    result.push_back(portable_exp(weight / temperature));
    sum += result.back();
  }
  for (double& probability : result) probability /= sum;
  return result;
}

std::string_view finish_reason_name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kScored:
      return "scored";
    case FinishReason::kPinned:
      return "pinned";
    case FinishReason::kCancelled:
      return "cancelled";
    case FinishReason::kDeadline:
      return "deadline";
    case FinishReason::kFailed:
      return "failed";
  }
  return "unknown";
}

FinishReason finish_reason_of(ErrorCode code) {
  if (code == ErrorCode::kCancelled) return FinishReason::kCancelled;
  if (code == ErrorCode::kDeadlineExceeded) return FinishReason::kDeadline;
  return FinishReason::kFailed;
}

int64_t positions_needed(const EngineRequest& request) {
  const auto prompt = static_cast<int64_t>(request.prompt.size());
  if (const auto* generate = std::get_if<GenerateJob>(&request.job)) {
    return prompt + generate->max_new_tokens;
  }
  if (std::holds_alternative<PinJob>(request.job)) return prompt;
  int64_t longest = 0;
  for (const LabelQuestion& question : std::get<ClassifyJob>(request.job).questions) {
    longest = std::max(longest, positions_needed(question));
  }
  return prompt + longest;
}

std::string field_too_long(bool prompt_fits, bool classifies) {
  if (!prompt_fits) return "prompt";
  return classifies ? "labels" : "max_new_tokens";
}

Result<void> validate(const EngineRequest& request, const RequestLimits& limits) {
  if (request.prompt.empty()) return invalid("the prompt is empty", "prompt");
  if (!in_vocabulary(request.prompt, limits.vocab)) {
    return invalid("the prompt holds a token outside the vocabulary", "prompt");
  }
  if (!request.on_done) return fail(ErrorCode::kInternal, "a request needs on_done");
  if (const auto* classify = std::get_if<ClassifyJob>(&request.job)) {
    QAIO_RETURN_IF_ERROR(validate(*classify, limits));
  } else if (const auto* generate = std::get_if<GenerateJob>(&request.job)) {
    QAIO_RETURN_IF_ERROR(validate(*generate, limits));
  }
  if (const int64_t needed = positions_needed(request); needed > limits.positions_max) {
    return invalid(
        "the prompt of " + std::to_string(request.prompt.size()) +
            " tokens and what is to follow need " + std::to_string(needed) +
            " positions; at most " + std::to_string(limits.positions_max) + " are possible",
        field_too_long(static_cast<int64_t>(request.prompt.size()) < limits.positions_max,
                       std::holds_alternative<ClassifyJob>(request.job)));
  }
  return {};
}

}  // namespace qaio
