#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/file_set.h"
#include "weights/dequantize.h"
#include "weights/gguf.h"
#include "weights/safetensors.h"

namespace qaio {
namespace {

namespace fs = std::filesystem;

// Reference models in both formats, written by another implementation's converter and quantizer.
const fs::path kData = QAIO_SHARED_DATA_DIR;

std::vector<float> values_of(const TensorView& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  dequantize(tensor.type, tensor.bytes.data(), tensor.elements(), values.data());
  return values;
}

// The Hugging Face name of a GGUF tensor; empty if there is none.
std::string hugging_face_name(std::string name) {
  const auto replace = [&name](std::string_view from, std::string_view to) {
    const size_t at = name.find(from);
    if (at != std::string::npos) name.replace(at, from.size(), to);
  };
  replace("token_embd", "model.embed_tokens");
  replace("output_norm", "model.norm");
  replace("blk.", "model.layers.");
  replace("attn_q_norm", "self_attn.q_norm");
  replace("attn_k_norm", "self_attn.k_norm");
  replace("attn_norm", "input_layernorm");
  replace("ffn_norm", "post_attention_layernorm");
  replace("attn_output", "self_attn.o_proj");
  for (const std::string_view which : {"q", "k", "v"}) {
    replace("attn_" + std::string(which) + ".", "self_attn." + std::string(which) + "_proj.");
  }
  for (const std::string_view which : {"gate", "up", "down"}) {
    replace("ffn_" + std::string(which), "mlp." + std::string(which) + "_proj");
  }
  return name;
}

// Root mean square of the error over that of the values.
double relative_error(std::span<const float> values, std::span<const float> truth) {
  double error = 0;
  double power = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double difference = static_cast<double>(values[i]) - static_cast<double>(truth[i]);
    error += difference * difference;
    power += static_cast<double>(truth[i]) * static_cast<double>(truth[i]);
  }
  return std::sqrt(error / power);
}

// A uniform quantizer of b bits over [-a, a] has steps 2a/2^b and an error of step/sqrt(12). For
// blocks of 32 normal values a is near 2 standard deviations (4 steps fewer for 16), which gives
// 0.072 at 4 bits and halves with every bit; measured types stay below 1.5 times that.
double error_max(TensorType type) {
  switch (type) {
    case TensorType::kF32:
    case TensorType::kBF16:
      return 0;
    case TensorType::kF16:
      return 1e-5;  // BF16 values below 2^-14 lose bits
    case TensorType::kQ8_0:
      return 1.5 * 0.072 / 16;
    case TensorType::kQ6_K:
      return 1.5 * 0.072 / 4;
    case TensorType::kQ5_K:
    case TensorType::kQ5_0:
    case TensorType::kQ5_1:
      return 1.5 * 0.072 / 2;
    case TensorType::kQ4_K:
    case TensorType::kQ4_0:
    case TensorType::kQ4_1:
    case TensorType::kIQ4_NL:
      return 1.5 * 0.072;
    case TensorType::kQ3_K:
      return 1.5 * 0.144;
    case TensorType::kQ2_K:
      return 1.5 * 0.288;
  }
  return 0;
}

class SharedData : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!fs::exists(kData)) GTEST_SKIP() << "no reference data at " << kData;
  }
};

TEST_P(SharedData, GgufFilesHoldTheFoldersWeights) {
  const fs::path folder = kData / GetParam();
  auto files = FileSet::open(folder);
  ASSERT_TRUE(files) << files.error().message;
  auto original = load_safetensors(*files);
  ASSERT_TRUE(original) << original.error().message;
  for (const std::string& name : files->names()) {
    if (!name.ends_with(".gguf")) continue;
    SCOPED_TRACE(name);
    auto gguf = GgufFile::parse(files->bytes(name), name);
    ASSERT_TRUE(gguf) << gguf.error().message;
    EXPECT_TRUE(gguf->tensors().foreign().empty());
    EXPECT_EQ(gguf->tensors().tensors().size(), original->tensors().size());
    for (const TensorView& tensor : gguf->tensors().tensors()) {
      SCOPED_TRACE(tensor.name + " " + std::string(tensor_type_name(tensor.type)));
      auto truth = original->get(hugging_face_name(tensor.name), tensor.shape);
      ASSERT_TRUE(truth) << truth.error().message;
      const double error = relative_error(values_of(tensor), values_of(**truth));
      EXPECT_LE(error, error_max(tensor.type));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, SharedData,
                         testing::Values("mini-qwen1.5", "mini-qwen1.5-outliers", "mini-qwen2.5",
                                         "mini-qwen3"),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace qaio
