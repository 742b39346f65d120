// libFuzzer: any bytes as the config.json of a model whose tensors are made to fit it; what loads
// runs. Of the first four bytes one each says how the weights are held, of what type the tensors
// are, how keys and values are held, and which of the tensors' values are extreme.
//
// Every way to run the same tokens must give the same bits.
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

#include "base/fuzz_for_test.h"
#include "model/load.h"

namespace qaio {
namespace {

constexpr size_t kBytesMax = 8 << 20;  // of all tensors: larger models would only be slower
constexpr int kTokens = 37;            // more than a block of KV memory

struct Shape {
  std::string name;
  std::vector<int64_t> extents;
};

// What a layer mixes tokens by, under the names that follow "model.layers.N.".
std::vector<Shape> mixer_of(const ModelConfig& c, LayerKind kind) {
  const int64_t hidden = c.hidden;
  if (kind == LayerKind::kDeltaNet) {
    const DeltaNetConfig& d = c.delta;
    return {{"linear_attn.in_proj_qkv.weight", {d.conv_channels(), hidden}},
            {"linear_attn.in_proj_z.weight", {d.value_cols(), hidden}},
            {"linear_attn.in_proj_a.weight", {d.value_heads, hidden}},
            {"linear_attn.in_proj_b.weight", {d.value_heads, hidden}},
            {"linear_attn.conv1d.weight", {d.conv_channels(), 1, d.conv_taps}},
            {"linear_attn.A_log", {d.value_heads}},
            {"linear_attn.dt_bias", {d.value_heads}},
            {"linear_attn.norm.weight", {d.value_dim}},
            {"linear_attn.out_proj.weight", {hidden, d.value_cols()}}};
  }
  std::vector<Shape> all = {{"self_attn.q_proj.weight", {c.query_rows(), hidden}},
                            {"self_attn.k_proj.weight", {c.kv_cols(), hidden}},
                            {"self_attn.v_proj.weight", {c.kv_cols(), hidden}},
                            {"self_attn.o_proj.weight", {hidden, c.q_cols()}}};
  if (c.architecture == Architecture::kQwen2) {
    all.push_back({"self_attn.q_proj.bias", {c.q_cols()}});
    all.push_back({"self_attn.k_proj.bias", {c.kv_cols()}});
    all.push_back({"self_attn.v_proj.bias", {c.kv_cols()}});
  } else {
    all.push_back({"self_attn.q_norm.weight", {c.head_dim}});
    all.push_back({"self_attn.k_norm.weight", {c.head_dim}});
  }
  return all;
}

// As a folder of this shape has them.
std::vector<Shape> tensors_of(const ModelConfig& c) {
  const int64_t hidden = c.hidden, ffn = c.intermediate;
  std::vector<Shape> all = {{"model.embed_tokens.weight", {c.vocab, hidden}},
                            {"model.norm.weight", {hidden}}};
  if (!c.tied_head) all.push_back({"lm_head.weight", {c.vocab, hidden}});
  for (int i = 0; i < c.layers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i) + ".";
    const auto add = [&](const std::string& name, std::vector<int64_t> extents) {
      all.push_back({layer + name, std::move(extents)});
    };
    add("input_layernorm.weight", {hidden});
    add("post_attention_layernorm.weight", {hidden});
    for (Shape& shape : mixer_of(c, c.kind(i))) add(shape.name, std::move(shape.extents));
    add("mlp.gate_proj.weight", {ffn, hidden});
    add("mlp.up_proj.weight", {ffn, hidden});
    add("mlp.down_proj.weight", {hidden, ffn});
  }
  return all;
}

struct Numbers {
  const char* dtype;
  size_t bytes;
  uint32_t extreme;  // a finite number of this type that is large
};
constexpr Numbers kTypes[] = {{"F32", 4, 0x7F000000}, {"F16", 2, 0x7800}, {"BF16", 2, 0x7F00}};

// Small numbers that differ from each other; every so many of them is the extreme one.
void append_values(std::string& data, size_t count, const Numbers& type, uint8_t extremes) {
  static uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    const float small = static_cast<float>(static_cast<int>(state >> 24) - 128) / 2048;
    uint32_t bits = 0;
    std::memcpy(&bits, &small, sizeof(bits));
    if (type.bytes == 2)
      bits = std::string_view(type.dtype) == "BF16" ? bits >> 16 : state >> 28 | 0x2000;
    if (extremes >= 0xF0 && i % (uint32_t{extremes} - 0xEC) == 0) bits = type.extreme;
    data.append(reinterpret_cast<const char*>(&bits), type.bytes);
  }
}

