// The whole model against reference logits of a float64 forward pass over the same weights
// (../shared/data: expected.json of the mini models, computed by another implementation).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "model/mini_models_for_test.h"

namespace qaio {
namespace {

class MiniModelTest : public ReferenceDataTest,
                      public ::testing::WithParamInterface<std::string> {};

TEST_P(MiniModelTest, F32ArithmeticGivesTheReferenceLogits) {
  ThreadPool pool(2);
  for (const Case& c : read_cases(GetParam())) {
    LoadedModel loaded = load(c.file, pool, {.weights = WeightsMode::kF32});
    const auto vocab = static_cast<size_t>(loaded.model->info().vocab);
    const auto logits = all_logits(*loaded.model, c.ids);
    for (size_t i = 0; i < c.ids.size(); ++i) {
      const auto row = std::span(logits).subspan(i * vocab, vocab);
      ASSERT_EQ(argmax(row), c.argmax[i]) << c.file << " position " << i;
      ASSERT_NEAR(log_sum_exp(row), c.log_sum_exp[i], 0.01) << c.file << " position " << i;
    }
    for (size_t i = 0; i < vocab; ++i) {
      ASSERT_NEAR(logits[(c.ids.size() - 1) * vocab + i], c.last_logits[i], 0.01) << c.file;
    }
  }
}

// Of every file, the model with `options` against f32 arithmetic.
std::map<std::string, Quality> quality_by_file(const std::string& model, LoadOptions options) {
  ThreadPool pool(2);
  std::map<std::string, Quality> by_file;
  for (const Case& c : read_cases(model)) {
    LoadedModel exact = load(c.file, pool, {.weights = WeightsMode::kF32});
    LoadedModel fast = load(c.file, pool, options);
    by_file[c.file].add(all_logits(*exact.model, c.ids), all_logits(*fast.model, c.ids),
                        static_cast<size_t>(exact.model->info().vocab));
  }
  return by_file;
}

TEST_P(MiniModelTest, EightBitKeysAndValuesStayClose) {
  for (const auto& [file, quality] : quality_by_file(GetParam(), {.kv_type = KvType::kQ8})) {
    EXPECT_GE(quality.agreement(), 0.96) << file;  // f16, the default, is held to 0.97 below
    EXPECT_LE(quality.mean_kl(), 0.02) << file;
  }
}

TEST_P(MiniModelTest, QuantizedArithmeticStaysClose) {
  for (const auto& [file, quality] : quality_by_file(GetParam(), {})) {
    EXPECT_GE(quality.agreement(), 0.97) << file;
    EXPECT_LE(quality.mean_kl(), 0.02) << file;
    std::printf("%s: mean KL %.5f, agreement %.4f over %zu positions\n", file.c_str(),
                quality.mean_kl(), quality.agreement(), quality.positions);
  }
}

// What holds on one instruction set then holds on all.
TEST_P(MiniModelTest, EveryIsaGivesTheSameLogitsBitForBit) {
  std::map<std::string, Case> by_file;
  for (Case& c : read_cases(GetParam())) by_file.emplace(c.file, std::move(c));
  ThreadPool pool(2);
  for (const auto& [file, c] : by_file) {
    for (const WeightsMode mode : {WeightsMode::kAuto, WeightsMode::kNative}) {
      std::vector<float> expected;
      for (const Isa isa : isas_available()) {
        const ScopedIsa scoped(isa);
        const auto logits = all_logits(*load(file, pool, {.weights = mode}).model, c.ids);
        if (expected.empty()) expected = logits;
        ASSERT_EQ(logits, expected) << file << " " << isa_name(isa);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, MiniModelTest,
                         ::testing::Values("mini-qwen1.5", "mini-qwen2.5", "mini-qwen3",
                                           "mini-qwen3.5"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase_if(name, [](char ch) {
                             return !std::isalnum(static_cast<unsigned char>(ch));
                           });
                           return name;
                         });

// A few activation channels are far larger than the rest, as in trained models: the error must be
// that of one int8 scale per 32 channels, for K-quants too.
using OutlierModel = ReferenceDataTest;
TEST_F(OutlierModel, ErrorIsThatOfGroupsOf32) {
  const std::string folder = "mini-qwen1.5-outliers";
  const auto json = read_json(kData / folder / "expected.json");
  std::vector<TokenId> ids;
  for (const auto& id : json.at("ids").as_array()) ids.push_back(id.to_number<TokenId>());
  ThreadPool pool(2);
  for (const auto& entry : json.at("files").as_object()) {
    const std::string file = folder + "/" + std::string(entry.key());
    std::ifstream raw(kData / (file + ".logits.f32"), std::ios::binary);
    const bool half = file.ends_with(".safetensors");
    LoadedModel loaded =
        load(file, pool, {.weights = half ? WeightsMode::kNative : WeightsMode::kAuto});
    const auto vocab = static_cast<size_t>(loaded.model->info().vocab);
    std::vector<float> expected(ids.size() * vocab);
    raw.read(reinterpret_cast<char*>(expected.data()),
             static_cast<std::streamsize>(expected.size() * 4));
    ASSERT_TRUE(raw) << file;
    Quality quality;
    quality.add(expected, all_logits(*loaded.model, ids), vocab);
    const double bar = entry.value().at("kl_group32").to_number<double>();
    EXPECT_LE(quality.mean_kl(), 1.15 * bar) << file;
    std::printf("%s: mean KL %.4f, %.3f of kl_group32\n", file.c_str(), quality.mean_kl(),
                quality.mean_kl() / bar);
  }
}

const std::vector<TokenId>& sample_ids() {
  static const std::vector<TokenId> ids = [] {
    std::vector<TokenId> x;
    x.reserve(90);
    for (int i = 0; i < 90; ++i) x.push_back((i * 37 + 11) % 1000);
    return x;
  }();
  return ids;
}

using Forward = ReferenceDataTest;
TEST_F(Forward, ChunksAndNeighboursChangeNoBit) {
  for (const char* file : {"mini-qwen1.5/model-q8_0.gguf", "mini-qwen2.5/model-q4_k_m.gguf",
                           "mini-qwen3/model.safetensors"}) {
    ThreadPool pool(2);
    LoadedModel loaded = load(file, pool, {.kv_tokens = 1024});
    Model& model = *loaded.model;
    const auto vocab = static_cast<size_t>(model.info().vocab);
    const auto whole = all_logits(model, sample_ids());
    for (const size_t chunk : {size_t{1}, size_t{5}, size_t{32}, size_t{41}}) {
      ASSERT_EQ(all_logits(model, sample_ids(), chunk), whole) << file << " chunk " << chunk;
    }
    // beside two others: one prompt, one single token
    KvSequence a(model.kv_pool()), b(model.kv_pool()), c(model.kv_pool());
    ASSERT_TRUE(a.reserve(90) && b.reserve(90) && c.reserve(90));
    const std::span ids(sample_ids());
    ForwardItem first[] = {{&b, ids.subspan(10, 17), LogitsAt::kNone, {}, {}},
                           {&a, ids.first(60), LogitsAt::kNone, {}, {}}};
    model.forward(first);
    std::vector<float> logits(30 * vocab), label_logits(3);
    const std::vector<TokenId> labels{7, 1000, 31};
    ForwardItem second[] = {{&b, ids.subspan(27, 1), LogitsAt::kNone, {}, {}},
                            {&a, ids.subspan(60), LogitsAt::kAll, {}, logits},
                            {&c, ids, LogitsAt::kLast, labels, label_logits}};
    model.forward(second);
    ASSERT_TRUE(std::equal(logits.begin(), logits.end(),
                           whole.begin() + static_cast<std::ptrdiff_t>(60 * vocab)))
        << file;
    for (size_t i = 0; i < labels.size(); ++i)
      ASSERT_EQ(label_logits[i], whole[89 * vocab + static_cast<size_t>(labels[i])]) << file;
  }
}

TEST_F(Forward, ThreadsChangeNoBit) {
  std::vector<TokenId> ids(300);  // several parts for each thread
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<TokenId>((i * 37 + 11) % 1000);
  std::vector<float> expected;
  for (const int threads : {1, 2, 3, 6}) {
    ThreadPool pool(threads);
    LoadedModel loaded = load("mini-qwen1.5/model-q4_0.gguf", pool, {});
    const auto logits = all_logits(*loaded.model, ids);
    if (expected.empty()) expected = logits;
    EXPECT_EQ(logits, expected) << threads;
    EXPECT_EQ(all_logits(*loaded.model, ids, 90), expected) << threads;
  }
}

// Two ways on from one beginning, which a copied block and a shared token give to both: each has
// the logits that it has alone.
TEST_F(Forward, BranchesAreAsEachAlone) {
  for (const auto& [file, kv_type] : {std::pair{"mini-qwen2.5/model-q4_k_m.gguf", KvType::kF16},
                                      {"mini-qwen3/model.safetensors", KvType::kQ8}}) {
    ThreadPool pool(2);
    LoadedModel loaded = load(file, pool, {.kv_tokens = 1024, .kv_type = kv_type});
    Model& model = *loaded.model;
    const auto vocab = static_cast<size_t>(model.info().vocab);
    const auto way = [&](std::initializer_list<TokenId> last) {
      std::vector<TokenId> ids(sample_ids().begin(), sample_ids().begin() + 60);
      ids.insert(ids.end(), last);
      return ids;
    };
    KvSequence base(model.kv_pool()), branch(model.kv_pool());
    ASSERT_TRUE(base.reserve(70));
    ForwardItem prompt{&base, std::span(sample_ids()).first(60), LogitsAt::kNone, {}, {}};
    model.forward({&prompt, 1});
    ASSERT_EQ(branch.share_prefix(base.blocks(), 60), 32);
    ASSERT_TRUE(branch.reserve(70));
    const KvCopy copy{.from = base.blocks()[1], .to = branch.blocks()[1]};
    model.copy_kv({&copy, 1});
    branch.advance(60 - branch.length());
    base.advance(2);  // 7 and 8, by the first item

    const std::vector<TokenId> first{7, 8, 9, 10, 11, 12}, second{20, 21};
    std::vector<float> first_logits(first.size() * vocab), second_logits(second.size() * vocab);
    const KvBranch shared{.kv = &base, .end = 62};
    ForwardItem items[] = {{&branch, first, LogitsAt::kAll, {}, first_logits, {&shared, 1}},
                           {&base, second, LogitsAt::kAll, {}, second_logits}};
    model.forward(items);
    const auto whole_first = all_logits(model, way({7, 8, 9, 10, 11, 12}));
    const auto whole_second = all_logits(model, way({7, 8, 20, 21}));
    EXPECT_TRUE(std::ranges::equal(first_logits, std::span(whole_first).subspan(60 * vocab)))
        << file;
    EXPECT_TRUE(std::ranges::equal(second_logits, std::span(whole_second).subspan(62 * vocab)))
        << file;
  }
}

// In the last layer only the rows are computed whose logits are wanted.
TEST_F(Forward, WantedRowsAreThoseOfAll) {
  ThreadPool pool(2);
  LoadedModel loaded = load("mini-qwen2.5/model-q4_k_m.gguf", pool, {.kv_tokens = 2048});
  Model& model = *loaded.model;
  const auto vocab = static_cast<size_t>(model.info().vocab);
  const auto whole = all_logits(model, sample_ids());
  const std::span ids(sample_ids());
  const auto row = [&](size_t position) {
    return std::span(whole).subspan(position * vocab, vocab);
  };

  KvSequence a(model.kv_pool()), b(model.kv_pool()), c(model.kv_pool()), d(model.kv_pool());
  ASSERT_TRUE(a.reserve(90) && b.reserve(90) && c.reserve(90) && d.reserve(90));
  const std::vector<TokenId> labels{3, 999};
  std::vector<float> last(vocab), all(60 * vocab), of_labels(2);
  ForwardItem items[] = {{&a, ids.first(70), LogitsAt::kLast, labels, of_labels},
                         {&b, ids.first(40), LogitsAt::kNone, {}, {}},
                         {&c, ids.first(60), LogitsAt::kAll, {}, all},
                         {&d, ids.first(81), LogitsAt::kLast, {}, last}};
  model.forward(items);
  EXPECT_EQ(of_labels, (std::vector<float>{row(69)[3], row(69)[999]}));
  EXPECT_TRUE(std::ranges::equal(all, std::span(whole).first(all.size())));
  EXPECT_TRUE(std::ranges::equal(last, row(80)));

  std::vector<float> after(vocab);  // on keys and values of rows that nobody wanted
  ForwardItem rest{&b, ids.subspan(40), LogitsAt::kLast, {}, after};
  model.forward({&rest, 1});
  EXPECT_TRUE(std::ranges::equal(after, row(89)));
}

using LoadFiles = ReferenceDataTest;
TEST_F(LoadFiles, EndTokensComeFromTheFiles) {
  ThreadPool pool(1);
  for (const char* file : {"mini-qwen1.5/model.safetensors", "mini-qwen1.5/model-q8_0.gguf"}) {
    const LoadedModel loaded = load(file, pool, {});
    const auto end = loaded.tokenizer->special("<|im_end|>");
    ASSERT_TRUE(end);
    EXPECT_NE(std::find(loaded.end_tokens.begin(), loaded.end_tokens.end(), *end),
              loaded.end_tokens.end());
  }
}

TEST(Load, SaysWhatIsMissing) {
  ThreadPool pool(1);
  auto empty = load_model(FileSet(), pool, {});
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().message.find("config.json"), std::string::npos);
}

}  // namespace
}  // namespace qaio
