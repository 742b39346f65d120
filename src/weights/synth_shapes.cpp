#include <algorithm>
#include <array>

#include "weights/synth.h"

namespace qaio {
namespace {

// name, architecture, layers, hidden, heads, kv_heads, head_dim, intermediate, vocab, context_max,
// rope_theta, tied, delta_net. Sources: config.json of Qwen/Qwen1.5-0.5B-Chat,
// Qwen/Qwen1.5-1.8B-Chat, Qwen/Qwen2-0.5B-Instruct, Qwen/Qwen2.5-0.5B-Instruct,
// Qwen/Qwen2.5-1.5B-Instruct, Qwen/Qwen3-0.6B and Qwen/Qwen3.5-0.8B, -2B and -4B on huggingface.co;
// "tiny" and its like are our own, for tests.
constexpr std::array kShapes = {
    ModelShape{"qwen1.5-0.5b", "qwen2", 24, 1024, 16, 16, 64, 2816, 151936, 32768, 1e6f, true},
    ModelShape{"qwen1.5-1.8b", "qwen2", 24, 2048, 16, 16, 128, 5504, 151936, 32768, 1e6f, false},
    ModelShape{"qwen2-0.5b", "qwen2", 24, 896, 14, 2, 64, 4864, 151936, 32768, 1e6f, true},
    ModelShape{"qwen2.5-0.5b", "qwen2", 24, 896, 14, 2, 64, 4864, 151936, 32768, 1e6f, true},
    ModelShape{"qwen2.5-1.5b", "qwen2", 28, 1536, 12, 2, 128, 8960, 151936, 32768, 1e6f, true},
    ModelShape{"qwen3-0.6b", "qwen3", 28, 1024, 16, 8, 128, 3072, 151936, 40960, 1e6f, true},
    ModelShape{"qwen3.5-0.8b", "qwen35", 24, 1024, 8, 2, 256, 3584, 248320, 262144, 1e7f, true,
               DeltaNetShape{16, 16, 128, 4, 4, false}},
    ModelShape{"qwen3.5-2b", "qwen35", 24, 2048, 8, 2, 256, 6144, 248320, 262144, 1e7f, true,
               DeltaNetShape{16, 16, 128, 4, 4, false}},
    ModelShape{"qwen3.5-4b", "qwen35", 32, 2560, 16, 4, 256, 9216, 248320, 262144, 1e7f, true,
               DeltaNetShape{16, 32, 128, 4, 4, true}},
    ModelShape{"tiny", "qwen2", 2, 256, 4, 2, 64, 512, 1088, 4096, 1e6f, true},
    ModelShape{"tiny-qwen3", "qwen3", 2, 256, 4, 2, 128, 512, 1088, 4096, 1e6f, false},
    ModelShape{"tiny-qwen3.5", "qwen35", 4, 256, 4, 2, 64, 512, 1088, 4096, 1e7f, true,
               DeltaNetShape{2, 6, 64, 4, 4, false}},
};

}  // namespace

std::span<const ModelShape> model_shapes() { return kShapes; }

const ModelShape* find_model_shape(std::string_view name) {
  const auto found = std::ranges::find(kShapes, name, &ModelShape::name);
  return found == kShapes.end() ? nullptr : &*found;
}

}  // namespace qaio
