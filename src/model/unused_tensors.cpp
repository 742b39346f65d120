#include "model/unused_tensors.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

namespace qaio {
namespace {

constexpr size_t kNamesShown = 3;

bool begins_with_any(std::string_view name, std::initializer_list<std::string_view> starts) {
  return std::ranges::any_of(starts,
                             [&](std::string_view start) { return name.starts_with(start); });
}

bool contains(std::string_view name, std::string_view part) {
  return name.find(part) != std::string_view::npos;
}

// The number behind `prefix`; -1 if the name is another.
int layer_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return -1;
  int layer = -1;
  std::from_chars(name.data() + prefix.size(), name.data() + name.size(), layer);
  return layer;
}

bool is_harmless(std::string_view name, TensorNaming naming, const ModelConfig& config) {
  const bool gguf = naming == TensorNaming::kGguf;
  const int layer = layer_of(name, gguf ? "blk." : "model.layers.");
  if (layer >= config.layers && layer < config.layers + config.claims.mtp_layers) return true;
  if (gguf) {
    return begins_with_any(name, {"v.", "mm.", "a."}) || contains(name, ".nextn.") ||
           contains(name, ".attn_rot_embd");
  }
  return contains(name, "rotary_emb.") ||
         begins_with_any(name, {"mtp.", "model.mtp.", "visual.", "model.visual.", "vision_tower.",
                                "model.vision_tower.", "vision_model.", "multi_modal_projector.",
                                "model.multi_modal_projector.", "audio_tower."});
}

}  // namespace

Result<void> refuse_unused_tensors(const TensorTable& tensors,
                                   const std::unordered_set<std::string>& used, TensorNaming naming,
                                   const ModelConfig& config) {
  std::vector<std::string_view> unused;
  const auto look_at = [&](const std::string& name) {
    if (!used.contains(name) && !is_harmless(name, naming, config)) unused.push_back(name);
  };
  for (const TensorView& tensor : tensors.tensors()) look_at(tensor.name);
  for (const ForeignTensor& tensor : tensors.foreign()) look_at(tensor.name);
  if (unused.empty()) return {};
  std::string message = tensors.label() + ": tensor ";
  for (size_t i = 0; i < std::min(unused.size(), kNamesShown); ++i)
    message += (i > 0 ? ", " : "") + quoted_name(unused[i]);
  if (unused.size() > kNamesShown)
    message += " and " + std::to_string(unused.size() - kNamesShown) + " more";
  return fail(ErrorCode::kUnsupported,
              message + (unused.size() > 1 ? " have" : " has") + " no place in a " +
                  std::string(architecture_name(config.architecture)) + " model of " +
                  std::to_string(config.layers) + " layers as this program computes it");
}

}  // namespace qaio
