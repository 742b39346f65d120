#include "model/weights.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <unordered_set>

#include "base/finite.h"
#include "base/memory_limit.h"
#include "base/pages.h"
#include "model/memory_need.h"
#include "model/unused_tensors.h"
#include "weights/dequantize.h"

namespace qaio {
namespace {

// The parts of a layer in both naming schemes.
struct LayerNames {
  const char* hugging_face;
  const char* gguf;
};
constexpr LayerNames kAttentionNorm{"input_layernorm", "attn_norm"};
constexpr LayerNames kQ{"self_attn.q_proj", "attn_q"};
constexpr LayerNames kK{"self_attn.k_proj", "attn_k"};
constexpr LayerNames kV{"self_attn.v_proj", "attn_v"};
constexpr LayerNames kQNorm{"self_attn.q_norm", "attn_q_norm"};
constexpr LayerNames kKNorm{"self_attn.k_norm", "attn_k_norm"};
constexpr LayerNames kOutput{"self_attn.o_proj", "attn_output"};
constexpr LayerNames kFfnNorm{"post_attention_layernorm", "ffn_norm"};
constexpr LayerNames kGate{"mlp.gate_proj", "ffn_gate"};
constexpr LayerNames kUp{"mlp.up_proj", "ffn_up"};
constexpr LayerNames kDown{"mlp.down_proj", "ffn_down"};
// Qwen3.5
constexpr LayerNames kPostAttentionNorm{"post_attention_layernorm", "post_attention_norm"};
constexpr LayerNames kDeltaQkv{"linear_attn.in_proj_qkv", "attn_qkv"};
constexpr LayerNames kDeltaZ{"linear_attn.in_proj_z", "attn_gate"};
constexpr LayerNames kDeltaA{"linear_attn.in_proj_a", "ssm_alpha"};
constexpr LayerNames kDeltaB{"linear_attn.in_proj_b", "ssm_beta"};
constexpr LayerNames kDeltaConv{"linear_attn.conv1d.weight", "ssm_conv1d.weight"};
constexpr LayerNames kDeltaDecay{"linear_attn.A_log", "ssm_a"};
constexpr LayerNames kDeltaTime{"linear_attn.dt_bias", "ssm_dt.bias"};
constexpr LayerNames kDeltaNorm{"linear_attn.norm.weight", "ssm_norm.weight"};
constexpr LayerNames kDeltaOutput{"linear_attn.out_proj", "ssm_out"};

// Of the text half of image-text models.
constexpr const char* kTextPrefix = "model.language_model.";

// Whether the file says, under a key, that a matrix has a bias; nullopt: it says nothing.
struct BiasClaim {
  const char* key;
  std::optional<bool> there;
};

// First collects the matrices, then packs them all into one allocation.
class Binder {
 public:
  Binder(const TensorTable& tensors, TensorNaming naming, WeightsMode mode,
         Architecture architecture)
      : tensors_(tensors),
        naming_(naming),
        mode_(mode),
        prefix_(tensors.contains(kTextPrefix + std::string("embed_tokens.weight")) ? kTextPrefix
                                                                                   : "model."),
        norms_less_one_(architecture == Architecture::kQwen35 &&
                        naming == TensorNaming::kHuggingFace) {}

  std::string layer_name(int layer, const LayerNames& names, const char* suffix = "") const {
    return naming_ == TensorNaming::kHuggingFace
               ? prefix_ + "layers." + std::to_string(layer) + "." + names.hugging_face + suffix
               : "blk." + std::to_string(layer) + "." + names.gguf + suffix;
  }
  // Of a tensor of the text model that belongs to no layer.
  std::string model_name(const char* hugging_face, const char* gguf) const {
    return naming_ == TensorNaming::kHuggingFace ? prefix_ + hugging_face : gguf;
  }
  const char* head_name() const {
    return naming_ == TensorNaming::kHuggingFace ? "lm_head.weight" : "output.weight";
  }

