// load_safetensors: which files of a folder are the model, and that they agree with its index.
#include <set>
#include <unordered_map>

#include "base/json.h"
#include "weights/safetensors.h"

namespace qaio {
namespace {

constexpr std::string_view kWholeName = "model.safetensors";
constexpr std::string_view kIndexName = "model.safetensors.index.json";
constexpr size_t kShardsMax = 4096;

// Tensor name -> shard name.
using WeightMap = std::unordered_map<std::string, std::string>;

Result<WeightMap> read_index(const FileSet& files) {
  const std::string label = files.label_of(kIndexName);
  auto index = parse_json(files.text(kIndexName), label);
  if (!index) return fail(ErrorCode::kCorrupt, index.error().message);
  const auto* object = index->if_object();
  const auto* map = object == nullptr ? nullptr : object->if_contains("weight_map");
  if (map == nullptr || !map->is_object() || map->get_object().empty()) {
    return fail(ErrorCode::kCorrupt, label + ": has no 'weight_map' object");
  }
  WeightMap weights;
  for (const auto& [tensor, shard] : map->get_object()) {
    if (!shard.is_string()) {
      return fail(ErrorCode::kCorrupt,
                  label + ": tensor " + quoted_name(tensor) + " is not mapped to a file name");
    }
    weights.emplace(tensor, shard.get_string());
  }
  return weights;
}

// All tensors of several files, each name once.
class Merger {
 public:
  Merger(const FileSet& files, const WeightMap& index) : files_(files), index_(index) {}

  Result<void> add_shard(const std::string& shard) {
    if (!files_.contains(shard)) {
      return fail(ErrorCode::kNotFound, files_.label_of(shard) +
                                            ": this part of the model is missing; " +
                                            std::string(kIndexName) + " names it");
    }
    QAIO_ASSIGN(const SafetensorsFile file,
                parse_safetensors(files_.bytes(shard), files_.label_of(shard)));
    for (const TensorView& tensor : file.tensors.tensors()) {
      QAIO_RETURN_IF_ERROR(claim(tensor.name, shard));
      tensors_.push_back(tensor);
    }
    for (const ForeignTensor& tensor : file.tensors.foreign()) {
      QAIO_RETURN_IF_ERROR(claim(tensor.name, shard));
      foreign_.push_back(tensor);
    }
    return {};
  }

  Result<TensorTable> finish() {
    for (const auto& [tensor, shard] : index_) {
      if (!found_in_.contains(tensor)) {
        return fail(ErrorCode::kCorrupt, files_.label_of(shard) + ": tensor " +
                                             quoted_name(tensor) + " is missing, which " +
                                             std::string(kIndexName) + " places here");
      }
    }
    return TensorTable::create(files_.label(), std::move(tensors_), std::move(foreign_));
  }

 private:
  Result<void> claim(const std::string& tensor, const std::string& shard) {
    const auto [place, is_new] = found_in_.emplace(tensor, shard);
    if (!is_new) {
      return fail(ErrorCode::kCorrupt, files_.label_of(shard) + ": tensor " + quoted_name(tensor) +
                                           " is in " + place->second + " as well");
    }
    const auto planned = index_.find(tensor);
    if (planned != index_.end() && planned->second != shard) {
      return fail(ErrorCode::kCorrupt, files_.label_of(shard) + ": tensor " + quoted_name(tensor) +
                                           " is here, but " + std::string(kIndexName) +
                                           " places it in " + quoted_name(planned->second));
    }
    return {};
  }

  const FileSet& files_;
  const WeightMap& index_;
  std::unordered_map<std::string, std::string> found_in_;
  std::vector<TensorView> tensors_;
  std::vector<ForeignTensor> foreign_;
};

Result<TensorTable> load_shards(const FileSet& files) {
  QAIO_ASSIGN(const WeightMap index, read_index(files));
  std::set<std::string> shards;  // ordered, so that errors do not depend on hashing
  for (const auto& [tensor, shard] : index) shards.insert(shard);
  if (shards.size() > kShardsMax) {
    return fail(ErrorCode::kCorrupt, files.label_of(kIndexName) + ": names " +
                                         std::to_string(shards.size()) + " files, more than " +
                                         std::to_string(kShardsMax));
  }
  Merger merger(files, index);
  for (const std::string& shard : shards) QAIO_RETURN_IF_ERROR(merger.add_shard(shard));
  return merger.finish();
}

// What else is there that may hold weights, as the rest of a sentence.
std::string other_weights(const FileSet& files) {
  for (const std::string& name : files.names()) {
    for (const char* ending : {".bin", ".pt", ".pth", ".ckpt"}) {
      if (name.ends_with(ending))
        return "; " + quoted_name(name) + " is PyTorch's: save the model as safetensors";
    }
  }
  return {};
}

}  // namespace

Result<TensorTable> load_safetensors(const FileSet& files) {
  // A whole model beside an index is the newer of the two, or a part that the index names as well:
  // Hugging Face's own programs take it, too.
  if (files.contains(kIndexName) && !files.contains(kWholeName)) return load_shards(files);
  std::string chosen;
  int candidates = 0;
  for (const std::string& name : files.names()) {
    if (!name.ends_with(".safetensors")) continue;
    if (chosen != kWholeName) chosen = name;
    ++candidates;
  }
  if (candidates == 0) {
    return fail(ErrorCode::kNotFound,
                files.label() + ": holds no *.safetensors file" + other_weights(files));
  }
  if (candidates > 1 && chosen != kWholeName) {
    return fail(
        ErrorCode::kNotFound,
        files.label() + ": holds several *.safetensors files, but no " + std::string(kIndexName));
  }
  QAIO_ASSIGN(SafetensorsFile file, parse_safetensors(files.bytes(chosen), files.label_of(chosen)));
  return std::move(file.tensors);
}

}  // namespace qaio
