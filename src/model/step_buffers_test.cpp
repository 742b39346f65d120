// Models of every proportion: whichever of its matrices is the widest, a step stays within its
// memory, which ends where a guard page begins (see HugeBuffer), and whose buffers a sanitizer
// tells from each other.
#include "model/step_buffers.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "kernels/activations.h"
#include "kernels/isa.h"
#include "model/load.h"
#include "weights/synth.h"

namespace qaio {
namespace {

ModelShape shape_of(int hidden, int intermediate, int heads, int kv_heads, int head_dim) {
  return {.name = "proportions",
          .architecture = heads % 3 == 0 ? "qwen3" : "qwen2",
          .layers = 2,
          .hidden = hidden,
          .heads = heads,
          .kv_heads = kv_heads,
          .head_dim = head_dim,
          .intermediate = intermediate,
          .vocab = 512,
          .context_max = 4096,
          .rope_theta = 1e6F,
          .tied = hidden % 64 == 0};
}

// hidden, intermediate, heads, kv_heads, head_dim
const ModelShape kShapes[] = {
    shape_of(256, 256, 4, 2, 64),  // all alike
    shape_of(256, 256, 4, 4, 64),  // and a key for every query
    shape_of(512, 32, 2, 1, 16),   // hidden the widest
    shape_of(512, 480, 8, 4, 64),  // just so
    shape_of(32, 1024, 2, 1, 16),  // intermediate the widest
    shape_of(64, 96, 24, 2, 64),   // heads * head_dim the widest, by far
    shape_of(288, 288, 9, 3, 32),  // no power of two, no whole number of K-quant blocks
    shape_of(96, 64, 2, 2, 48),    //
    shape_of(64, 64, 3, 1, 256),   // the largest head
    shape_of(32, 32, 32, 1, 16),   // many queries share a key
};

class Proportions : public ::testing::TestWithParam<ModelShape> {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() /
            ("qaio-proportions-" + std::to_string(::getpid()) + ".gguf");
  }
  void TearDown() override {
    std::filesystem::remove(path_);
    ::unsetenv("QAIO_ISA");
  }
  // Logits of every position, in steps of `step` tokens, each as many as the model can take.
  std::vector<float> logits(Isa isa, int step, KvType kv_type) {
    ::setenv("QAIO_ISA", std::string(isa_name(isa)).c_str(), 1);
    ThreadPool pool(2);
    const auto files = FileSet::open(path_);
    EXPECT_TRUE(files);
    const LoadOptions options{.kv_tokens = 256, .step_tokens_max = step, .kv_type = kv_type};
    auto loaded = load_model(*files, pool, options);
    if (!loaded) {
      ADD_FAILURE() << loaded.error().message;
      return {};
    }
    Model& model = *loaded->model;
    constexpr size_t kTokens = 48;
    std::vector<TokenId> ids;
    for (size_t i = 0; i < kTokens; ++i) ids.push_back(static_cast<TokenId>((i * 37 + 11) % 500));
    const auto vocab = static_cast<size_t>(model.info().vocab);
    std::vector<float> out(kTokens * vocab);
    KvSequence kv(model.kv_pool());
    EXPECT_TRUE(kv.reserve(kTokens));
    const auto count = static_cast<size_t>(step);
    for (size_t at = 0; at < kTokens; at += count) {
      ForwardItem item{&kv,
                       std::span(ids).subspan(at, count),
                       LogitsAt::kAll,
                       {},
                       std::span(out).subspan(at * vocab, count * vocab)};
      model.forward({&item, 1});
    }
    return out;
  }

  std::filesystem::path path_;
};

TEST_P(Proportions, AStepStaysWithinItsMemory) {
  for (const TensorType type : {TensorType::kQ8_0, TensorType::kF16, TensorType::kIQ4_NL}) {
    ASSERT_TRUE(synthesize_gguf(GetParam(), {.type = type}, path_));
    for (const KvType kv_type : {KvType::kF16, KvType::kQ8}) {
      std::vector<float> expected;
      for (const Isa isa : isas_available()) {
        for (const int step : {48, 16, 3}) {
          const std::vector<float> got = logits(isa, step, kv_type);
          if (expected.empty()) expected = got;
          ASSERT_EQ(got, expected) << isa_name(isa) << ", steps of " << step;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Proportions, ::testing::ValuesIn(kShapes), [](const auto& test) {
  const ModelShape& s = test.param;
  return std::to_string(s.hidden) + "x" + std::to_string(s.intermediate) + "_" +
         std::to_string(s.heads) + "of" + std::to_string(s.head_dim) + "_" +
         std::to_string(s.kv_heads);
});

// Every buffer holds what its shape says, beside the others; two are never in use together.
TEST(StepBuffers, HoldWhatTheirShapesSay) {
  for (const int hidden : {32, 1024, 4096}) {
    for (const int intermediate : {32, 4096}) {
      ModelConfig config;
      config.layers = 1;
      config.hidden = hidden;
      config.heads = 3;
      config.kv_heads = 1;
      config.head_dim = config.rotary_dim = 96;
      config.intermediate = intermediate;
      constexpr size_t kTokens = 65;
      auto buffers = StepBuffers::allocate(config, kTokens);
      ASSERT_TRUE(buffers) << buffers.error().message;
      const int widest = std::max({hidden, intermediate, 288});
      const auto floats = [](size_t columns) { return kTokens * columns * sizeof(float); };
      const auto wide = static_cast<size_t>(hidden);
      const auto mlp = static_cast<size_t>(intermediate);
      EXPECT_EQ(buffers->gate_up, buffers->projected);
      const std::pair<void*, size_t> all[] = {
          {buffers->residual, floats(wide)},
          {buffers->normed, floats(wide)},
          {buffers->projected, floats(std::max<size_t>(288 + 2 * 96, 2 * mlp))},
          {buffers->mixed, floats(288)},
          {buffers->cos, floats(48)},
          {buffers->sin, floats(48)},
          {buffers->codes, QuantizedActivations::bytes(kTokens, widest)},
          {buffers->residual_codes, QuantizedActivations::bytes(kTokens, hidden)}};
      for (size_t i = 0; i < std::size(all); ++i)
        std::memset(all[i].first, static_cast<int>(i + 1), all[i].second);
      for (size_t i = 0; i < std::size(all); ++i) {
        const auto* bytes = static_cast<const unsigned char*>(all[i].first);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes) % 64, 0u);
        EXPECT_TRUE(std::all_of(bytes, bytes + all[i].second,
                                [&](unsigned char byte) { return byte == i + 1; }))
            << "buffer " << i << ", hidden " << hidden << ", intermediate " << intermediate;
      }
    }
  }
}

}  // namespace
}  // namespace qaio
