#include "model/load.h"

#include <algorithm>

#include "base/json.h"
#include "kernels/isa.h"
#include "model/config.h"
#include "model/gguf_vocabulary.h"
#include "model/transformer.h"
#include "model/weights.h"
#include "weights/gguf.h"
#include "weights/safetensors.h"

namespace qaio {
namespace {

// What both kinds of source come down to.
struct Source {
  ModelConfig config;
  TensorTable tensors;
  TensorNaming naming = TensorNaming::kHuggingFace;
  std::unique_ptr<Tokenizer> tokenizer;
  std::vector<TokenId> end_tokens;
  uint64_t file_bytes = 0;
};

void add_end_token(Source& source, std::optional<TokenId> id) {
  if (!id || *id < 0) return;
  auto& tokens = source.end_tokens;
  if (std::find(tokens.begin(), tokens.end(), *id) == tokens.end()) tokens.push_back(*id);
}

// The ids of a JSON number or list of numbers; anything else gives none.
void add_end_tokens(Source& source, const boost::json::value* value) {
  if (value == nullptr) return;
  if (value->is_int64()) add_end_token(source, static_cast<TokenId>(value->get_int64()));
  if (value->is_array()) {
    for (const auto& element : value->get_array()) add_end_tokens(source, &element);
  }
}

Result<Source> open_folder(const FileSet& files) {
  const auto in = [&](const char* name) { return files.label() + "/" + name; };
  for (const char* name : {"config.json", "tokenizer.json"}) {
    if (!files.contains(name)) {
      return fail(ErrorCode::kNotFound, files.label() + ": has no " + name +
                                            "; expected a Hugging Face folder or a .gguf file");
    }
  }
  Source source;
  QAIO_ASSIGN(source.config, config_from_json(files.text("config.json"), in("config.json")));
  QAIO_ASSIGN(source.tensors, load_safetensors(files));
  auto tokenizer = Tokenizer::from_json(files.text("tokenizer.json"));
  if (!tokenizer)
    return fail(tokenizer.error().code, in("tokenizer.json") + ": " + tokenizer.error().message);
  source.tokenizer = std::move(*tokenizer);
  for (const char* name : {"generation_config.json", "config.json"}) {
    if (!files.contains(name)) continue;
    QAIO_ASSIGN(const boost::json::value json, parse_json(files.text(name), in(name)));
    if (json.is_object()) add_end_tokens(source, json.get_object().if_contains("eos_token_id"));
  }
  for (const std::string& name : files.names()) {
    if (name.ends_with(".safetensors")) source.file_bytes += files.bytes(name).size();
  }
  return source;
}

Result<Source> open_gguf(const FileSet& files, const std::string& name) {
  const std::string label =
      files.label().ends_with(name) ? files.label() : files.label() + "/" + name;
  QAIO_ASSIGN(const GgufFile file, GgufFile::parse(files.bytes(name), label));
  Source source;
  source.naming = TensorNaming::kGguf;
  source.file_bytes = files.bytes(name).size();
  QAIO_ASSIGN(source.config, config_from_gguf(file));
  QAIO_ASSIGN(Vocabulary vocabulary, vocabulary_from_gguf(file));
  auto tokenizer = Tokenizer::from_vocabulary(std::move(vocabulary));
  if (!tokenizer) return fail(tokenizer.error().code, label + ": " + tokenizer.error().message);
  source.tokenizer = std::move(*tokenizer);
  if (file.contains("tokenizer.ggml.eos_token_id")) {
    QAIO_ASSIGN(const int64_t eos, file.get_int("tokenizer.ggml.eos_token_id", 0, INT32_MAX));
    add_end_token(source, static_cast<TokenId>(eos));
  }
  source.tensors = file.tensors();
  return source;
}

Result<Source> open_source(const FileSet& files) {
  std::vector<std::string> ggufs;
  for (const std::string& name : files.names()) {
    if (name.ends_with(".gguf")) ggufs.push_back(name);
  }
  if (files.contains("config.json") || ggufs.empty()) return open_folder(files);
  if (ggufs.size() > 1) {
    return fail(ErrorCode::kInvalidArgument,
                files.label() + ": holds " + std::to_string(ggufs.size()) +
                    " .gguf files; name one of them, e.g. " + ggufs[0]);
  }
  return open_gguf(files, ggufs[0]);
}

ModelInfo describe(const FileSet& files, const Source& source, const ModelWeights& weights) {
  ModelInfo info;
  std::string label = files.label();
  while (label.size() > 1 && label.back() == '/') label.pop_back();
  info.name = label == "embedded" ? "demo" : label.substr(label.find_last_of('/') + 1);
  info.architecture = architecture_name(source.config.architecture);
  info.weight_type = weights.weight_type;
  info.parameters = weights.parameters;
  info.file_bytes = source.file_bytes;
  info.packed_bytes = weights.memory.size();
  const auto bytes = [](const PackedView& view) {
    return tile_bytes(view.layout, view.cols).total() * static_cast<uint64_t>(view.tiles());
  };
  info.bytes_per_token = bytes(weights.head);
  for (const LayerWeights& layer : weights.layers) {
    for (const Linear* linear :
         {&layer.q, &layer.k, &layer.v, &layer.output, &layer.gate, &layer.up, &layer.down}) {
      info.bytes_per_token += bytes(linear->weights);
      info.layer_weights +=
          static_cast<uint64_t>(linear->weights.rows) * static_cast<uint64_t>(linear->weights.cols);
    }
  }
  info.layers = source.config.layers;
  info.hidden = source.config.hidden;
  info.vocab = source.config.vocab;
  info.context_max = source.config.context_max;
  return info;
}

}  // namespace

Result<LoadedModel> load_model(const FileSet& files, ThreadPool& pool, const LoadOptions& options) {
  QAIO_ASSIGN(const Isa isa, isa_from_environment());
  QAIO_ASSIGN(Source source, open_source(files));
  if (source.tokenizer->size() > source.config.vocab) {
    return fail(ErrorCode::kCorrupt,
                files.label() + ": the tokenizer has " + std::to_string(source.tokenizer->size()) +
                    " tokens but the model only " + std::to_string(source.config.vocab));
  }
  for (const char* name : {"<|im_end|>", "<|endoftext|>"})
    add_end_token(source, source.tokenizer->special(name));
  std::erase_if(source.end_tokens, [&](TokenId id) { return id >= source.config.vocab; });
  QAIO_ASSIGN(ModelWeights weights,
              pack_weights(source.tensors, source.naming, source.config, options.weights, pool));
  ModelInfo info = describe(files, source, weights);
  const TransformerOptions transformer{
      .step_tokens_max = options.step_tokens_max,
      .kv_tokens = std::max(options.kv_tokens, options.step_tokens_max),
      .kv_type = options.weights == WeightsMode::kF32 ? KvType::kF32 : KvType::kF16};
  LoadedModel loaded;
  QAIO_ASSIGN(loaded.model, Transformer::create(source.config, std::move(weights), std::move(info),
                                                kernels_for(isa), pool, transformer));
  loaded.tokenizer = std::move(source.tokenizer);
  loaded.end_tokens = std::move(source.end_tokens);
  files.release_pages();
  return loaded;
}

}  // namespace qaio
