// The embedded demo model against golden logits of the PyTorch code that trained it
// (models/demo/golden.json: float64 from the weights as written), end to end from text.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "model/load.h"

namespace qaio {
namespace {

const std::filesystem::path kDemo = std::filesystem::path(QAIO_SOURCE_DIR) / "models/demo";

TEST(DemoModel, GivesTheGoldenLogits) {
  std::ifstream file(kDemo / "golden.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto golden = parse_json(text.str(), "golden.json");
  ASSERT_TRUE(golden) << golden.error().message;
  const auto files = FileSet::open(kDemo);
  ASSERT_TRUE(files);
  ThreadPool pool(2);
  auto exact = load_model(*files, pool, {.weights = WeightsMode::kF32});
  auto fast = load_model(*files, pool, {});
  ASSERT_TRUE(exact && fast);
  size_t positions = 0;
  size_t agree = 0;
  for (const auto& entry : golden->at("cases").as_array()) {
    const std::string name(entry.at("name").as_string());
    std::vector<TokenId> ids;
    for (const auto& id : entry.at("ids").as_array()) ids.push_back(id.to_number<TokenId>());
    EXPECT_EQ(exact->tokenizer->encode_with_special(entry.at("text").as_string()), ids) << name;
    const auto vocab = static_cast<size_t>(exact->model->info().vocab);
    std::vector<float> logits[2];
    for (int mode = 0; mode < 2; ++mode) {
      Model& model = mode == 0 ? *exact->model : *fast->model;
      logits[mode].resize(ids.size() * vocab);
      KvSequence kv(model.kv_pool());
      ASSERT_TRUE(kv.reserve(static_cast<int>(ids.size())));
      ForwardItem item{&kv, ids, LogitsAt::kAll, {}, logits[mode]};
      model.forward({&item, 1});
    }
    for (size_t i = 0; i < ids.size(); ++i, ++positions) {
      const auto row = [&](int mode) { return std::span(logits[mode]).subspan(i * vocab, vocab); };
      const auto best = [&](int mode) {
        return static_cast<size_t>(std::max_element(row(mode).begin(), row(mode).end()) -
                                   row(mode).begin());
      };
      const auto expected = entry.at("argmax").as_array()[i].to_number<size_t>();
      ASSERT_EQ(best(0), expected) << name << " position " << i;
      const float highest = row(0)[expected];
      double sum = 0;
      for (const float x : row(0)) sum += std::exp(static_cast<double>(x) - highest);
      ASSERT_NEAR(highest + std::log(sum), entry.at("logsumexp").as_array()[i].to_number<double>(),
                  0.01)
          << name << " position " << i;
      agree += best(1) == expected;
    }
    const auto& last = entry.at("last_logits").as_array();
    ASSERT_EQ(last.size(), vocab);
    for (size_t i = 0; i < vocab; ++i) {
      ASSERT_NEAR(logits[0][(ids.size() - 1) * vocab + i], last[i].to_number<double>(), 0.01)
          << name;
    }
  }
  EXPECT_GE(static_cast<double>(agree), 0.97 * static_cast<double>(positions));
}

}  // namespace
}  // namespace qaio
