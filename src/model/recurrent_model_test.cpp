// Qwen3.5, whose layers with states must give the same bits however a sequence is computed.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <memory>

#include "model/mini_models_for_test.h"

namespace qaio {
namespace {

constexpr const char* kFiles[] = {"mini-qwen3.5/model.safetensors", "mini-qwen3.5/model-f16.gguf",
                                  "mini-qwen3.5/model-q8_0.gguf", "mini-qwen3.5/model-q4_0.gguf"};

std::vector<TokenId> some_ids(size_t count) {
  std::vector<TokenId> ids(count);
  for (size_t i = 0; i < count; ++i) ids[i] = static_cast<TokenId>((i * 37 + 11) % 500);
  return ids;
}

class RecurrentModelTest : public ReferenceDataTest {
 protected:
  LoadedModel open(const char* file, int threads = 2) {
    pool = std::make_unique<ThreadPool>(threads);
    return load(file, *pool, {.kv_tokens = 2048});
  }
  std::unique_ptr<ThreadPool> pool;
};

// Against the f32 logits of every position of the longest prompt.
TEST_F(RecurrentModelTest, EveryLogitOfTheLongestPrompt) {
  std::ifstream raw(kData / "mini-qwen3.5/model.safetensors.logits.f32", std::ios::binary);
  std::vector<float> expected(size_t{128} * 512);
  raw.read(reinterpret_cast<char*>(expected.data()),
           static_cast<std::streamsize>(expected.size() * sizeof(float)));
  ASSERT_TRUE(raw);
  std::vector<TokenId> longest;
  for (const Case& c : read_cases("mini-qwen3.5"))
    if (c.file.ends_with(".safetensors") && c.ids.size() > longest.size()) longest = c.ids;
  ASSERT_GE(longest.size(), 128u);
  ThreadPool two(2);
  LoadedModel loaded = load("mini-qwen3.5/model.safetensors", two, {.weights = WeightsMode::kF32});
  const auto logits = all_logits(*loaded.model, longest);
  const auto got = std::span(logits).last(expected.size());
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(got[i], expected[i], 0.01) << i;
}

TEST_F(RecurrentModelTest, ChunksNeighboursAndThreadsChangeNoBit) {
  const auto ids = some_ids(270);
  const std::span all(ids);
  for (const char* file : kFiles) {
    std::vector<float> whole;
    for (const int threads : {2, 1, 3}) {
      LoadedModel loaded = open(file, threads);
      Model& model = *loaded.model;
      const auto vocab = static_cast<size_t>(model.info().vocab);
      for (const size_t chunk : {size_t{256}, size_t{1}, size_t{7}, size_t{64}}) {
        if (chunk == 1 && threads != 2) continue;  // it takes longest
        const auto logits = all_logits(model, ids, chunk);
        if (whole.empty()) whole = logits;
        ASSERT_EQ(logits, whole) << file << " chunk " << chunk << " threads " << threads;
      }
      KvSequence a(model.kv_pool()), b(model.kv_pool()), c(model.kv_pool());
      ASSERT_TRUE(a.reserve(90) && b.reserve(90) && c.reserve(90));
      ForwardItem first[] = {{&b, all.subspan(10, 17), LogitsAt::kNone, {}, {}},
                             {&a, all.first(60), LogitsAt::kNone, {}, {}}};
      model.forward(first);
      std::vector<float> logits(30 * vocab), last(vocab);
      ForwardItem second[] = {{&b, all.subspan(27, 1), LogitsAt::kNone, {}, {}},
                              {&a, all.subspan(60, 30), LogitsAt::kAll, {}, logits},
                              {&c, all.first(90), LogitsAt::kLast, {}, last}};
      model.forward(second);
      ASSERT_TRUE(std::ranges::equal(logits, std::span(whole).subspan(60 * vocab, 30 * vocab)))
          << file;
      ASSERT_TRUE(std::ranges::equal(last, std::span(whole).subspan(89 * vocab, vocab))) << file;
    }
  }
}

// A state that was saved on the way, in the middle of an item, serves another sequence.
TEST_F(RecurrentModelTest, ASavedStateGoesOnAsIfAllHadBeenComputed) {
  const auto ids = some_ids(150);
  for (const char* file : kFiles) {
    LoadedModel loaded = open(file);
    Model& model = *loaded.model;
    KvPool& kv = model.kv_pool();
    const auto vocab = static_cast<size_t>(model.info().vocab);
    const auto whole = all_logits(model, ids);
    const StateId early = *kv.take_state();
    const StateId late = *kv.take_state();
    KvSequence first(kv);
    ASSERT_TRUE(first.reserve(150));
    const StateSave saves[] = {{.end = 32, .to = early}, {.end = 96, .to = late}};
    ForwardItem item{.kv = &first, .tokens = std::span(ids).first(120), .saves = saves};
    model.forward({&item, 1});

    for (const auto& [state, end] : {std::pair{early, 32}, {late, 96}}) {
      KvSequence second(kv);
      ASSERT_EQ(second.share_prefix(first.blocks(), end, state), end);
      ASSERT_TRUE(second.reserve(150));
      const auto rest = static_cast<size_t>(150 - end);
      std::vector<float> logits(rest * vocab);
      ForwardItem on{&second, std::span(ids).last(rest), LogitsAt::kAll, {}, logits};
      model.forward({&on, 1});
      EXPECT_TRUE(std::ranges::equal(logits, std::span(whole).last(logits.size()))) << file;
    }
    kv.release_state(early);
    kv.release_state(late);
    first.clear();
    EXPECT_EQ(kv.states_free(), kv.states_total()) << file;
  }
}

// Ways on from one beginning, a branch of a branch and one in the middle of another among them:
// each has the logits that it has alone, and the beginning's state is what it was.
TEST_F(RecurrentModelTest, BranchesAreAsEachAlone) {
  const auto ids = some_ids(64);
  for (const char* file : kFiles) {
    LoadedModel loaded = open(file);
    Model& model = *loaded.model;
    const auto vocab = static_cast<size_t>(model.info().vocab);
    KvSequence base(model.kv_pool());
    ASSERT_TRUE(base.reserve(72));
    ForwardItem prompt{.kv = &base, .tokens = ids};
    model.forward({&prompt, 1});

    struct Way {
      std::vector<TokenId> common, own;  // behind the beginning
    };
    // the second goes on in the middle of the first, the third behind the second
    const Way ways[] = {{{}, {1, 2, 3, 4}}, {{1, 2}, {5, 6, 7}}, {{1, 2, 5}, {8}}, {{}, {9, 10}}};
    std::deque<KvSequence> branches;
    std::vector<std::vector<float>> logits;
    std::vector<ForwardItem> items;
    for (const Way& way : ways) {
      KvSequence& branch = branches.emplace_back(model.kv_pool(), KeepsState::kNo);
      branch.share_prefix(base.blocks(), 64, way.common.empty() ? base.state() : kNoState);
      ASSERT_TRUE(branch.reserve(72));
      branch.advance(static_cast<int>(way.common.size()));
      logits.emplace_back(way.own.size() * vocab);
      items.push_back({&branch, way.own, LogitsAt::kAll, {}, logits.back()});
    }
    const KvBranch of_first[] = {{&branches[1], 66}, {&branches[2], 66}};
    const KvBranch of_second[] = {{&branches[2], 67}};
    items[0].branches = of_first;
    items[1].branches = of_second;
    model.forward(items);
    for (size_t i = 0; i < std::size(ways); ++i) {
      std::vector<TokenId> alone = ids;
      alone.insert(alone.end(), ways[i].common.begin(), ways[i].common.end());
      alone.insert(alone.end(), ways[i].own.begin(), ways[i].own.end());
      const auto whole = all_logits(model, alone);
      EXPECT_TRUE(std::ranges::equal(logits[i], std::span(whole).last(logits[i].size())))
          << file << " way " << i;
    }
    std::vector<TokenId> on = {20};
    std::vector<float> behind(vocab);
    ForwardItem more{&base, on, LogitsAt::kLast, {}, behind};
    model.forward({&more, 1});
    std::vector<TokenId> alone = ids;
    alone.push_back(20);
    const auto whole = all_logits(model, alone);
    EXPECT_TRUE(std::ranges::equal(behind, std::span(whole).last(vocab)));
  }
}

}  // namespace
}  // namespace qaio
