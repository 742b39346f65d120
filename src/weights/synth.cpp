#include "weights/synth.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/new_file.h"
#include "base/random.h"
#include "weights/gguf_writer.h"
#include "weights/quantize.h"
#include "weights/synth_vocabulary.h"

namespace qaio {
namespace {

constexpr float kRmsEpsilon = 1e-6f;  // rms_norm_eps of every shape's config.json

// The template of Qwen1.5's tokenizer_config.json.
constexpr std::string_view kChatTemplate =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

struct PlannedTensor {
  std::string name;
  TensorType type;
  std::vector<int64_t> shape;
  float mean;
  float deviation;
};

// Names and shapes as llama.cpp's converter writes them for qwen2 and qwen3.
class Plan {
 public:
  Plan(const ModelShape& shape, TensorType matrix, std::optional<TensorType> head) {
    const int64_t hidden = shape.hidden;
    const bool qwen3 = shape.architecture == "qwen3";
    const bool mixed = matrix == TensorType::kQ4_K;
    const TensorType output = head.value_or(mixed ? TensorType::kQ6_K : matrix);
    add("token_embd.weight", shape.tied ? output : head.value_or(matrix), {shape.vocab, hidden});
    for (int layer = 0; layer < shape.layers; ++layer) {
      prefix_ = "blk." + std::to_string(layer) + ".";
      const int64_t q_rows = int64_t{shape.heads} * shape.head_dim;
      const int64_t kv_rows = int64_t{shape.kv_heads} * shape.head_dim;
      const TensorType sensitive =
          mixed && gets_more_bits(layer, shape.layers) ? TensorType::kQ6_K : matrix;
      add_norm("attn_norm", hidden);
      add_linear("attn_q", matrix, q_rows, hidden, !qwen3);
      add_linear("attn_k", matrix, kv_rows, hidden, !qwen3);
      add_linear("attn_v", sensitive, kv_rows, hidden, !qwen3);
      if (qwen3) add_norm("attn_q_norm", shape.head_dim);
      if (qwen3) add_norm("attn_k_norm", shape.head_dim);
      add_linear("attn_output", matrix, hidden, q_rows, false);
      add_norm("ffn_norm", hidden);
      add_linear("ffn_gate", matrix, shape.intermediate, hidden, false);
      add_linear("ffn_up", matrix, shape.intermediate, hidden, false);
      add_linear("ffn_down", sensitive, hidden, shape.intermediate, false);
    }
    prefix_.clear();
    add_norm("output_norm", hidden);
    if (!shape.tied) add("output.weight", output, {shape.vocab, hidden});
  }

  const std::vector<PlannedTensor>& tensors() const { return tensors_; }
  int64_t bytes_total() const {
    int64_t total = 0;
    for (const PlannedTensor& tensor : tensors_) {
      total += tensor_bytes(tensor.type, *checked_elements(tensor.shape));
    }
    return total;
  }

 private:
  // llama.cpp's choice: the first and the last eighth, and every third between them.
  static bool gets_more_bits(int layer, int layers) {
    const int eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }
  void add(const std::string& name, TensorType type, std::vector<int64_t> shape, float mean = 0.0f,
           float deviation = 0.02f) {
    if (shape.back() % tensor_traits(type).block_elements != 0) type = TensorType::kQ8_0;
    tensors_.push_back({prefix_ + name, type, std::move(shape), mean, deviation});
  }
  void add_linear(const std::string& name, TensorType type, int64_t rows, int64_t cols, bool bias) {
    add(name + ".weight", type, {rows, cols});
    if (bias) add(name + ".bias", TensorType::kF32, {rows});
  }
  void add_norm(const std::string& name, int64_t size) {
    add(name + ".weight", TensorType::kF32, {size}, 1.0f, 0.05f);
  }