// Empty if it would be too large.
std::string safetensors_of(const ModelConfig& config, const Numbers& type, uint8_t extremes) {
  boost::json::object header;
  size_t bytes = 0;
  const std::vector<Shape> shapes = config.layers > 8 ? std::vector<Shape>() : tensors_of(config);
  for (const Shape& shape : shapes) {
    size_t count = 1;
    for (const int64_t extent : shape.extents) count *= static_cast<size_t>(extent);
    header[shape.name] = {{"dtype", type.dtype},
                          {"shape", boost::json::value_from(shape.extents)},
                          {"data_offsets", {bytes, bytes + count * type.bytes}}};
    bytes += count * type.bytes;
    if (bytes > kBytesMax) return {};
  }
  if (bytes == 0) return {};
  std::string data;
  append_values(data, bytes / type.bytes, type, extremes);
  const std::string text = boost::json::serialize(header);
  const uint64_t length = text.size();
  std::string out(reinterpret_cast<const char*>(&length), sizeof(length));
  return out + text + data;
}

// The logits of the last position, with the tokens cut into runs of `run`.
std::vector<float> last_logits(Model& model, std::span<const TokenId> ids, size_t run) {
  const auto vocab = static_cast<size_t>(model.info().vocab);
  std::vector<float> logits(vocab);
  KvSequence sequence(model.kv_pool());
  require(sequence.reserve(static_cast<int>(ids.size())).has_value());
  for (size_t at = 0; at < ids.size(); at += run) {
    const auto part = ids.subspan(at, std::min(run, ids.size() - at));
    const bool last = at + part.size() == ids.size();
    ForwardItem item{&sequence,
                     part,
                     last ? LogitsAt::kLast : LogitsAt::kNone,
                     {},
                     last ? std::span(logits) : std::span<float>()};
    model.forward({&item, 1});
  }
  return logits;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

const std::string& tokenizer_text() {
  static const std::string text = [] {
    std::ifstream file(QAIO_SOURCE_DIR "/tests/data/tokenizer.json");
    return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }();
  return text;
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static constexpr WeightsMode kModes[] = {WeightsMode::kAuto, WeightsMode::kNative,
                                           WeightsMode::kQ8, WeightsMode::kQ4, WeightsMode::kF32};
  static constexpr KvType kKvTypes[] = {KvType::kF16, KvType::kF32, KvType::kQ8};
  static ThreadPool pool(1);
  FuzzInput input(data, size);
  LoadOptions options;
  options.weights = kModes[input.byte() % std::size(kModes)];
  const Numbers& type = kTypes[input.byte() % std::size(kTypes)];
  options.kv_type = kKvTypes[input.byte() % std::size(kKvTypes)];
  options.kv_tokens = 128;
  options.step_tokens_max = 64;
  const uint8_t extremes = input.byte();
  const std::string_view text = input.rest();
  const auto config = config_from_json(text, "config.json");
  if (!config) return 0;
  const std::string tensors = safetensors_of(*config, type, extremes);
  if (tensors.empty()) return 0;

  FileSet files;
  files.add("config.json", std::as_bytes(std::span(text)));
  files.add("model.safetensors", std::as_bytes(std::span(tensors)));
  files.add("tokenizer.json", std::as_bytes(std::span(tokenizer_text())));
  const auto loaded = load_model(files, pool, options);
  if (!loaded) {
    require(!loaded.error().message.empty());
    return 0;
  }
  Model& model = *loaded->model;
  require(model.info().vocab == config->vocab && model.info().layers == config->layers);
  std::vector<TokenId> ids;
  for (int i = 0; i < kTokens; ++i) ids.push_back((i * 37 + 11) % config->vocab);
  const auto whole = last_logits(model, ids, ids.size());
  require(same_bits(whole, last_logits(model, ids, 1)));
  require(same_bits(whole, last_logits(model, ids, 32)));
  if (extremes < 0xF0) {
    for (const float logit : whole) require(std::isfinite(logit));
  }
  return 0;
}
