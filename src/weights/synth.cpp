#include "weights/synth.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/new_file.h"
#include "base/random.h"
#include "weights/gguf_writer.h"
#include "weights/quantize.h"
#include "weights/synth_plan.h"
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

// Renders what the template of Qwen3.5 renders for conversations without tools and images. The
// condition is that for which the thought is closed.
std::string qwen35_chat_template(bool thinks) {
  const std::string_view at_once = thinks ? "enable_thinking is defined and not enable_thinking"
                                          : "not (enable_thinking is defined and enable_thinking)";
  return "{%- for m in messages %}{%- if m.role == 'system' and not loop.first %}"
         "{{- raise_exception('System message must be at the beginning.') }}{%- endif %}"
         "{%- set text = m.content %}"
         "{%- if m.role == 'assistant' and '</think>' in text %}"
         "{%- set text = text.split('</think>')[-1] %}{%- endif %}"
         "{{- '<|im_start|>' + m.role + '\n' + text|trim + '<|im_end|>\n' }}{%- endfor %}"
         "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n<think>\n' }}{%- if " +
         std::string(at_once) + " %}{{- '\n</think>\n\n' }}{%- endif %}{%- endif %}";
}

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
  if (shape.head_dim != shape.hidden / shape.heads || shape.architecture != "qwen2") {
    count(".attention.key_length", shape.head_dim);
    count(".attention.value_length", shape.head_dim);
  }
  writer.add_float(arch + ".rope.freq_base", shape.rope_theta);
  writer.add_float(arch + ".attention.layer_norm_rms_epsilon", kRmsEpsilon);
  if (!shape.delta_net) return;
  const DeltaNetShape& net = *shape.delta_net;
  // A quarter of a head turns; a third of its pairs each by time, height and width.
  const int pairs = shape.head_dim / 8;
  const std::vector<int32_t> sections = {(pairs + 2) / 3, (pairs + 1) / 3, pairs / 3, 0};
  count(".rope.dimension_count", 2 * pairs);
  writer.add_ints(arch + ".rope.dimension_sections", sections);
  count(".ssm.conv_kernel", net.conv_taps);
  count(".ssm.state_size", net.head_dim);
  count(".ssm.group_count", net.key_heads);
  count(".ssm.time_step_rank", net.value_heads);
  count(".ssm.inner_size", net.value_heads * net.head_dim);
  count(".full_attention_interval", net.interval);
  std::vector<bool> recurrent;
  for (int layer = 0; layer < shape.layers; ++layer) recurrent.push_back(!net.is_full(layer));
  writer.add_bools(arch + ".attention.recurrent_layers", recurrent);
}

void describe_tokenizer(const ModelShape& shape, const SynthVocabulary& vocabulary,
                        GgufWriter& writer) {
  const bool qwen35 = shape.architecture == "qwen35";
  writer.add_string("tokenizer.ggml.model", "gpt2");
  writer.add_string("tokenizer.ggml.pre", qwen35 ? "qwen35" : "qwen2");
  writer.add_strings("tokenizer.ggml.tokens", vocabulary.tokens);
  writer.add_ints("tokenizer.ggml.token_type", vocabulary.types);
  writer.add_strings("tokenizer.ggml.merges", vocabulary.merges);
  if (!qwen35) {
    writer.add_uint("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(vocabulary.end_of_text));
  }
  writer.add_uint("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(vocabulary.end_of_turn));
  writer.add_uint("tokenizer.ggml.padding_token_id", static_cast<uint32_t>(vocabulary.end_of_text));
  writer.add_bool("tokenizer.ggml.add_bos_token", false);
  writer.add_string("tokenizer.chat_template",
                    qwen35 ? qwen35_chat_template(shape.delta_net->thinks) : kChatTemplate);
}

// Of head `head` of `heads`.
float decay_of(size_t head, size_t heads) {
  constexpr float kLeast = 1.0f, kMost = 16.0f;
  const auto last = static_cast<float>(std::max<size_t>(heads, 2) - 1);
  return -(kLeast + (kMost - kLeast) * static_cast<float>(head) / last);
}

class RandomWeights {
 public:
  RandomWeights(uint64_t seed, uint64_t stream) : random_(seed, stream) {}

  void fill(std::span<float> values, const PlannedTensor& tensor) {
    switch (tensor.fill) {
      case SynthFill::kNormal:
        return fill_normal(values, tensor.mean, tensor.deviation);
      case SynthFill::kDecay:
        for (size_t i = 0; i < values.size(); ++i) values[i] = decay_of(i, values.size());
        return;
      case SynthFill::kStep:
        for (size_t i = 0; i < values.size(); ++i)
          values[i] = step_bias(decay_of(i, values.size()));
        return;
    }
  }

 private:
  // Nearly normal random numbers: the sum of four uniform 16-bit numbers, which are the quarters of
  // one output of Random. Never further out than 3.47 sigma.
  void fill_normal(std::span<float> values, float mean, float deviation) {
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

  // What a state keeps of itself at a token is exp(decay * softplus(bias + input)).
  float step_bias(float decay) {
    constexpr double kKeptLeast = 0.9, kKeptMost = 0.999;
    const double from = std::log(-std::log(kKeptMost)), to = std::log(-std::log(kKeptLeast));
    const double lost = std::exp(from + (to - from) * random_.uniform());
    return static_cast<float>(std::log(std::expm1(lost / -static_cast<double>(decay))));
  }

  Random random_;
};

int64_t total_bytes(std::span<const PlannedTensor> plan) {
  int64_t total = 0;
  for (const PlannedTensor& tensor : plan)
    total += tensor_bytes(tensor.type, *checked_elements(tensor.shape));
  return total;
}

Result<void> write_tensors(std::span<const PlannedTensor> plan, const SynthOptions& options,
                           NewFile& file) {
  constexpr int64_t kChunkElements = 1 << 20;  // a multiple of every block size
  constexpr char kZeros[64] = {};
  const auto total = static_cast<double>(total_bytes(plan));
  std::vector<float> values(kChunkElements);
  std::vector<std::byte> blocks(kChunkElements * sizeof(float));
  int64_t written = 0;
  uint64_t stream = 0;
  for (const PlannedTensor& tensor : plan) {
    RandomWeights random(options.seed, stream++);
    const int64_t elements = *checked_elements(tensor.shape);
    for (int64_t done = 0; done < elements; done += kChunkElements) {
      const int64_t count = std::min(kChunkElements, elements - done);
      random.fill(std::span(values).first(static_cast<size_t>(count)), tensor);
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
    vocabulary = shape.delta_net ? generated_qwen35_vocabulary(shape.vocab)
                                 : generated_vocabulary(shape.vocab);
  } else {
    QAIO_ASSIGN(vocabulary, vocabulary_from_json(options.tokenizer_json, shape.vocab));
  }
  GgufWriter writer;
  describe_model(shape, options.type, writer);
  describe_tokenizer(shape, vocabulary, writer);
  const std::vector<PlannedTensor> plan = plan_tensors(shape, options.type, options.head);
  for (const PlannedTensor& tensor : plan) {
    writer.add_tensor(tensor.name, tensor.type, tensor.shape);
  }
  const std::string header = writer.header();
  QAIO_ASSIGN(NewFile file, NewFile::create(path));
  QAIO_RETURN_IF_ERROR(file.write(header));
  QAIO_RETURN_IF_ERROR(write_tensors(plan, options, file));
  return file.finish();
}

}  // namespace qaio
