// The small models of ../shared/data, what is expected of them, and how answers are compared.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "kernels/isa.h"
#include "model/load.h"

namespace qaio {

inline const std::filesystem::path kData = QAIO_SHARED_DATA_DIR;

// Runs everything with QAIO_ISA set, and puts it back.
class ScopedIsa {
 public:
  explicit ScopedIsa(Isa isa) { ::setenv("QAIO_ISA", std::string(isa_name(isa)).c_str(), 1); }
  ~ScopedIsa() { ::unsetenv("QAIO_ISA"); }
};

inline LoadedModel load(const std::string& path, ThreadPool& pool, LoadOptions options) {
  // a folder's safetensors is named through its folder
  const bool folder = path.ends_with(".safetensors");
  auto files = FileSet::open(folder ? (kData / path).parent_path() : kData / path);
  if (!files) throw std::runtime_error(files.error().message);
  if (folder) {
    // the folder also holds GGUF files: keep only what a Hugging Face folder has
    FileSet kept;
    static std::vector<FileSet> alive;
    for (const std::string& name : files->names())
      if (!name.ends_with(".gguf") && !name.ends_with(".f32")) kept.add(name, files->bytes(name));
    alive.push_back(std::move(*files));
    files = std::move(kept);
  }
  auto model = load_model(*files, pool, options);
  if (!model) throw std::runtime_error(model.error().message);
  return std::move(*model);
}

// Logits of every position: [ids, vocab], in one pass or cut into `chunk` tokens.
inline std::vector<float> all_logits(Model& model, const std::vector<TokenId>& ids,
                                     size_t chunk = 0) {
  const auto vocab = static_cast<size_t>(model.info().vocab);
  std::vector<float> logits(ids.size() * vocab);
  KvSequence kv(model.kv_pool());
  EXPECT_TRUE(kv.reserve(static_cast<int>(ids.size())));
  if (chunk == 0) chunk = ids.size();
  for (size_t at = 0; at < ids.size(); at += chunk) {
    const size_t count = std::min(chunk, ids.size() - at);
    ForwardItem item{&kv,
                     std::span(ids).subspan(at, count),
                     LogitsAt::kAll,
                     {},
                     std::span(logits).subspan(at * vocab, count * vocab)};
    model.forward({&item, 1});
  }
  return logits;
}

inline size_t argmax(std::span<const float> logits) {
  return static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

inline double log_sum_exp(std::span<const float> logits) {
  const double largest = logits[argmax(logits)];
  double sum = 0;
  for (const float x : logits) sum += std::exp(x - largest);
  return largest + std::log(sum);
}

// KL(p || q) in nats of the softmaxes of two logit rows.
inline double kl(std::span<const float> p, std::span<const float> q) {
  const double p_norm = log_sum_exp(p), q_norm = log_sum_exp(q);
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i)
    sum += std::exp(p[i] - p_norm) * ((p[i] - p_norm) - (q[i] - q_norm));
  return sum;
}

struct Quality {
  double kl_sum = 0;
  size_t agree = 0;
  size_t positions = 0;
  void add(std::span<const float> expected, std::span<const float> got, size_t vocab) {
    for (size_t at = 0; at < expected.size(); at += vocab, ++positions) {
      kl_sum += kl(expected.subspan(at, vocab), got.subspan(at, vocab));
      agree += argmax(expected.subspan(at, vocab)) == argmax(got.subspan(at, vocab));
    }
  }
  double mean_kl() const { return kl_sum / static_cast<double>(positions); }
  double agreement() const { return static_cast<double>(agree) / static_cast<double>(positions); }
};

struct Case {
  std::string file;
  std::vector<TokenId> ids;
  std::vector<size_t> argmax;
  std::vector<double> log_sum_exp;
  std::vector<double> last_logits;
};

inline boost::json::value read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto value = parse_json(text.str(), path.string());
  if (!value) throw std::runtime_error(value.error().message);
  return *value;
}

inline std::vector<Case> read_cases(const std::string& model) {
  std::vector<Case> cases;
  const auto json = read_json(kData / model / "expected.json");
  for (const auto& entry : json.at("cases").as_array()) {
    Case c;
    c.file = model + "/" + entry.at("file").as_string().c_str();
    for (const auto& id : entry.at("ids").as_array()) c.ids.push_back(id.to_number<TokenId>());
    for (const auto& id : entry.at("argmax").as_array()) c.argmax.push_back(id.to_number<size_t>());
    for (const auto& x : entry.at("logsumexp").as_array())
      c.log_sum_exp.push_back(x.to_number<double>());
    for (const auto& x : entry.at("last_logits").as_array())
      c.last_logits.push_back(x.to_number<double>());
    cases.push_back(std::move(c));
  }
  return cases;
}

class ReferenceDataTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kData)) GTEST_SKIP() << "no reference data at " << kData;
  }
};

}  // namespace qaio