  Result<void> matrix(const std::string& name, int rows, int cols, PackedView& to,
                      bool keep_half = false) {
    QAIO_ASSIGN(const TensorView* tensor, take(name, {rows, cols}));
    const bool native = keep_half && mode_ == WeightsMode::kAuto;
    const PackedLayout layout = packed_layout(tensor->type, native ? WeightsMode::kNative : mode_);
    to = {layout, rows, cols, nullptr};
    const size_t bytes = tile_bytes(layout, cols).total() * static_cast<size_t>(to.tiles());
    jobs_.push_back({tensor, &to, bytes_});
    bytes_ += bytes;
    parameters_ += static_cast<uint64_t>(tensor->elements());
    bytes_by_type_[tensor->type] += tensor->bytes.size();
    return {};
  }

  Result<void> vector(const std::string& name, int size, std::vector<float>& to) {
    QAIO_ASSIGN(const TensorView* tensor, take(name, {size}));
    to.resize(static_cast<size_t>(size));
    dequantize(tensor->type, tensor->bytes.data(), size, to.data());
    if (!all_finite(to)) return not_finite(*tensor);
    parameters_ += static_cast<uint64_t>(size);
    return {};
  }

  // `claim`: whether the file says that there is a bias.
  Result<void> linear(int layer, const LayerNames& names, int rows, int cols,
                      const BiasClaim& claim, Linear& to, bool keep_half = false) {
    QAIO_RETURN_IF_ERROR(
        matrix(layer_name(layer, names, ".weight"), rows, cols, to.weights, keep_half));
    const std::string bias = layer_name(layer, names, ".bias");
    const bool present = tensors_.contains(bias);
    if (claim.there.value_or(present) != present) {
      return fail(ErrorCode::kCorrupt, tensors_.label() + ": \"" + claim.key + "\" is " +
                                           (present ? "false" : "true") + ", but tensor " +
                                           quoted_name(bias) +
                                           (present ? " is there" : " is missing"));
    }
    return present ? vector(bias, rows, to.bias) : Result<void>{};
  }

  // The output head of a model that has one of its own.
  Result<void> head(const std::string& name, const ModelConfig& c, PackedView& to) {
    if (naming_ == TensorNaming::kHuggingFace && !tensors_.contains(name)) {
      return fail(ErrorCode::kNotFound, tensors_.label() + ": tensor " + quoted_name(name) +
                                            " is missing, but \"tie_word_embeddings\" is not true");
    }
    return matrix(name, c.vocab, c.hidden, to);
  }
  // A head in the file beside an embedding that is to serve as the head: it may be a copy only.
  Result<void> tied_head(const std::string& name, const std::string& embedding) {
    if (!tensors_.contains(name)) return {};
    QAIO_ASSIGN(const TensorView* copy, take(name));
    QAIO_ASSIGN(const TensorView* original, take(embedding));
    if (copy->type == original->type && std::ranges::equal(copy->bytes, original->bytes)) return {};
    return fail(ErrorCode::kCorrupt, tensors_.label() + ": tensor " + quoted_name(name) +
                                         " differs from " + quoted_name(embedding) +
                                         ", but \"tie_word_embeddings\" is true");
  }

  // Hugging Face's files of Qwen3.5 hold what norms are more than one.
  Result<void> norm(const std::string& name, int size, std::vector<float>& to) {
    QAIO_RETURN_IF_ERROR(vector(name, size, to));
    if (norms_less_one_) {
      for (float& weight : to) weight += 1;
    }
    return {};
  }
  Result<void> norm(int layer, const LayerNames& names, int size, std::vector<float>& to) {
    return norm(layer_name(layer, names, ".weight"), size, to);
  }

