// A Hugging Face folder in memory, small and complete, whose files a test may change.
#pragma once

#include <boost/json.hpp>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/file_set.h"

namespace qaio {

struct TinyModel {
  explicit TinyModel(const std::string& architecture = "qwen3") {
    const bool norms = architecture == "qwen3";
    config = {
        {"model_type", architecture},  {"num_hidden_layers", 2},   {"hidden_size", 32},
        {"num_attention_heads", 2},    {"num_key_value_heads", 2}, {"head_dim", 16},
        {"intermediate_size", 64},     {"vocab_size", 1088},       {"max_position_embeddings", 256},
        {"tie_word_embeddings", true}, {"rms_norm_eps", 1e-6},     {"hidden_act", "silu"}};
    std::ifstream file(QAIO_SOURCE_DIR "/tests/data/tokenizer.json");
    std::stringstream text;
    text << file.rdbuf();
    files["tokenizer.json"] = text.str();
    tensors = {{"model.embed_tokens.weight", {1088, 32}}, {"model.norm.weight", {32}}};
    for (const std::string layer : {"model.layers.0.", "model.layers.1."}) {
      for (const char* norm : {"input_layernorm", "post_attention_layernorm"})
        tensors[layer + norm + ".weight"] = {32};
      for (const char* matrix : {"q", "k", "v", "o"})
        tensors[layer + "self_attn." + matrix + "_proj.weight"] = {32, 32};
      for (const char* matrix : {"q", "k"})
        if (norms) tensors[layer + "self_attn." + matrix + "_norm.weight"] = {16};
      for (const char* matrix : {"q", "k", "v"})
        if (!norms) tensors[layer + "self_attn." + matrix + "_proj.bias"] = {32};
      tensors[layer + "mlp.gate_proj.weight"] = {64, 32};
      tensors[layer + "mlp.up_proj.weight"] = {64, 32};
      tensors[layer + "mlp.down_proj.weight"] = {32, 64};
    }
  }

  // All tensors as one safetensors file: F32, of zeros but for the first value of those in
  // `marked`.
  std::string safetensors() const {
    boost::json::object header;
    std::string data;
    for (const auto& [name, shape] : tensors) {
      size_t bytes = sizeof(float);
      for (const int64_t extent : shape) bytes *= static_cast<size_t>(extent);
      header[name] = {{"dtype", "F32"},
                      {"shape", boost::json::value_from(shape)},
                      {"data_offsets", {data.size(), data.size() + bytes}}};
      data.resize(data.size() + bytes);
      if (marked == name) std::memcpy(&data[data.size() - bytes], &marked_bits, sizeof(float));
    }
    const std::string text = boost::json::serialize(header);
    const uint64_t length = text.size();
    std::string out(reinterpret_cast<const char*>(&length), sizeof(length));
    return out + text + data;
  }

  // Valid while the model lives and does not change.
  FileSet file_set() {
    if (!files.contains("config.json")) files["config.json"] = boost::json::serialize(config);
    if (!files.contains("model.safetensors")) files["model.safetensors"] = safetensors();
    FileSet set;
    set.set_label("folder");
    for (const auto& [name, text] : files) set.add(name, std::as_bytes(std::span(text)));
    return set;
  }

  boost::json::object config;
  std::map<std::string, std::vector<int64_t>> tensors;
  std::string marked;
  uint32_t marked_bits = 1;
  std::map<std::string, std::string> files;  // by name; the two above are made unless given
};

}  // namespace qaio
