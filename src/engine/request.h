// What a client of the engine asks for and what it gets back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/token.h"
#include "trace/trace.h"

namespace qaio {

using EngineRequestId = uint64_t;

// Added to one token's logit.
struct LogitBias {
  TokenId token = 0;
  float bias = 0.0F;  // -100 practically bars the token, 100 practically forces it
};
inline constexpr size_t kLogitBiasMax = 1024;

// How the next token is drawn. The order is: logit bias, penalties, temperature, min-p, top-k,
// top-p.
struct SamplingParams {
  float temperature = 0.7F;         // 0: greedy; min-p, top-k, top-p and the seed have no effect
  int top_k = 0;                    // keep the k likeliest tokens; 0: off
  float top_p = 0.9F;               // keep the fewest tokens that sum to it, in (0, 1]; 1: off
  float min_p = 0.0F;               // keep tokens this likely, relative to the likeliest; 0: off
  float repetition_penalty = 1.0F;  // on tokens of the prompt and the answer, above 0; 1: off
  float presence_penalty = 0.0F;    // subtracted once if the token is in the answer, in [-2, 2]
  float frequency_penalty = 0.0F;   // subtracted per occurrence in the answer, in [-2, 2]
  std::vector<LogitBias> logit_bias = {};  // at most kLogitBiasMax, tokens all different
  uint64_t seed = 0;                       // same seed and prompt: same tokens, whatever else runs
};

// A question about what a request's prompt says: the tokens that ask it, behind the prompt, and
// the labels that may answer it.
struct LabelQuestion {
  std::vector<TokenId> tokens;  // may be empty where there is but one question
  // At least two, at most kClassifyLabelsMax, all different, none empty or holding an end token.
  std::vector<std::vector<TokenId>> labels;
  bool mass = false;  // whether LabelScores::mass is wanted, which takes the whole output head
};

// Scores whole labels as answers; nothing is generated (src/engine/classify.h). What the prompts of
// several questions begin with is computed once, and none of them sees another: each has the
// scores that it would have alone.
struct ClassifyJob {
  std::vector<LabelQuestion> questions;  // at least one, at most kClassifyQuestionsMax

  static ClassifyJob of(std::vector<std::vector<TokenId>> labels) {
    return {.questions = {{.tokens = {}, .labels = std::move(labels)}}};
  }
};
inline constexpr size_t kClassifyQuestionsMax = 512;
inline constexpr size_t kClassifyLabelsMax = 1024;

inline constexpr size_t kStopsMax = 16;
inline constexpr size_t kStopBytesMax = 1024;
inline constexpr int kLogprobsMax = 20;

struct GenerateJob {
  SamplingParams sampling;
  int max_new_tokens = 128;  // at least one
  bool ignore_eos = false;   // end tokens are ordinary tokens without text
  // The answer ends before the first place where one of them appears, wherever tokens begin and
  // end. At most kStopsMax, none empty or above kStopBytesMax.
  std::vector<std::string> stops = {};
  // Report every token's log-probability and those of so many likeliest alternatives, at most
  // kLogprobsMax; absent: none. They are the model's own, before penalties, bias and temperature.
  std::optional<int> logprobs = {};
};

// Computes a prompt and keeps its full blocks in the prefix cache for good.
struct PinJob {};

struct TokenLogprob {
  TokenId token = 0;
  float logprob = 0.0F;  // natural logarithm
};

// A token of the answer with what GenerateJob::logprobs asked for.
struct GeneratedToken {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;  // likeliest first
};

// The first four are of results; the others of requests that ended with an error.
enum class FinishReason : uint8_t {
  kStop,       // "stop": an end token or a stop string
  kLength,     // "length": max_new_tokens
  kScored,     // "scored": a classification
  kPinned,     // "pinned"
  kCancelled,  // "cancelled": by the client, or the engine stopped
  kDeadline,   // "deadline"
  kFailed,     // "failed"
};
std::string_view finish_reason_name(FinishReason reason);
// Of a request that ended with this error.
FinishReason finish_reason_of(ErrorCode code);

// What the labels of a question got.
struct LabelScores {
  // By label: the logarithm of its probability, all less the same, so that the largest is 0.
  std::vector<double> log_weights;
  // What the labels have together of the probability of all that might be said; if asked for.
  std::optional<double> mass;

  bool operator==(const LabelScores&) const = default;
};
// By label, sum 1: e^(log_weight / temperature), normalized.
std::vector<double> label_probabilities(const LabelScores& scores, double temperature = 1);

struct EngineResult {
  FinishReason finish_reason = FinishReason::kStop;
  // generate: everything before the end token or the stop string
  std::string text;
  // generate with logprobs: the tokens drawn, but not the end token. With a stop string the last
  // ones may reach beyond `text`.
  std::vector<GeneratedToken> tokens;
  std::vector<LabelScores> label_scores;  // classify: by question
};

// Where a request's time went; also of one that was cancelled, timed out or failed.
struct EngineTrace {
  StageLane lane;  // the caller's, with queue, prefill and decode or score appended; not finished
  TaskCounters counters;
  FinishReason finish_reason = FinishReason::kFailed;
};

struct EngineRequest {
  std::vector<TokenId> prompt;  // at least one token
  std::variant<ClassifyJob, GenerateJob, PinJob> job;
  TimeNs deadline_ns = 0;  // on the engine's clock; 0: none
  uint64_t client = 0;     // whose it is: clients get equal shares
  StageLane lane;          // started by the caller, its prompt_build and tokenize already stamped
  // Pieces of the answer as they come; together they are EngineResult::text and ::tokens. May be
  // empty. Called on the engine thread; must not block or throw. Text never ends inside a
  // character; what may yet become a stop string is held back, and tokens come with the text they
  // complete. The last piece may be tokens without text.
  std::function<void(std::string_view text, std::span<const GeneratedToken> tokens)> on_text;
  // Exactly once per accepted request, also on cancellation, deadline and shutdown (as an Error).
  // Called on the engine thread, after the request's memory is free; must not block or throw, may
  // submit or cancel requests, must not destroy the engine.
  std::function<void(Result<EngineResult> result, const EngineTrace& trace)> on_done;
};

// What a request is checked against before it is accepted.
struct RequestLimits {
  int vocab = 0;          // token ids are in [0, vocab)
  int positions_max = 0;  // positions one sequence may need
  std::span<const TokenId> end_tokens;
};

// Positions of KV memory the request needs from start to end; overflow-safe.
int64_t positions_needed(const EngineRequest& request);

// What is at fault when a request needs too many positions: the prompt, or what is to follow one
// that would fit by itself.
std::string field_too_long(bool prompt_fits, bool classifies);

// kInvalidArgument with a sentence and the field at fault for a request that can never run.
Result<void> validate(const EngineRequest& request, const RequestLimits& limits);

}  // namespace qaio