  // Taps of each channel, [channels, taps] or [channels, 1, taps], to [taps, channels].
  Result<void> convolution(int layer, int channels, int taps, std::vector<float>& to) {
    const std::string name = layer_name(layer, kDeltaConv);
    const bool hugging_face = naming_ == TensorNaming::kHuggingFace;
    QAIO_ASSIGN(const TensorView* tensor,
                hugging_face ? take(name, {channels, 1, taps}) : take(name, {channels, taps}));
    std::vector<float> by_channel(static_cast<size_t>(channels) * static_cast<size_t>(taps));
    const auto count = static_cast<int64_t>(by_channel.size());
    dequantize(tensor->type, tensor->bytes.data(), count, by_channel.data());
    if (!all_finite(by_channel)) return not_finite(*tensor);
    to.resize(by_channel.size());
    for (size_t i = 0; i < to.size(); ++i) {
      const auto width = static_cast<size_t>(taps);
      to[i % width * static_cast<size_t>(channels) + i / width] = by_channel[i];
    }
    parameters_ += to.size();
    return {};
  }

  // -e^A of each head; GGUF has it so, Hugging Face A.
  Result<void> decay_rates(int layer, int heads, std::vector<float>& to) {
    const std::string name = layer_name(layer, kDeltaDecay);
    QAIO_RETURN_IF_ERROR(vector(name, heads, to));
    if (naming_ == TensorNaming::kHuggingFace) {
      for (float& rate : to) rate = static_cast<float>(-std::exp(static_cast<double>(rate)));
    }
    const bool decays =
        std::ranges::all_of(to, [](float rate) { return rate <= 0 && std::isfinite(rate); });
    if (decays) return {};
    return fail(ErrorCode::kCorrupt, tensors_.label() + ": tensor " + quoted_name(name) +
                                         " holds a decay rate that would let a state grow");
  }

  // What nobody asked for.
  Result<void> refuse_unused(const ModelConfig& config) const {
    return refuse_unused_tensors(tensors_, used_, naming_, config);
  }

