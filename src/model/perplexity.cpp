#include "model/perplexity.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/damaged_logits.h"
#include "model/kv_cache.h"

namespace qaio {
namespace {

// Positions per pass: bounds the memory for their logits (64 x 151,936 x 4 bytes = 39 MB).
constexpr size_t kChunkTokens = 64;

// -ln of the probability of `token`; logits [vocab] f32.
double surprise(std::span<const float> logits, TokenId token) {
  const double max = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - max);
  return std::log(sum) + max - static_cast<double>(logits[static_cast<size_t>(token)]);
}

// Scores window[first_scored ..] given what stands before in the window.
Result<void> score_window(Model& model, std::span<const TokenId> window, size_t first_scored,
                          std::vector<float>& logits, Perplexity& sum) {
  const auto vocab = static_cast<size_t>(model.info().vocab);
  const size_t chunk = std::min(kChunkTokens, static_cast<size_t>(model.step_tokens_max()));
  KvSequence kv(model.kv_pool());
  QAIO_RETURN_IF_ERROR(kv.reserve(static_cast<int>(window.size())));
  // The last token predicts nothing that is asked for.
  for (size_t at = 0; at + 1 < window.size(); at += chunk) {
    const size_t count = std::min(chunk, window.size() - 1 - at);
    const bool wanted = at + count >= first_scored;
    ForwardItem item{
        .kv = &kv,
        .tokens = window.subspan(at, count),
        .logits_at = wanted ? LogitsAt::kAll : LogitsAt::kNone,
        .logit_rows = {},
        .logits = wanted ? std::span(logits).first(count * vocab) : std::span<float>{}};
    model.forward({&item, 1});
    for (size_t i = 0; wanted && i < count; ++i) {
      if (at + i + 1 < first_scored) continue;
      sum.nats += surprise(std::span(logits).subspan(i * vocab, vocab), window[at + i + 1]);
      ++sum.scored;
    }
  }
  return {};
}

}  // namespace

double Perplexity::value() const { return std::exp(nats_per_token()); }

Result<Perplexity> measure_perplexity(Model& model, std::span<const TokenId> ids, int context,
                                      const std::function<void(double)>& progress) {
  if (ids.size() < 2)
    return fail(ErrorCode::kInvalidArgument, "a text of one token has nothing to predict");
  if (context < 2) return fail(ErrorCode::kInvalidArgument, "the context must be at least 2");
  const auto window = static_cast<size_t>(context);
  const size_t stride = window / 2;
  std::vector<float> logits(std::min(kChunkTokens, window) *
                            static_cast<size_t>(model.info().vocab));
  Perplexity sum;
  size_t scored_to = 1;  // the first token has nothing before it
  for (size_t begin = 0; scored_to < ids.size(); begin += stride) {
    const size_t end = std::min(begin + window, ids.size());
    QAIO_RETURN_IF_ERROR(
        score_window(model, ids.subspan(begin, end - begin), scored_to - begin, logits, sum));
    if (!std::isfinite(sum.nats)) return fail(ErrorCode::kCorrupt, kDamagedLogits);
    scored_to = end;
    if (progress) progress(static_cast<double>(end) / static_cast<double>(ids.size()));
  }
  return sum;
}

}  // namespace qaio
