#include "model/load.h"

#include <algorithm>
#include <future>

#include "base/json.h"
#include "base/pages.h"
#include "base/printable.h"
#include "kernels/isa.h"
#include "model/chat_template_source.h"
#include "model/config.h"
#include "model/gguf_vocabulary.h"
#include "model/model_files.h"
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
  // Built on a thread of its own, while the weights are packed.
  std::future<Result<std::unique_ptr<Tokenizer>>> tokenizer;
  std::vector<int64_t> end_tokens;  // as the files have them: perhaps none of the vocabulary's
  GenerationConfig generation;
  std::string chat_template;
  uint64_t file_bytes = 0;
};

// Runs `build`, which gives a tokenizer or an error, and names the file in the error.
template <typename Build>
void start_tokenizer(Source& source, std::string label, Build build) {
  source.tokenizer = std::async(
      std::launch::async,
      [label = std::move(label), build = std::move(build)]() -> Result<std::unique_ptr<Tokenizer>> {
        auto tokenizer = build();
        if (tokenizer || tokenizer.error().message.starts_with(label)) return tokenizer;
        return fail(tokenizer.error().code, label + ": " + tokenizer.error().message);
      });
}

// More of them than one too many are not kept: a list of millions would take hours to go through.
void add_end_token(Source& source, std::optional<int64_t> id) {
  auto& tokens = source.end_tokens;
  if (!id || *id < 0 || tokens.size() > kEndTokensMax) return;
  if (std::find(tokens.begin(), tokens.end(), *id) == tokens.end()) tokens.push_back(*id);
}

// The ids of a JSON number or list of numbers; anything else gives none.
void add_end_tokens(Source& source, const boost::json::value* value) {
  if (value == nullptr) return;
  if (value->is_int64()) add_end_token(source, value->get_int64());
  if (value->is_array()) {
    for (const auto& element : value->get_array()) add_end_tokens(source, &element);
  }
}

Result<Source> open_folder(const FileSet& files) {
  Source source;
  QAIO_ASSIGN(source.config,
              config_from_json(files.text("config.json"), files.label_of("config.json")));
  QAIO_ASSIGN(source.tensors, load_safetensors(files));
  start_tokenizer(source, files.label(), [&files] { return tokenizer_of_folder(files); });
  QAIO_ASSIGN(source.chat_template, chat_template_of(files));
  for (const char* name : {"generation_config.json", "config.json"}) {
    if (!files.contains(name)) continue;
    QAIO_ASSIGN(const boost::json::value json, parse_json(files.text(name), files.label_of(name)));
    if (!json.is_object()) continue;
    const boost::json::object& object = json.get_object();
    add_end_tokens(source, object.if_contains("eos_token_id"));
    // what reads more than text describes its language model apart
    const auto* text = object.if_contains("text_config");
    if (text != nullptr && text->is_object())
      add_end_tokens(source, text->get_object().if_contains("eos_token_id"));
  }
  if (const char* name = "generation_config.json"; files.contains(name)) {
    QAIO_ASSIGN(source.generation,
                generation_config_from_json(files.text(name), files.label_of(name)));
  }
  for (const std::string& name : files.names()) {
    if (name.ends_with(".safetensors")) source.file_bytes += files.bytes(name).size();
  }
  return source;
}

Result<Source> open_gguf(const FileSet& files, const std::string& name) {
  QAIO_ASSIGN(GgufFile parsed, load_gguf(files, name));
  const auto shared = std::make_shared<const GgufFile>(std::move(parsed));
  const GgufFile& file = *shared;
  Source source;
  source.naming = TensorNaming::kGguf;
  for (const std::string& part : part_names(name)) source.file_bytes += files.bytes(part).size();
  QAIO_ASSIGN(source.config, config_from_gguf(file));
  start_tokenizer(source, file.label(), [shared]() -> Result<std::unique_ptr<Tokenizer>> {
    QAIO_ASSIGN(const Vocabulary vocabulary, vocabulary_from_gguf(*shared));
    return Tokenizer::from_vocabulary(vocabulary);
  });
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"}) {
    if (!file.contains(key)) continue;
    QAIO_ASSIGN(const int64_t end, file.get_int(key, 0, INT32_MAX));
    add_end_token(source, end);
  }
  QAIO_ASSIGN(source.generation, generation_config_from_gguf(file));
  source.chat_template = chat_template_of(file);
  source.tensors = file.tensors();
  return source;
}

std::string model_name(const FileSet& files) {
  std::string label = files.label();
  while (label.size() > 1 && label.back() == '/') label.pop_back();
  return label == "embedded" ? "demo" : label.substr(label.find_last_of('/') + 1);
}

// What follows from config and weights; name, weight type and counts are the source's.
void describe(const PackedModel& model, ModelInfo& info) {
  // A file's name may be any bytes; this one stands in logs, metrics, pages and answers.
  info.name = printable(info.name, PrintableAs::kLine);
  info.architecture = architecture_name(model.config.architecture);
  info.packed_bytes = model.weights.area.size();
  const auto bytes = [](const PackedView& view) {
    return tile_bytes(view.layout, view.cols).total() * static_cast<uint64_t>(view.tiles());
  };
  info.bytes_per_token = bytes(model.weights.head);
  for (size_t i = 0; i < model.weights.layers.size(); ++i) {
    const LayerKind kind = model.config.kind(static_cast<int>(i));
    for (const auto& matrix : parts_of(model.weights.layers[i], kind, model.config).matrices) {
      info.bytes_per_token += bytes(matrix.linear->weights);
      info.layer_weights += static_cast<uint64_t>(matrix.rows) * static_cast<uint64_t>(matrix.cols);
    }
  }
  info.layers = model.config.layers;
  info.hidden = model.config.hidden;
  info.vocab = model.config.vocab;
  info.context_max = model.config.context_max;
}

