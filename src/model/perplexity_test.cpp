#include "model/perplexity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "model/load.h"

namespace qaio {
namespace {

class PerplexityTest : public ::testing::Test {
 protected:
  PerplexityTest() : pool_(1) {
    auto files = FileSet::open(QAIO_SOURCE_DIR "/models/demo");
    LoadOptions options;
    options.kv_tokens = 128;
    loaded_ = std::move(*load_model(*files, pool_, options));
  }

  // -ln P of each token of `ids` after the first, all in one pass.
  std::vector<double> surprises(std::span<const TokenId> ids) {
    Model& model = *loaded_.model;
    const auto vocab = static_cast<size_t>(model.info().vocab);
    std::vector<float> logits(ids.size() * vocab);
    KvSequence kv(model.kv_pool());
    EXPECT_TRUE(kv.reserve(static_cast<int>(ids.size())));
    ForwardItem item{&kv, ids, LogitsAt::kAll, {}, logits};
    model.forward({&item, 1});
    std::vector<double> out;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto row = std::span(logits).subspan(i * vocab, vocab);
      double sum = 0;
      for (const float logit : row) sum += std::exp(static_cast<double>(logit));
      out.push_back(std::log(sum) - static_cast<double>(row[static_cast<size_t>(ids[i + 1])]));
    }
    return out;
  }

  ThreadPool pool_;
  LoadedModel loaded_;
};

TEST_F(PerplexityTest, ScoresEveryTokenOnceWithHalfAWindowBeforeIt) {
  const auto ids = loaded_.tokenizer->encode(
      "The new phone is great and I am very happy with it, but the battery could last longer. "
      "今天天气真好,我们去公园散步吧。Thank you for your help, see you tomorrow!");
  ASSERT_GT(ids.size(), 40u);
  const std::span<const TokenId> all = ids;

  // one window holds all
  const auto whole = measure_perplexity(*loaded_.model, ids, 128);
  ASSERT_TRUE(whole) << whole.error().message;
  const auto expected = surprises(all);
  EXPECT_EQ(whole->scored, ids.size() - 1);
  EXPECT_NEAR(whole->nats, std::reduce(expected.begin(), expected.end()), 1e-6);

  // windows of 16, each 8 after the last
  const auto windows = measure_perplexity(*loaded_.model, ids, 16);
  ASSERT_TRUE(windows);
  double sum = 0;
  size_t scored = 0;
  for (size_t begin = 0; scored + 1 < ids.size(); begin += 8) {
    const size_t count = std::min<size_t>(16, ids.size() - begin);
    const auto window = surprises(all.subspan(begin, count));
    for (size_t i = begin == 0 ? 0 : 7; i < window.size(); ++i, ++scored) sum += window[i];
  }
  EXPECT_EQ(windows->scored, ids.size() - 1);
  EXPECT_NEAR(windows->nats, sum, 1e-6);
  EXPECT_GT(windows->value(), whole->value()) << "less context predicts worse";
}

TEST_F(PerplexityTest, RefusesWhatCannotBeMeasured) {
  const int positions = loaded_.model->kv_pool().blocks_total() * kKvBlockTokens;
  const std::vector<TokenId> ids(static_cast<size_t>(positions) + 1, 5);
  EXPECT_FALSE(measure_perplexity(*loaded_.model, std::span(ids).first(1), 64));
  EXPECT_FALSE(measure_perplexity(*loaded_.model, ids, 1));
  EXPECT_FALSE(measure_perplexity(*loaded_.model, ids, positions + 1));
}

}  // namespace
}  // namespace qaio
