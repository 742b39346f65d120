// load_safetensors: which files of a folder are the model, and that they agree with its index.
#include <filesystem>
#include <set>
#include <unordered_map>

#include "base/json.h"
#include "weights/safetensors.h"

namespace qaio {
namespace {

constexpr std::string_view kIndexName = "model.safetensors.index.json";
constexpr size_t kShardsMax = 4096;

// "folder/model.safetensors"; a set made from one file is already labelled with its path.
std::string file_label(const FileSet& files, std::string_view name) {
  const std::filesystem::path path(files.label());
  return path.filename() == name ? files.label() : (path / name).string();
}

// Tensor name -> shard name.
using WeightMap = std::unordered_map<std::string, std::string>;

Result<WeightMap> read_index(const FileSet& files) {
  const std::string label = file_label(files, kIndexName);
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
      return fail(ErrorCode::kNotFound, file_label(files_, shard) +
                                            ": this part of the model is missing; " +
                                            std::string(kIndexName) + " names it");
    }
    QAIO_ASSIGN(const SafetensorsFile file,
                parse_safetensors(files_.bytes(shard), file_label(files_, shard)));
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
        return fail(ErrorCode::kCorrupt, file_label(files_, shard) + ": tensor " +
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
      return fail(ErrorCode::kCorrupt, file_label(files_, shard) + ": tensor " +
                                           quoted_name(tensor) + " is in " + place->second +
                                           " as well");
    }
    const auto planned = index_.find(tensor);
    if (planned != index_.end() && planned->second != shard) {
      return fail(ErrorCode::kCorrupt,
                  file_label(files_, shard) + ": tensor " + quoted_name(tensor) + " is here, but " +
                      std::string(kIndexName) + " places it in " + quoted_name(planned->second));
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
    return fail(ErrorCode::kCorrupt, file_label(files, kIndexName) + ": names " +
                                         std::to_string(shards.size()) + " files, more than " +
                                         std::to_string(kShardsMax));
  }
  Merger merger(files, index);
  for (const std::string& shard : shards) QAIO_RETURN_IF_ERROR(merger.add_shard(shard));
  return merger.finish();
}

}  // namespace

Result<TensorTable> load_safetensors(const FileSet& files) {
  if (files.contains(kIndexName)) return load_shards(files);
  std::string chosen;
  int candidates = 0;
  for (const std::string& name : files.names()) {
    if (!name.ends_with(".safetensors")) continue;
    if (chosen != "model.safetensors") chosen = name;
    ++candidates;
  }
  if (candidates == 0) {
    return fail(ErrorCode::kNotFound, files.label() + ": holds no *.safetensors file");
  }
  if (candidates > 1 && chosen != "model.safetensors") {
    return fail(
        ErrorCode::kNotFound,
        files.label() + ": holds several *.safetensors files, but no " + std::string(kIndexName));
  }
  QAIO_ASSIGN(SafetensorsFile file,
              parse_safetensors(files.bytes(chosen), file_label(files, chosen)));
  return std::move(file.tensors);
}

}  // namespace qaio