  Result<void> pack(const FileSet& files, ThreadPool& pool, ModelWeights& weights) {
    QAIO_RETURN_IF_ERROR(check_fit());
    auto memory = HugeBuffer::allocate(bytes_);
    if (!memory) {
      return refused_memory(tensors_.label() + ": the weights", memory.error(),
                            "a smaller model or --weights q4");
    }
    weights.memory = *std::move(memory);
    weights.area = {weights.memory.data(), bytes_};
    for (Job& job : jobs_) job.view->data = weights.memory.data() + job.offset;
    std::vector<Chunk> chunks;
    for (const Job& job : jobs_) cut(job, chunks);
    std::atomic<size_t> next{0};
    std::atomic<size_t> damaged{chunks.size()};  // the first, whichever thread finds it when
    pool.run([&](int) {
      for (size_t i; (i = next.fetch_add(1)) < chunks.size();) {
        if (pack_chunk(chunks[i], files)) continue;
        size_t first = damaged;
        while (i < first && !damaged.compare_exchange_weak(first, i)) {
        }
      }
    });
    if (damaged < chunks.size()) return not_finite(*chunks[damaged].job->tensor);
    weights.parameters = parameters_;
    const auto most =
        std::max_element(bytes_by_type_.begin(), bytes_by_type_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    weights.weight_type = tensor_type_name(most->first);
    return {};
  }

 private:
  Result<void> check_fit() const {
    const auto fits = check_weights_fit(bytes_, memory_limit(), anonymous_bytes());
    if (fits) return {};
    return fail(fits.error().code, tensors_.label() + ": " + fits.error().message);
  }
  tl::unexpected<Error> not_finite(const TensorView& tensor) const {
    return fail(ErrorCode::kCorrupt,
                tensors_.label() + ": tensor " + quoted_name(tensor.name) +
                    " holds a weight that is NaN, infinite or too large to be packed: the file is "
                    "damaged, or was converted wrongly");
  }

  Result<const TensorView*> take(const std::string& name) {
    used_.insert(name);
    return tensors_.get(name);
  }
  Result<const TensorView*> take(const std::string& name, std::initializer_list<int64_t> shape) {
    used_.insert(name);
    return tensors_.get(name, shape);
  }

  struct Job {
    const TensorView* tensor;
    PackedView* view;
    size_t offset;
  };
  // What one thread packs at a time.
  struct Chunk {
    const Job* job;
    int begin, end;  // tiles
  };
  // Large enough that advice about its pages costs little, small enough to share work evenly.
  static constexpr size_t kChunkBytes = size_t{2} << 20;

  static void cut(const Job& job, std::vector<Chunk>& chunks) {
    const size_t tile = static_cast<size_t>(job.tensor->row_bytes()) * kTileRows;
    const int step = static_cast<int>(std::max<size_t>(1, kChunkBytes / tile));
    for (int begin = 0; begin < job.view->tiles(); begin += step)
      chunks.push_back({&job, begin, std::min(begin + step, job.view->tiles())});
  }

  // False: there are weights in it that are not finite.
  static bool pack_chunk(const Chunk& chunk, const FileSet& files) {
    const TensorView& tensor = *chunk.job->tensor;
    const PackedView& view = *chunk.job->view;
    const size_t bytes = tile_bytes(view.layout, view.cols).total();
    auto* out = const_cast<std::byte*>(view.data);
    const auto tiles = [&](int begin, int end) {
      return std::span(out + static_cast<size_t>(begin) * bytes,
                       static_cast<size_t>(end - begin) * bytes);
    };
    const auto first_row = static_cast<int64_t>(chunk.begin) * kTileRows;
    const auto end_row = std::min(static_cast<int64_t>(chunk.end) * kTileRows, tensor.rows());
    const auto source =
        tensor.bytes.subspan(static_cast<size_t>(first_row * tensor.row_bytes()),
                             static_cast<size_t>((end_row - first_row) * tensor.row_bytes()));
    populate_for_reading(source);
    populate_for_writing(tiles(chunk.begin, chunk.end));
    bool finite = true;
    for (int tile = chunk.begin; tile < chunk.end; ++tile) {
      std::byte* packed = tiles(tile, tile + 1).data();
      pack_tile(tensor, view.layout, tile, packed);
      finite &=
          tile_is_finite(view.layout, view.cols, packed);  // while its scales are in the cache
    }
    files.release_pages(source);
    return finite;
  }

  const TensorTable& tensors_;
  std::unordered_set<std::string> used_;
  TensorNaming naming_;
  WeightsMode mode_;
  std::string prefix_;  // of Hugging Face's names
  bool norms_less_one_;
  std::vector<Job> jobs_;
  size_t bytes_ = 0;
  uint64_t parameters_ = 0;
  std::map<TensorType, uint64_t> bytes_by_type_;
};

// A key or value that serves several heads weighs more, and its matrices are small: half precision
// stays.
bool keeps_half(const ModelConfig& c) { return c.kv_heads < c.heads; }

Result<void> bind_attention(Binder& binder, const ModelConfig& c, int index, LayerWeights& layer) {
  const BiasClaim attention{"attention_bias", c.claims.attention_bias};
  // of Qwen2 only the other three ever have one
  const bool output_too = c.architecture != Architecture::kQwen2 || attention.there == false;
  const BiasClaim output{attention.key, output_too ? attention.there : std::nullopt};
  QAIO_RETURN_IF_ERROR(binder.linear(index, kQ, c.query_rows(), c.hidden, attention, layer.q));
  QAIO_RETURN_IF_ERROR(
      binder.linear(index, kK, c.kv_cols(), c.hidden, attention, layer.k, keeps_half(c)));
  QAIO_RETURN_IF_ERROR(
      binder.linear(index, kV, c.kv_cols(), c.hidden, attention, layer.v, keeps_half(c)));
  if (c.architecture != Architecture::kQwen2) {
    QAIO_RETURN_IF_ERROR(binder.norm(index, kQNorm, c.head_dim, layer.q_norm));
    QAIO_RETURN_IF_ERROR(binder.norm(index, kKNorm, c.head_dim, layer.k_norm));
  }
  return binder.linear(index, kOutput, c.hidden, c.q_cols(), output, layer.output);
}

Result<void> bind_delta_net(Binder& binder, const ModelConfig& c, int index, LayerWeights& layer) {
  const DeltaNetConfig& d = c.delta;
  DeltaNetWeights& to = layer.delta;
  const BiasClaim none{"attention_bias", c.claims.attention_bias};
  QAIO_RETURN_IF_ERROR(binder.linear(index, kDeltaQkv, d.conv_channels(), c.hidden, none, to.qkv));
  QAIO_RETURN_IF_ERROR(binder.linear(index, kDeltaZ, d.value_cols(), c.hidden, none, to.z));
  // They decide what a state forgets, and are small.
  QAIO_RETURN_IF_ERROR(binder.linear(index, kDeltaA, d.value_heads, c.hidden, none, to.a, true));
  QAIO_RETURN_IF_ERROR(binder.linear(index, kDeltaB, d.value_heads, c.hidden, none, to.b, true));
  QAIO_RETURN_IF_ERROR(binder.convolution(index, d.conv_channels(), d.conv_taps, to.conv));
  QAIO_RETURN_IF_ERROR(binder.decay_rates(index, d.value_heads, to.decay_rate));
  QAIO_RETURN_IF_ERROR(
      binder.vector(binder.layer_name(index, kDeltaTime), d.value_heads, to.time_bias));
  QAIO_RETURN_IF_ERROR(binder.vector(binder.layer_name(index, kDeltaNorm), d.value_dim, to.norm));
  return binder.linear(index, kDeltaOutput, c.hidden, d.value_cols(), none, layer.output);
}

Result<void> bind_layer(Binder& binder, const ModelConfig& c, int index, LayerWeights& layer) {
  const BiasClaim mlp{"mlp_bias", c.claims.mlp_bias};
  const bool hybrid = c.architecture == Architecture::kQwen35;
  QAIO_RETURN_IF_ERROR(binder.norm(index, kAttentionNorm, c.hidden, layer.attention_norm));
  QAIO_RETURN_IF_ERROR(c.kind(index) == LayerKind::kAttention
                           ? bind_attention(binder, c, index, layer)
                           : bind_delta_net(binder, c, index, layer));
  QAIO_RETURN_IF_ERROR(
      binder.norm(index, hybrid ? kPostAttentionNorm : kFfnNorm, c.hidden, layer.ffn_norm));
  QAIO_RETURN_IF_ERROR(binder.linear(index, kGate, c.intermediate, c.hidden, mlp, layer.gate));
  QAIO_RETURN_IF_ERROR(binder.linear(index, kUp, c.intermediate, c.hidden, mlp, layer.up));
  return binder.linear(index, kDown, c.hidden, c.intermediate, mlp, layer.down);
}

}  // namespace

Result<ModelWeights> pack_weights(const FileSet& files, const TensorTable& tensors,
                                  TensorNaming naming, const ModelConfig& config, WeightsMode mode,
                                  ThreadPool& pool) {
  ModelWeights weights;
  Binder binder(tensors, naming, mode, config.architecture);
  const std::string embedding = binder.model_name("embed_tokens.weight", "token_embd.weight");
  const std::string head = binder.head_name();
  QAIO_RETURN_IF_ERROR(binder.matrix(embedding, config.vocab, config.hidden, weights.embedding));
  QAIO_RETURN_IF_ERROR(binder.norm(binder.model_name("norm.weight", "output_norm.weight"),
                                   config.hidden, weights.final_norm));
  weights.layers.resize(static_cast<size_t>(config.layers));
  for (int i = 0; i < config.layers; ++i) {
    QAIO_RETURN_IF_ERROR(bind_layer(binder, config, i, weights.layers[static_cast<size_t>(i)]));
  }
  QAIO_RETURN_IF_ERROR(config.tied_head ? binder.tied_head(head, embedding)
                                        : binder.head(head, config, weights.head));
  QAIO_RETURN_IF_ERROR(binder.refuse_unused(config));
  QAIO_RETURN_IF_ERROR(binder.pack(files, pool, weights));
  if (config.tied_head) weights.head = weights.embedding;
  return weights;
}

}  // namespace qaio