Result<void> check_tokenizer(const PackedModel& model, const std::string& label) {
  if (model.tokenizer->size() <= model.config.vocab) return {};
  return fail(ErrorCode::kCorrupt,
              label + ": the tokenizer has " + std::to_string(model.tokenizer->size()) +
                  " tokens but the model only " + std::to_string(model.config.vocab));
}

Result<PackedModel> open_packed(const FileSet& files, const std::string& name, ThreadPool& pool,
                                WeightsMode mode) {
  const std::string label = files.label_of(name);
  if (mode != WeightsMode::kAuto && mode != WeightsMode::kNative) {
    return fail(ErrorCode::kInvalidArgument,
                label + ": its weights are packed already; convert the original model instead");
  }
  QAIO_ASSIGN(PackedModel model, read_packed_file(files.bytes(name), label));
  QAIO_RETURN_IF_ERROR(check_tokenizer(model, label));
  model.weights.files = files.share();
  const auto area = model.weights.area;
  pool.run([&](int thread) {
    const size_t threads = static_cast<size_t>(pool.size());
    const size_t begin = area.size() / threads * static_cast<size_t>(thread);
    const bool last = thread + 1 == pool.size();
    populate_for_reading(area.subspan(begin, last ? area.size() - begin : area.size() / threads));
  });
  describe(model, model.info);
  return model;
}

}  // namespace

Result<PackedModel> pack_model(const FileSet& files, ThreadPool& pool, WeightsMode mode) {
  QAIO_ASSIGN(const ModelFiles found, find_model(files));
  if (found.kind == ModelKind::kPacked)
    return fail(ErrorCode::kInvalidArgument, files.label() + ": is packed already");
  QAIO_ASSIGN(Source source,
              found.kind == ModelKind::kGguf ? open_gguf(files, found.name) : open_folder(files));
  PackedModel model;
  model.config = source.config;
  QAIO_ASSIGN(model.weights,
              pack_weights(files, source.tensors, source.naming, source.config, mode, pool));
  QAIO_ASSIGN(model.tokenizer, source.tokenizer.get());
  QAIO_RETURN_IF_ERROR(check_tokenizer(model, files.label()));
  for (const char* name : {"<|im_end|>", "<|endoftext|>"})
    add_end_token(source, model.tokenizer->special(name));
  if (source.end_tokens.size() > kEndTokensMax) {
    return fail(ErrorCode::kUnsupported, files.label() + ": has more than " +
                                             std::to_string(kEndTokensMax) +
                                             " end tokens (\"eos_token_id\")");
  }
  for (const int64_t id : source.end_tokens) {
    if (id >= source.config.vocab) {
      return fail(ErrorCode::kCorrupt, files.label() + ": the end token (\"eos_token_id\") is " +
                                           std::to_string(id) + ", but the vocabulary has " +
                                           std::to_string(source.config.vocab) + " tokens");
    }
  }
  model.end_tokens.assign(source.end_tokens.begin(), source.end_tokens.end());
  model.generation = source.generation;
  model.chat_template = std::move(source.chat_template);
  model.info.name = model_name(files);
  model.info.weight_type = model.weights.weight_type;
  model.info.parameters = model.weights.parameters;
  model.info.file_bytes = source.file_bytes;
  describe(model, model.info);
  QAIO_RETURN_IF_ERROR(files.check_unchanged());
  files.release_pages();
  return model;
}

Result<LoadedModel> load_model(const FileSet& files, ThreadPool& pool, const LoadOptions& options) {
  QAIO_ASSIGN(const Isa isa, isa_from_environment());
  QAIO_ASSIGN(const ModelFiles found, find_model(files));
  QAIO_ASSIGN(PackedModel model, found.kind == ModelKind::kPacked
                                     ? open_packed(files, found.name, pool, options.weights)
                                     : pack_model(files, pool, options.weights));
  const TransformerOptions transformer{
      .step_tokens_max = options.step_tokens_max,
      .kv_tokens = std::max(options.kv_tokens, options.step_tokens_max),
      .state_bytes = options.state_bytes,
      .kv_type = options.weights == WeightsMode::kF32 ? KvType::kF32 : options.kv_type};
  LoadedModel loaded;
  loaded.decision = model.config.decision;
  QAIO_ASSIGN(loaded.model,
              Transformer::create(model.config, std::move(model.weights), std::move(model.info),
                                  kernels_for(isa), pool, transformer));
  loaded.tokenizer = std::move(model.tokenizer);
  loaded.end_tokens = std::move(model.end_tokens);
  loaded.generation = model.generation;
  loaded.chat_template = std::move(model.chat_template);
  return loaded;
}

}  // namespace qaio