  std::string prefix_;
  std::vector<PlannedTensor> tensors_;
};

// llama_ftype in llama.h
uint32_t file_type(TensorType type) {
  switch (type) {
    case TensorType::kQ4_0:
      return 2;
    case TensorType::kQ8_0:
      return 7;
    case TensorType::kQ4_K:
      return 15;  // mostly Q4_K, medium
    default:
      return 1;  // mostly F16
  }
}

void describe_model(const ModelShape& shape, TensorType type, GgufWriter& writer) {
  const std::string arch(shape.architecture);
  const auto count = [&](const char* key, int value) {
    writer.add_uint(arch + key, static_cast<uint32_t>(value));
  };
  writer.add_string("general.architecture", arch);
  writer.add_string("general.type", "model");
  writer.add_string("general.name", std::string(shape.name) + " (random weights)");
  writer.add_uint("general.file_type", file_type(type));
  writer.add_uint("general.quantization_version", 2);
  count(".block_count", shape.layers);
  count(".context_length", shape.context_max);
  count(".embedding_length", shape.hidden);
  count(".feed_forward_length", shape.intermediate);
  count(".attention.head_count", shape.heads);
  count(".attention.head_count_kv", shape.kv_heads);
  if (shape.head_dim != shape.hidden / shape.heads || shape.architecture == "qwen3") {
    count(".attention.key_length", shape.head_dim);
    count(".attention.value_length", shape.head_dim);
  }
  writer.add_float(arch + ".rope.freq_base", shape.rope_theta);
  writer.add_float(arch + ".attention.layer_norm_rms_epsilon", kRmsEpsilon);
}

void describe_tokenizer(const SynthVocabulary& vocabulary, GgufWriter& writer) {
  writer.add_string("tokenizer.ggml.model", "gpt2");
  writer.add_string("tokenizer.ggml.pre", "qwen2");
  writer.add_strings("tokenizer.ggml.tokens", vocabulary.tokens);
  writer.add_ints("tokenizer.ggml.token_type", vocabulary.types);
  writer.add_strings("tokenizer.ggml.merges", vocabulary.merges);
  writer.add_uint("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(vocabulary.end_of_text));
  writer.add_uint("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(vocabulary.end_of_turn));
  writer.add_uint("tokenizer.ggml.padding_token_id", static_cast<uint32_t>(vocabulary.end_of_text));
  writer.add_bool("tokenizer.ggml.add_bos_token", false);
  writer.add_string("tokenizer.chat_template", kChatTemplate);
}

// Nearly normal random numbers: the sum of four uniform 16-bit numbers, which are the quarters of
// one output of Random. Never further out than 3.47 sigma.
class RandomWeights {
 public:
  RandomWeights(uint64_t seed, uint64_t stream) : random_(seed, stream) {}

  void fill(std::span<float> values, float mean, float deviation) {
    constexpr float kSumMean = 2.0f * 65535.0f;
    constexpr float kSumDeviation = 37836.7f;  // 65536 * sqrt(4 / 12)
    const float scale = deviation / kSumDeviation;
    for (float& value : values) {
      const uint64_t bits = random_.next();
      const auto sum = static_cast<int>((bits & 0xffff) + ((bits >> 16) & 0xffff) +
                                        ((bits >> 32) & 0xffff) + (bits >> 48));
      value = mean + (static_cast<float>(sum) - kSumMean) * scale;
    }
  }

 private:
  Random random_;
};

Result<void> write_tensors(const Plan& plan, const SynthOptions& options, NewFile& file) {
  constexpr int64_t kChunkElements = 1 << 20;  // a multiple of every block size
  constexpr char kZeros[64] = {};
  const auto total = static_cast<double>(plan.bytes_total());
  std::vector<float> values(kChunkElements);
  std::vector<std::byte> blocks(kChunkElements * sizeof(float));
  int64_t written = 0;
  uint64_t stream = 0;
  for (const PlannedTensor& tensor : plan.tensors()) {
    RandomWeights random(options.seed, stream++);
    const int64_t elements = *checked_elements(tensor.shape);
    for (int64_t done = 0; done < elements; done += kChunkElements) {
      const int64_t count = std::min(kChunkElements, elements - done);
      random.fill(std::span(values).first(static_cast<size_t>(count)), tensor.mean,
                  tensor.deviation);
      quantize(tensor.type, values.data(), count, blocks.data());
      const int64_t bytes = tensor_bytes(tensor.type, count);
      QAIO_RETURN_IF_ERROR(
          file.write({reinterpret_cast<const char*>(blocks.data()), static_cast<size_t>(bytes)}));
      written += bytes;
      if (options.progress) options.progress(static_cast<double>(written) / total);
    }
    const int64_t padding = GgufWriter::padding_bytes(tensor_bytes(tensor.type, elements));
    QAIO_RETURN_IF_ERROR(file.write({kZeros, static_cast<size_t>(padding)}));
  }
  return {};
}

}  // namespace

Result<void> synthesize_gguf(const ModelShape& shape, const SynthOptions& options,
                             const std::filesystem::path& path) {
  const TensorType head = options.head.value_or(options.type);
  if (!can_quantize(options.type) || !can_quantize(head)) {
    return fail(ErrorCode::kInvalidArgument, "random weights cannot be written as " +
                                                 std::string(tensor_type_name(options.type)) +
                                                 " with a head of " +
                                                 std::string(tensor_type_name(head)));
  }
  SynthVocabulary vocabulary;
  if (options.tokenizer_json.empty()) {
    vocabulary = generated_vocabulary(shape.vocab);
  } else {
    QAIO_ASSIGN(vocabulary, vocabulary_from_json(options.tokenizer_json, shape.vocab));
  }
  GgufWriter writer;
  describe_model(shape, options.type, writer);
  describe_tokenizer(vocabulary, writer);
  const Plan plan(shape, options.type, options.head);
  for (const PlannedTensor& tensor : plan.tensors()) {
    writer.add_tensor(tensor.name, tensor.type, tensor.shape);
  }
  const std::string header = writer.header();
  QAIO_ASSIGN(NewFile file, NewFile::create(path));
  QAIO_RETURN_IF_ERROR(file.write(header));
  QAIO_RETURN_IF_ERROR(write_tensors(plan, options, file));
  return file.finish();
}

}  // namespace qaio
